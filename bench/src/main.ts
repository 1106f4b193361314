import { mkdirSync, writeFileSync } from "node:fs";
import { measureLocalCluster } from "./local-cluster.bench.ts";
import { circumstances } from "./machine.ts";

/** Pods per workload: `npm run bench -- 1000` measures one, `--save` keeps the result with machine and commit. */
const counts = process.argv
  .slice(2)
  .filter((word) => /^\d+$/.test(word))
  .map(Number);
const facts = circumstances();
process.stdout.write(
  `nodeless local cluster, commit ${facts.commit}, ${facts.node}, ${facts.cpu}, ${facts.cores} cores, ${facts.memoryGiB} GiB\n\n`,
);
const result = await measureLocalCluster(counts.length > 0 ? counts : [1_000, 10_000]);
const ms = (value: number): string => `${(value / 1000).toFixed(2)} s`;
for (const [state, start] of Object.entries({ "new state": result.cold, "kept state": result.warm }))
  process.stdout.write(
    `start with ${state.padEnd(11)}API answers ${ms(start.apiReadyMs)}   all steps ${ms(start.readyMs)}   system pods Running ${ms(start.systemPodsMs)}\n`,
  );
process.stdout.write("\n");
process.stdout.write("pods     first Running   all Running   pods/s   nodes   resident\n");
for (const workload of result.workloads) {
  process.stdout.write(
    `${String(workload.pods).padEnd(9)}${ms(workload.firstRunningMs).padEnd(16)}${ms(workload.allRunningMs).padEnd(14)}${workload.podsPerSecond.toFixed(0).padEnd(9)}${String(workload.nodes).padEnd(8)}${workload.residentMiB} MiB\n`,
  );
}
if (process.argv.includes("--save")) {
  const directory = new URL("../results/", import.meta.url);
  mkdirSync(directory, { recursive: true });
  const file = new URL(`local-cluster-${facts.date.slice(0, 10)}.json`, directory);
  writeFileSync(file, `${JSON.stringify({ ...facts, ...result }, null, 2)}\n`);
  process.stdout.write(`\nkept in ${file.pathname}\n`);
}
