import assert from "node:assert/strict";
import test from "node:test";
import { checkPlan, planScheduling } from "@nodeless/scheduling";
import { checkPrices, classPrices, generateColumns } from "../src/certified/bounds/index.ts";
import { lowerInput } from "../src/certified/lowering/index.ts";
import { boundScheduling, optimizeScheduling } from "../src/certified/optimize-scheduling.ts";
import { PlanTime } from "../src/certified/plan-time.ts";
import { PricedInput } from "../src/certified/priced-input.ts";
import { solvePacking } from "../src/certified/search/index.ts";
import { planCostUsdPerHour } from "../src/packing/plan-candidate.ts";
import { planningModel } from "../src/packing/planning-model.ts";
import { familyOfferings, openProblem, shapesFrom } from "./bounds-fixture.ts";
import { input, instanceType, nodePool, onOwnHost, pod, spread, times, ZONE } from "./fixture.ts";

/** A clock that goes on by so much with every look at it. */
function tickingClock(stepMs: number): { readonly elapsedMs: () => number; readonly looks: () => number } {
  let looks = 0;
  return {
    elapsedMs: () => {
      looks += 1;
      return looks * stepMs;
    },
    looks: () => looks,
  };
}

const web = { app: "web" };
const diverse = (count: number): ReturnType<typeof pod>[] =>
  times(count, (index) => pod({ cpu: `${100 + 250 * (index % 6)}m`, memory: `${256 * (1 + (index % 7))}Mi` }));

/** A fifth of them each keep to a host of their own. */
const onHosts = (count: number): ReturnType<typeof pod>[] =>
  diverse(count).map((one, index) => (index % 5 === 0 ? pod({ cpu: "250m", labels: web, spec: onOwnHost(web) }) : one));

test("however little time there is, every pod has a place, the plan is sound and not dearer than the fast gear's, the bound holds", () => {
  for (const pods of [diverse(30), diverse(700), times(600, () => pod({ labels: web, spec: spread(web, ZONE) }))]) {
    const situation = input({ pods });
    const fast = planCostUsdPerHour(planScheduling(situation));
    for (const timeMs of [0, 1, 5, 50]) {
      const { elapsedMs } = tickingClock(1);
      const result = optimizeScheduling(situation, { elapsedMs, timeMs });
      assert.deepEqual(checkPlan(situation, result.plan), []);
      assert.equal(result.plan.unplaced.length, 0);
      assert.equal(result.costUsdPerHour, planCostUsdPerHour(result.plan));
      assert.ok(result.costUsdPerHour <= fast + 1e-9);
      assert.ok(result.lowerBoundUsdPerHour > 0 && result.lowerBoundUsdPerHour <= result.costUsdPerHour);
    }
  }
});

test("once the time is up, no stage looks at the clock more than a few times", () => {
  const situation = input({ pods: diverse(700) });
  const late = tickingClock(1_000);
  assert.equal(optimizeScheduling(situation, { elapsedMs: late.elapsedMs, timeMs: 10 }).gear, "fast");
  assert.ok(late.looks() < 20, `${late.looks()}`);
  for (const timeMs of [20, 60]) {
    const clock = tickingClock(1);
    optimizeScheduling(situation, { elapsedMs: clock.elapsedMs, timeMs, gapTolerance: 0 });
    assert.ok(clock.looks() <= timeMs + 20, `${clock.looks()} looks of a millisecond in ${timeMs} ms`);
  }
});

test("the slower the machine reads an input, the more time is kept for writing the plan, within reason", () => {
  const endsMs = (readingMs: number, pods: number, refines = false): number =>
    new PlanTime({ elapsedMs: () => readingMs, timeMs: 1_000 }, { startMs: 0, pods }).search(refines).timeMs;
  assert.equal(endsMs(0, 10_000), 1_000);
  assert.equal(endsMs(50, 10_000), 980);
  assert.equal(endsMs(900, 10_000), 898);
  assert.ok(endsMs(50, 10_000, true) < 850);
  const time = (readingMs: number, limits: object): PlanTime =>
    new PlanTime({ elapsedMs: () => readingMs, timeMs: 100, ...limits }, { startMs: 0, pods: 1_000 });
  for (const [readingMs, lowering, search] of [
    [10, true, true],
    [48, false, true],
    [70, false, false],
  ] as const) {
    assert.equal(time(readingMs, {}).allowsLowering(), lowering);
    assert.equal(time(readingMs, {}).allowsSearch(), search);
    assert.ok(time(readingMs, { triesMax: 5 }).allowsLowering());
  }
  const endless = new PlanTime({ elapsedMs: () => 5, timeMs: Number.POSITIVE_INFINITY }, { startMs: 0, pods: 10 });
  assert.equal(endless.search(true).timeMs, Number.POSITIVE_INFINITY);
});

test("search and bound share the problem where no pod is pinned, and only there", () => {
  const shares = (pods: ReturnType<typeof pod>[]): boolean => {
    const model = planningModel(input({ pods }));
    const lowered = lowerInput(model);
    assert.ok(!("unsupported" in lowered));
    const shared = new PricedInput(model).sameProblem(lowered.problem);
    return shared !== lowered.problem;
  };
  assert.ok(shares(diverse(50)));
  assert.ok(!shares([...diverse(50), ...times(6, () => pod({ labels: web, spec: spread(web, ZONE) }))]));
});

/** Three sizes of which two or three share the largest node. */
const large = openProblem(
  shapesFrom(times(600, (index) => ({ cpu: 4_400 + 900 * (index % 3), memory: 9_000 + 5_000 * (index % 3) }))),
  familyOfferings(),
);

test("few kinds of large pods: the mix of whole nodes comes before the search", () => {
  const limits = { elapsedMs: () => 0, timeMs: Number.POSITIVE_INFINITY, triesMax: 1_000 };
  const { packing, prices, progress } = solvePacking(large, limits);
  const gap = packing.costUsdPerHour / prices.lowerBoundUsdPerHour - 1;
  assert.ok(gap < 0.005, `${gap}`);
  const [first, second] = progress;
  assert.ok(first !== undefined && second !== undefined && second.lowerBoundUsdPerHour > first.lowerBoundUsdPerHour);
  assert.ok(prices.lowerBoundUsdPerHour > 1.02 * classPrices(large, { kind: "group" }).lowerBoundUsdPerHour);
});

test("a check that runs out of time proves less, never too much", () => {
  const { podUsdPerHour, lowerBoundUsdPerHour } = generateColumns(large).prices;
  const full = checkPrices(large, podUsdPerHour).boundUsdPerHour;
  assert.ok(full >= lowerBoundUsdPerHour * (1 - 1e-6));
  const hurried = checkPrices(large, podUsdPerHour, { elapsedMs: () => 1, timeMs: 0 }).boundUsdPerHour;
  assert.ok(hurried > 0 && hurried <= full);
});

/** Sizes of one family without anything to choose by price: the fast gear constructs nothing and fills evenly. */
const evenPool = nodePool({ instanceTypes: times(60, (index) => instanceType("m", index + 4)) });

for (const { name, situation } of [
  { name: "600 pods", situation: input({ pods: diverse(600) }) },
  { name: "1,200 pods", situation: input({ pods: diverse(1_200) }) },
  { name: "types of equal price", situation: input({ pods: onHosts(700), nodePools: [evenPool] }) },
  { name: "limits", situation: input({ pods: diverse(600), nodePools: [nodePool({ limits: { cpu: "600" } })] }) },
])
  test(`${name}: however short the search, it is no dearer than the fast gear and proves what prices alone do`, () => {
    const fast = planScheduling(situation);
    for (const seed of [1, 2]) {
      const options = { elapsedMs: () => 0, timeMs: Number.POSITIVE_INFINITY, triesMax: 1, seed };
      const result = optimizeScheduling(situation, options);
      assert.ok(result.plan.unplaced.length <= fast.unplaced.length);
      if (result.plan.unplaced.length === fast.unplaced.length)
        assert.ok(result.costUsdPerHour <= planCostUsdPerHour(fast) + 1e-9, `${result.costUsdPerHour}`);
      const unplaced = result.plan.unplaced.map((one) => one.pod);
      const bound = boundScheduling(situation, { unplaced }).lowerBoundUsdPerHour;
      assert.ok(result.lowerBoundUsdPerHour >= bound * (1 - 1e-9));
    }
  });
