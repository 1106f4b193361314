import assert from "node:assert/strict";
import test from "node:test";
import { InvalidQuantityError } from "@nodeless/api";
import { checkPlan, planScheduling, type SchedulingInput, type SchedulingPlan } from "@nodeless/scheduling";
import fc from "fast-check";
import { ClaimSequence } from "../src/packing/claim-sequence.ts";
import { input, instanceType, nodePool, pod, TYPES, times } from "./fixture.ts";
import { loweringInput } from "./lowering-input.ts";
import { randomInput } from "./random-input.ts";

/** The same input with pools that no pass has seen. */
const unseen = (situation: SchedulingInput): SchedulingInput => ({
  ...situation,
  nodePools: situation.nodePools.map((pool) => ({ ...pool, instanceTypes: [...pool.instanceTypes] })),
});

for (const [name, inputs] of [
  ["plain clusters", randomInput],
  ["every branch of the lowering", loweringInput],
] as const)
  test(`${name}: what earlier passes left behind changes no plan`, () => {
    fc.assert(
      fc.property(inputs, inputs, (situation, other) => {
        // The other pass asks the same pools for other pods.
        planScheduling({ ...other, nodePools: situation.nodePools });
        const plan = planScheduling(situation);
        planScheduling({ ...situation, pods: situation.pods.slice(1) });
        assert.deepEqual(planScheduling(situation), plan);
        assert.deepEqual(planScheduling(unseen(situation)), plan);
      }),
      { numRuns: 60 },
    );
  });

test("a pod that cannot be read leaves nothing behind", () => {
  const broken = pod({ cpu: "a lot" });
  const fine = pod({ cpu: "1" });
  for (const pods of [[broken], [fine, broken]])
    assert.throws(() => planScheduling(input({ pods })), InvalidQuantityError);
  assert.equal(planScheduling(input({ pods: [fine] })).claims.length, 1);
});

const typesOf = ({ claims }: SchedulingPlan): readonly (string | undefined)[] =>
  claims.map(({ instanceTypes: [type] }) => type?.name);

for (const { rule, options, want } of [
  { rule: "prices", options: { nodePools: [nodePool({ instanceTypes: [instanceType("r", 2)] })] }, want: ["r.2"] },
  {
    rule: "requirements",
    options: { nodePools: [nodePool({ wants: [{ key: "kubernetes.io/arch", operator: "In", values: ["amd64"] }] })] },
    want: ["m.2"],
  },
  { rule: "DaemonSets", options: { daemonSetPods: [pod({ cpu: "1500m" })] }, want: ["c.4"] },
  {
    rule: "taints",
    options: { nodePools: [nodePool({ taints: [{ key: "k", effect: "NoSchedule" as const }] })] },
    want: [],
  },
  {
    rule: "offerings",
    options: { nodePools: [nodePool({ instanceTypes: TYPES.map((type) => ({ ...type, offerings: [] })) })] },
    want: [],
  },
  { rule: "resources of other pods", options: { pods: [pod(), pod({ cpu: "1", memory: "100Gi" })] }, want: ["r.16"] },
])
  test(`a pass with other ${rule} does not use what is remembered`, () => {
    const usual = input({ pods: [pod()] });
    assert.deepEqual(typesOf(planScheduling(usual)), ["c.2"]);
    const changed = input({ pods: [pod()], ...options });
    const plan = planScheduling(changed);
    assert.deepEqual(checkPlan(changed, plan), []);
    assert.deepEqual(typesOf(plan), want);
    assert.deepEqual(typesOf(planScheduling(usual)), ["c.2"]);
  });

test("claims are offered pods by number of pods, then by age, as they fill", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { maxLength: 60 }), (steps) => {
      const pods = new Int32Array(100);
      const sequence = new ClaimSequence("fewest-pods");
      for (const [claim, step] of steps.entries()) {
        pods[claim] = 1;
        sequence.add(claim, pods);
        const at = step % sequence.length;
        const moved = sequence.items[at] ?? 0;
        pods[moved] = (pods[moved] ?? 0) + 1 + (step % 3);
        sequence.moved(at, pods);
        assert.equal(sequence.items[sequence.indexOf(moved, pods)], moved);
      }
      const order = [...sequence.items.subarray(0, sequence.length)];
      assert.deepEqual(
        order,
        times(steps.length, (claim) => claim).sort((a, b) => (pods[a] ?? 0) - (pods[b] ?? 0) || a - b),
      );
    }),
  );
});
