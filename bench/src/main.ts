import { mkdirSync, writeFileSync } from "node:fs";
import { type LocalClusterResult, measureLocalCluster } from "./local-cluster.bench.ts";
import { type Circumstances, circumstances } from "./machine.ts";

const HELP = `npm run bench                              everything: the planner, then the local cluster
npm run bench -- plan [TEXT]                plans of the workloads whose name contains TEXT
npm run bench -- everyday                   plans of the manifests in examples/everyday
npm run bench -- cluster [PODS...]          the local cluster (default 1000 and 10000 pods)
with --save the result is kept in bench/results with machine and commit
`;

const words = process.argv.slice(2).filter((word) => word !== "--save");
const [subject = "all", ...rest] = /^\d+$/.test(words[0] ?? "") ? ["cluster", ...words] : words;
const facts = circumstances();
if (!["all", "plan", "everyday", "cluster"].includes(subject)) {
  process.stdout.write(HELP);
  process.exit(subject === "help" || subject === "--help" ? 0 : 64);
}
process.stdout.write(
  `nodeless benchmarks, commit ${facts.commit}, ${facts.node}, ${facts.cpu}, ${facts.cores} cores, ${facts.memoryGiB} GiB\n\n`,
);
if (subject === "all" || subject === "plan") {
  const { measurePlanning, planningTable } = await import("./planning/planning.bench.ts");
  process.stdout.write(
    "plans; rivals are imitations of ours, each run is a process of its own, pods/s is the median of runs in a warm process\n\n",
  );
  const workloads = measurePlanning(rest.join(" "), (one) => void process.stdout.write(`${planningTable(one)}\n`));
  keep("planning", { workloads });
}
if (subject === "all" || subject === "everyday") {
  const { measureEveryday } = await import("./planning/everyday.bench.ts");
  keep("everyday", { manifests: measureEveryday() });
}
if (subject === "all" || subject === "cluster") {
  const result = await measureLocalCluster(rest.length > 0 ? rest.map(Number) : [1_000, 10_000]);
  printLocalCluster(result);
  keep("local-cluster", result);
}

function printLocalCluster(result: LocalClusterResult): void {
  const ms = (value: number): string => `${(value / 1000).toFixed(2)} s`;
  process.stdout.write("local cluster\n");
  for (const [state, start] of Object.entries({ "new state": result.cold, "kept state": result.warm }))
    process.stdout.write(
      `start with ${state.padEnd(11)}API answers ${ms(start.apiReadyMs)}   all steps ${ms(start.readyMs)}   system pods Running ${ms(start.systemPodsMs)}\n`,
    );
  process.stdout.write("\npods     first Running   all Running   pods/s   nodes   resident\n");
  for (const workload of result.workloads)
    process.stdout.write(
      `${String(workload.pods).padEnd(9)}${ms(workload.firstRunningMs).padEnd(16)}${ms(workload.allRunningMs).padEnd(14)}${workload.podsPerSecond.toFixed(0).padEnd(9)}${String(workload.nodes).padEnd(8)}${workload.residentMiB} MiB\n`,
    );
}

/** With `--save`, in a file of the day. */
function keep(name: string, result: object): void {
  if (!process.argv.includes("--save")) return;
  const directory = new URL("../results/", import.meta.url);
  mkdirSync(directory, { recursive: true });
  const kept: Circumstances & object = { ...facts, ...result };
  const file = new URL(`${name}-${facts.date.slice(0, 10)}.json`, directory);
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`);
  process.stdout.write(`kept in ${file.pathname}\n`);
}
