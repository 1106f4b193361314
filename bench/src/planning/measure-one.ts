import {
  boundScheduling,
  cheapestOffering,
  checkPlan,
  optimizeScheduling,
  planScheduling,
  type SchedulingInput,
  type SchedulingPlan,
} from "@nodeless/scheduling";
import type { Measurement } from "./measurement.ts";
import { RIVALS } from "./rivals/rivals.ts";
import { REGION, WORKLOADS, type Workload } from "./workloads.ts";

/**
 * A provisioner plans batch after batch in one process: what counts is a pass like the thousandth, not like the second. After so long the compiler
 * has nothing left to do at any size.
 */
const WARM_UP_MS = 2_000;
/** Then runs are measured for so long, and at least so many. */
const MEASURED_MS = 1_000;
const MEASURED_RUNS_MIN = 5;

/** What one run comes to, apart from its time. */
interface Outcome {
  readonly usdPerHour: number;
  readonly nodes: number;
  readonly unplaced: number;
  readonly plan?: SchedulingPlan;
  readonly lowerBoundUsdPerHour?: number;
}

/** Plans; what the plan comes to is told afterwards, outside the time that is measured. */
type System = (input: SchedulingInput) => () => Outcome;

function outcomeOf(plan: SchedulingPlan): Outcome {
  const prices = plan.claims.map(({ instanceTypes, requirements }) => {
    const [cheapest] = instanceTypes;
    return (cheapest === undefined ? undefined : cheapestOffering(cheapest, requirements))?.priceUsdPerHour ?? 0;
  });
  return {
    usdPerHour: prices.reduce((sum, price) => sum + price, 0),
    nodes: plan.claims.length,
    unplaced: plan.unplaced.length,
    plan,
  };
}

function systemNamed(name: string): System {
  if (name === "fast")
    return (input) => {
      const plan = planScheduling(input);
      return () => outcomeOf(plan);
    };
  const seconds = /^optimize ([\d.]+) s$/.exec(name)?.[1];
  if (seconds !== undefined) return (input) => optimized(input, Number(seconds) * 1_000);
  const rival = RIVALS.find((one) => one.name === name);
  if (rival === undefined) throw new Error(`no system is called ${JSON.stringify(name)}`);
  return (input) => {
    const { usdPerHour, nodes, refused } = rival.run(input, REGION);
    return () => ({ usdPerHour, nodes, unplaced: refused });
  };
}

function optimized(input: SchedulingInput, timeMs: number): () => Outcome {
  const started = performance.now();
  const { plan, lowerBoundUsdPerHour } = optimizeScheduling(input, {
    elapsedMs: () => performance.now() - started,
    timeMs,
    seed: 1,
  });
  return () => ({ ...outcomeOf(plan), lowerBoundUsdPerHour });
}

function workloadNamed(name: string): Workload {
  const found = WORKLOADS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no workload is called ${JSON.stringify(name)}`);
  return found;
}

interface TimedRun {
  readonly ms: number;
  readonly input: SchedulingInput;
  readonly outcome: () => Outcome;
}

function timedRun(workload: Workload, system: System): TimedRun {
  const input = workload.input();
  const started = performance.now();
  const outcome = system(input);
  return { ms: performance.now() - started, input, outcome };
}

/** Runs for so long, and at least so often; milliseconds of each, ascending. */
function runTimes(workload: Workload, system: System, { ms, runsMin }: { ms: number; runsMin: number }): number[] {
  const times: number[] = [];
  for (let total = 0; total < ms || times.length < runsMin; ) {
    const run = timedRun(workload, system);
    times.push(run.ms);
    total += run.ms;
  }
  return times.sort((a, b) => a - b);
}

const [workloadName = "", systemName = ""] = process.argv.slice(2);
const workload = workloadNamed(workloadName);
const system = systemNamed(systemName);
const cold = timedRun(workload, system);
const isAnytime = systemName.startsWith("optimize");
if (!isAnytime) runTimes(workload, system, { ms: WARM_UP_MS, runsMin: 0 });
const warm = isAnytime ? [] : runTimes(workload, system, { ms: MEASURED_MS, runsMin: MEASURED_RUNS_MIN });
const { plan, lowerBoundUsdPerHour, ...figures } = cold.outcome();
const peakMiB = process.resourceUsage().maxRSS / 1_024;
const measurement: Measurement = {
  ...figures,
  coldMs: cold.ms,
  warmMs: warm[Math.floor(warm.length / 2)] ?? cold.ms,
  peakMiB: Math.round(peakMiB),
  violations: plan === undefined ? undefined : checkPlan(cold.input, plan).length,
  lowerBoundUsdPerHour: systemName === "fast" ? boundScheduling(cold.input).lowerBoundUsdPerHour : lowerBoundUsdPerHour,
};
process.stdout.write(JSON.stringify(measurement));
