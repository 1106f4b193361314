import assert from "node:assert/strict";
import test from "node:test";
import type { Pod } from "@nodeless/api";
import {
  cheapestOffering,
  checkPlan,
  type InstanceType,
  type PodVolumes,
  planScheduling,
  podKeyOf,
  requirement,
  requirementsFromLabels,
  requirementsFromNodeSelectorRequirements,
  type SchedulingInput,
} from "@nodeless/scheduling";
import fc from "fast-check";
import { PlacementAttempt } from "../src/packing/placement-attempt.ts";
import { planningModel } from "../src/packing/planning-model.ts";
import { LIKE_KARPENTER } from "../src/packing/strategies.ts";
import { CAPACITY_TYPE, ZONE } from "./fixture.ts";
import { randomInput } from "./random-input.ts";

const zones = (...values: readonly string[]) =>
  requirementsFromNodeSelectorRequirements([{ key: ZONE, operator: "In", values }]);
const team = requirementsFromLabels({ team: "x" });

/** What the pods of a group may have, by turns. */
const volumesByTurn = fc.array(
  fc.constantFrom<Partial<PodVolumes> | undefined>(
    undefined,
    undefined,
    { alternatives: [zones("a")] },
    { alternatives: [zones("b"), team] },
    { alternatives: [zones("a", "c")] },
    { alternatives: [zones("nowhere")] },
    { unusable: "a claim is lost" },
  ),
  { minLength: 1, maxLength: 3 },
);

function volumesOfPods(
  pods: readonly Pod[],
  turns: readonly (Partial<PodVolumes> | undefined)[],
): ReadonlyMap<string, PodVolumes> {
  const volumes = new Map<string, PodVolumes>();
  for (const [index, pod] of pods.entries()) {
    const own = turns[index % turns.length];
    if (own === undefined) continue;
    const attachments = new Map([["ebs", index % 2 === 0 ? [`data-${index}`] : [`data-${index}`, `log-${index}`]]]);
    volumes.set(podKeyOf(pod), { alternatives: [], attachments, ...own });
  }
  return volumes;
}

function withReservation(type: InstanceType, left: number): InstanceType {
  const [first] = type.offerings;
  if (first === undefined) return type;
  const reserved = { ...first, capacityType: "reserved" as const, priceUsdPerHour: 0.01, reservationsLeft: left };
  return { ...type, offerings: [...type.offerings, { ...reserved, reservationId: `cr-${type.name}` }] };
}

/** The random inputs of the other properties, with volumes, attach limits, reservations and Karpenter's policies. */
const situations: fc.Arbitrary<SchedulingInput> = fc
  .record({
    base: randomInput,
    turns: volumesByTurn,
    attachLimit: fc.integer({ min: 0, max: 4 }),
    reserved: fc.option(fc.integer({ min: 0, max: 2 }), { nil: undefined }),
    preferences: fc.constantFrom("Respect" as const, "Ignore" as const),
    minValues: fc.constantFrom("Strict" as const, "BestEffort" as const),
    reservations: fc.constantFrom("Strict" as const, "Fallback" as const),
  })
  .map(({ base, turns, attachLimit, reserved, ...policies }) => ({
    ...base,
    policies,
    volumes: volumesOfPods(base.pods, turns),
    existingNodes: base.existingNodes.map((node, index) =>
      index === 1 ? node : { ...node, attachLimits: new Map([["ebs", attachLimit]]) },
    ),
    nodePools: base.nodePools.map((pool) => ({
      ...pool,
      ...(reserved !== undefined && pool.name === "first"
        ? {
            instanceTypes: pool.instanceTypes.map((type) => withReservation(type, reserved)),
            requirements: new Map([
              ...pool.requirements,
              [CAPACITY_TYPE, requirement(CAPACITY_TYPE, "NotIn", ["spot"])],
            ]),
          }
        : {}),
    })),
  }));

test("with volumes, reservations and policies too, every plan passes the checker", () => {
  fc.assert(
    fc.property(situations, (situation) => {
      assert.deepEqual(checkPlan(situation, planScheduling(situation)), []);
    }),
    { numRuns: 300 },
  );
});

test("the first fit itself keeps all rules, and no plan is dearer", () => {
  fc.assert(
    fc.property(situations, (situation) => {
      const guard = new PlacementAttempt(planningModel(situation), LIKE_KARPENTER).run();
      const plan = planScheduling(situation);
      assert.ok(plan.unplaced.length <= guard.unplacedPods);
      if (plan.unplaced.length < guard.unplacedPods) return;
      const cost = plan.claims.reduce((sum, { instanceTypes: [type], requirements }) => {
        const offering = type === undefined ? undefined : cheapestOffering(type, requirements);
        return sum + (offering?.priceUsdPerHour ?? Number.POSITIVE_INFINITY);
      }, 0);
      assert.ok(cost <= guard.priceUsdPerHour + 1e-9);
    }),
    { numRuns: 150 },
  );
});
