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

function printLocalCluster({ cold, warm, workloads }: LocalClusterResult): void {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)}`;
  process.stdout.write("local cluster: medians of five runs, least and most in brackets\n\n");
  process.stdout.write(row(["start", "API answers, s", "all steps, s", "system pods Running, s"], [12, 22, 22, 22]));
  for (const [state, starts] of Object.entries({ "new state": cold, "kept state": warm })) {
    const of = (pick: (start: (typeof starts)[number]) => number): string => spread(starts.map(pick), seconds);
    const cells = [of((one) => one.apiReadyMs), of((one) => one.readyMs), of((one) => one.systemPodsMs)];
    process.stdout.write(row([state, ...cells], [12, 22, 22, 22]));
  }
  const widths = [9, 22, 22, 18, 16, 18];
  process.stdout.write(
    `\n${row(["pods", "first Running, s", "all Running, s", "pods/s", "nodes", "resident, MiB"], widths)}`,
  );
  const whole = (value: number): string => value.toFixed(0);
  for (const { pods, runs } of workloads) {
    const of = (pick: (run: (typeof runs)[number]) => number, show: (value: number) => string): string =>
      spread(runs.map(pick), show);
    process.stdout.write(
      row(
        [
          String(pods),
          of((one) => one.firstRunningMs, seconds),
          of((one) => one.allRunningMs, seconds),
          of((one) => one.podsPerSecond, whole),
          of((one) => one.nodes, whole),
          of((one) => one.residentMiB, whole),
        ],
        widths,
      ),
    );
  }
}

function row(cells: readonly string[], widths: readonly number[]): string {
  return `${cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join("")
    .trimEnd()}\n`;
}

/** `550 (520–590)` */
function spread(values: readonly number[], show: (value: number) => string): string {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): string => show(sorted[index] ?? 0);
  return `${at(Math.floor(sorted.length / 2))} (${at(0)}–${at(sorted.length - 1)})`;
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
