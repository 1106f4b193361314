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
import { REGION, WORKLOADS } from "./workloads.ts";

/** Warm runs go on for so long, and at least once. */
const WARM_MS = 400;
const WARM_RUNS_MAX = 200;

/** What one run comes to, apart from its time. */
interface Outcome {
  readonly usdPerHour: number;
  readonly nodes: number;
  readonly unplaced: number;
  readonly plan?: SchedulingPlan;
  readonly lowerBoundUsdPerHour?: number;
}

type System = (input: SchedulingInput) => Outcome;

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
  if (name === "fast") return (input) => outcomeOf(planScheduling(input));
  const seconds = /^optimize ([\d.]+) s$/.exec(name)?.[1];
  if (seconds !== undefined) return (input) => optimized(input, Number(seconds) * 1_000);
  const rival = RIVALS.find((one) => one.name === name);
  if (rival === undefined) throw new Error(`no system is called ${JSON.stringify(name)}`);
  return (input) => {
    const { usdPerHour, nodes, refused } = rival.run(input, REGION);
    return { usdPerHour, nodes, unplaced: refused };
  };
}

function optimized(input: SchedulingInput, timeMs: number): Outcome {
  const started = performance.now();
  const { plan, lowerBoundUsdPerHour } = optimizeScheduling(input, {
    elapsedMs: () => performance.now() - started,
    timeMs,
    seed: 1,
  });
  return { ...outcomeOf(plan), lowerBoundUsdPerHour };
}

const [workloadName, systemName = ""] = process.argv.slice(2);
const workload = WORKLOADS.find(({ name }) => name === workloadName);
if (workload === undefined) throw new Error(`no workload is called ${JSON.stringify(workloadName)}`);
const system = systemNamed(systemName);
const timed = (): { readonly ms: number; readonly input: SchedulingInput; readonly outcome: Outcome } => {
  const input = workload.input();
  const started = performance.now();
  const outcome = system(input);
  return { ms: performance.now() - started, input, outcome };
};
const cold = timed();
const warm: number[] = [];
const anytime = systemName.startsWith("optimize");
for (let total = 0; !anytime && total < WARM_MS && warm.length < WARM_RUNS_MAX; ) {
  const { ms } = timed();
  warm.push(ms);
  total += ms;
}
const { plan, lowerBoundUsdPerHour, ...figures } = cold.outcome;
const peakMiB = process.resourceUsage().maxRSS / 1_024;
const measurement: Measurement = {
  ...figures,
  coldMs: cold.ms,
  warmMs: warm.sort((a, b) => a - b)[Math.floor(warm.length / 2)] ?? cold.ms,
  peakMiB: Math.round(peakMiB),
  violations: plan === undefined ? undefined : checkPlan(cold.input, plan).length,
  lowerBoundUsdPerHour: systemName === "fast" ? boundScheduling(cold.input).lowerBoundUsdPerHour : lowerBoundUsdPerHour,
};
process.stdout.write(JSON.stringify(measurement));
