import assert from "node:assert/strict";
import test from "node:test";
import type { Pod } from "@nodeless/api";
import { checkPlan, planScheduling, podKeyOf, type SchedulingInput } from "@nodeless/scheduling";
import fc from "fast-check";
import type { CertifiedPlan } from "../src/certified/optimize-scheduling.ts";
import { boundScheduling, optimizeScheduling, wellPackedPrices } from "../src/certified/optimize-scheduling.ts";
import type { SolveLimits } from "../src/certified/problem.ts";
import { planCostUsdPerHour } from "../src/packing/plan-candidate.ts";
import { HOSTNAME, input, instanceType, nodePool, onOwnHost, pod, spread, times, together, ZONE } from "./fixture.ts";
import { loweringInput } from "./lowering-input.ts";
import { randomInput } from "./random-input.ts";

/** Stops after tries, so that the result does not depend on the machine. */
const tries = (triesMax: number): SolveLimits => ({
  elapsedMs: () => 0,
  timeMs: Number.POSITIVE_INFINITY,
  triesMax,
});

function certifies(situation: SchedulingInput, result: CertifiedPlan): void {
  const { plan, progress, costUsdPerHour, lowerBoundUsdPerHour } = result;
  assert.deepEqual(checkPlan(situation, plan), []);
  assert.equal(costUsdPerHour, planCostUsdPerHour(plan));
  assert.ok(lowerBoundUsdPerHour <= costUsdPerHour + 1e-9, `bound ${lowerBoundUsdPerHour} above ${costUsdPerHour}`);
  for (const [index, point] of progress.entries()) {
    const next = progress[index + 1];
    if (next === undefined) assert.equal(point.costUsdPerHour, costUsdPerHour);
    else {
      assert.ok(next.costUsdPerHour <= point.costUsdPerHour);
      assert.ok(next.lowerBoundUsdPerHour >= point.lowerBoundUsdPerHour);
    }
  }
}

for (const [name, inputs] of [
  ["plain clusters", randomInput],
  ["every branch of the lowering", loweringInput],
] as const)
  test(`${name}: no plan of either gear is below the bound, the optimized one never worse than the fast one`, () => {
    fc.assert(
      fc.property(inputs, (situation) => {
        const fast = planScheduling(situation);
        const bound = boundScheduling(situation, { unplaced: fast.unplaced.map((one) => one.pod) });
        assert.ok(bound.lowerBoundUsdPerHour <= planCostUsdPerHour(fast) + 1e-9);
        const result = optimizeScheduling(situation, tries(60));
        certifies(situation, result);
        assert.ok(result.plan.unplaced.length <= fast.unplaced.length);
        if (result.plan.unplaced.length === fast.unplaced.length)
          assert.ok(result.costUsdPerHour <= planCostUsdPerHour(fast) + 1e-9);
      }),
      { numRuns: 60 },
    );
  });

const web = { app: "web" };

/** Small enough to know the answer. */
for (const { rule, pods, costUsdPerHour } of [
  { rule: "one pod pays for its node", pods: [pod()], costUsdPerHour: 1 },
  { rule: "two halves share", pods: times(2, () => pod()), costUsdPerHour: 1 },
  {
    rule: "hosts apart are paid apart",
    pods: times(3, () => pod({ labels: web, spec: onOwnHost(web) })),
    costUsdPerHour: 3,
  },
  { rule: "a zone each", pods: times(3, () => pod({ labels: web, spec: onOwnHost(web, ZONE) })), costUsdPerHour: 3 },
  {
    rule: "one zone together",
    pods: times(4, () => pod({ labels: web, spec: together(web, ZONE) })),
    costUsdPerHour: 2,
  },
  {
    rule: "one host together",
    pods: times(4, () => pod({ labels: web, spec: together(web, HOSTNAME) })),
    costUsdPerHour: 2.2,
  },
])
  test(`optimum: ${rule}`, () => {
    const priced = (cpu: number, price: number): ReturnType<typeof instanceType> => {
      const type = instanceType("c", cpu);
      return {
        ...type,
        offerings: type.offerings.map((offering) => ({ ...offering, priceUsdPerHour: price })),
        capacity: new Map([
          ["cpu", cpu * 1000],
          ["memory", 64 * 2 ** 30],
          ["pods", 20],
        ]),
        overhead: new Map(),
      };
    };
    const situation = input({ pods, nodePools: [nodePool({ instanceTypes: [priced(2, 1), priced(4, 2.2)] })] });
    const result = optimizeScheduling(situation, tries(500));
    certifies(situation, result);
    assert.ok(Math.abs(result.costUsdPerHour - costUsdPerHour) < 1e-9, `${result.costUsdPerHour}`);
  });

/** Karpenter's own benchmark in small: a fifth each generic, spread over zones, spread over hosts, attracted, repelling. */
function upstreamMix(count: number): readonly Pod[] {
  let state = 42;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const letter = (): { readonly "my-label": string } => ({ "my-label": "abcdefg".charAt(random(7)) });
  return times(count, (index) => {
    const kind = index % 5;
    const mine = letter();
    const nginx = { app: "nginx" };
    const attracted = { "my-affinity": mine["my-label"] };
    return pod({
      cpu: `${[100, 250, 500, 1000, 1500][random(5)]}m`,
      memory: `${[100, 256, 512, 1024, 2048, 4096][random(6)]}Mi`,
      labels: kind === 4 ? nginx : kind === 3 ? attracted : mine,
      spec: [{}, spread(letter()), spread(letter(), HOSTNAME), together(attracted, ZONE), onOwnHost(nginx)][kind] ?? {},
    });
  });
}

test("1,000 pods of upstream's mix: a fifth cheaper than before searching, close to the bound, reproducible", () => {
  const situation = input({ pods: upstreamMix(1_000) });
  const result = optimizeScheduling(situation, tries(2_000));
  certifies(situation, result);
  assert.equal(result.gear, "optimize");
  assert.equal(result.plan.unplaced.length, 0);
  assert.ok(
    result.costUsdPerHour < 1.2 * result.lowerBoundUsdPerHour,
    `${result.costUsdPerHour / result.lowerBoundUsdPerHour}`,
  );
  assert.deepEqual(optimizeScheduling(situation, tries(2_000)), result);
});

test("fair prices add up to the bound; none where no type holds the pod", () => {
  const placed = times(40, () => pod({ cpu: "900m" }));
  const huge = pod({ cpu: "500" });
  const situation = input({ pods: [...placed, huge] });
  const result = optimizeScheduling(situation, tries(50));
  const price = (of: Pod): number | undefined => result.fairPriceUsdPerHour.get(podKeyOf(of));
  assert.equal(price(huge), undefined);
  assert.ok(placed.every((one) => (price(one) ?? 0) > 0));
  const total = placed.reduce((sum, one) => sum + (price(one) ?? 0), 0);
  assert.ok(Math.abs(total - result.lowerBoundUsdPerHour) < 1e-6 * total);
  assert.deepEqual([...boundScheduling(situation).fairPriceUsdPerHour.keys()].sort(), placed.map(podKeyOf).sort());
});

test("a few pods need a whole node, which the bound knows; among many each pays its share", () => {
  for (const count of [1, 2]) {
    const few = input({ pods: times(count, () => pod({ cpu: "100m" })) });
    const cost = planCostUsdPerHour(planScheduling(few));
    const { lowerBoundUsdPerHour, fairPriceUsdPerHour } = boundScheduling(few);
    assert.ok(Math.abs(lowerBoundUsdPerHour / cost - 1) < 1e-6, `${count} pods: ${lowerBoundUsdPerHour} of ${cost}`);
    const many = input({ pods: times(1_000, () => pod({ cpu: "100m" })) });
    const [share = 0] = boundScheduling(many).fairPriceUsdPerHour.values();
    for (const [key, price] of wellPackedPrices(few)) {
      assert.ok(Math.abs(price / share - 1) < 1e-3, `${price} instead of ${share}`);
      assert.ok(price < (fairPriceUsdPerHour.get(key) ?? 0) / 2);
    }
  }
});

test("a bound without the pods that a plan leaves out", () => {
  const pods = times(10, () => pod());
  const whole = boundScheduling(input({ pods })).lowerBoundUsdPerHour;
  const half = boundScheduling(input({ pods }), { unplaced: pods.slice(5) }).lowerBoundUsdPerHour;
  assert.ok(Math.abs(half - whole / 2) < 1e-9);
});

test("nothing to place", () => {
  const result = optimizeScheduling(input(), tries(10));
  assert.deepEqual([result.costUsdPerHour, result.lowerBoundUsdPerHour, result.plan.claims], [0, 0, []]);
});
