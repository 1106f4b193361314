import { execFileSync } from "node:child_process";
import type { Measurement } from "./measurement.ts";
import { RIVALS } from "./rivals/rivals.ts";
import { WORKLOADS, type Workload } from "./workloads.ts";

const MEASURE_ONE = new URL("./measure-one.ts", import.meta.url).pathname;
const OURS = ["fast", "optimize 0.1 s", "optimize 0.5 s", "optimize 1 s"];
const SYSTEMS = [...OURS, ...RIVALS.map(({ name }) => name)];

/** All systems on one workload. */
export interface WorkloadMeasurements {
  readonly workload: string;
  readonly pods: number;
  /** The best bound that any of the runs proved. */
  readonly lowerBoundUsdPerHour: number;
  readonly systems: Readonly<Record<string, Measurement>>;
}

/** Measures every workload whose name contains `filter`; `report` is told each one as it is done. */
export function measurePlanning(
  filter: string,
  report: (measurements: WorkloadMeasurements) => void,
): readonly WorkloadMeasurements[] {
  const results: WorkloadMeasurements[] = [];
  for (const workload of WORKLOADS.filter(({ name }) => name.includes(filter))) {
    const result = measureWorkload(workload);
    report(result);
    results.push(result);
  }
  return results;
}

function measureWorkload({ name, pods, hasPins }: Workload): WorkloadMeasurements {
  const systems: Record<string, Measurement> = {};
  for (const system of hasPins === true ? OURS : SYSTEMS) systems[system] = measureOne(name, system);
  const bounds = Object.values(systems).map(({ lowerBoundUsdPerHour }) => lowerBoundUsdPerHour ?? 0);
  return { workload: name, pods, lowerBoundUsdPerHour: Math.max(...bounds), systems };
}

function measureOne(workload: string, system: string): Measurement {
  const text = execFileSync(process.execPath, ["--conditions=nodeless-source", MEASURE_ONE, workload, system], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(text) as Measurement;
}

const COLUMNS =
  "  system                      pods/s     cold ms   nodes   unplaced   $/h         ÷ bound   peak MiB   violations";

/** The table of one workload. Rivals are our imitations. */
export function planningTable({ workload, pods, lowerBoundUsdPerHour, systems }: WorkloadMeasurements): string {
  const rows = Object.entries(systems).map(([name, one]) =>
    [
      `  ${name.padEnd(28)}`,
      Math.round((pods / one.warmMs) * 1_000)
        .toLocaleString("en")
        .padEnd(11),
      one.coldMs.toFixed(1).padEnd(10),
      String(one.nodes).padEnd(8),
      String(one.unplaced).padEnd(11),
      one.usdPerHour.toFixed(3).padEnd(12),
      ratio(one, lowerBoundUsdPerHour).padEnd(10),
      String(one.peakMiB).padEnd(11),
      one.violations === undefined ? "–" : String(one.violations),
    ].join(""),
  );
  return [`${workload}: bound ${lowerBoundUsdPerHour.toFixed(4)} $/h`, COLUMNS, ...rows, ""].join("\n");
}

/** A system that leaves pods out does not pay for them: no ratio. */
function ratio({ usdPerHour, unplaced }: Measurement, bound: number): string {
  return unplaced > 0 || bound === 0 ? "–" : (usdPerHour / bound).toFixed(4);
}
