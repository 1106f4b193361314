import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Pod, podRequests } from "@nodeless/api";
import {
  addAmounts,
  cheapestOffering,
  checkPlan,
  explainCandidates,
  explainTypes,
  type NodeAnswer,
  planScheduling,
  podKeyOf,
  podLayers,
  type RequirementLayer,
  remainingLayer,
  type SchedulingInput,
  type SchedulingPlan,
} from "@nodeless/scheduling";
import fc from "fast-check";
import { randomInput } from "./random-input.ts";

const RUNS = 60;
const SEED = 7;
/** Every so many pods of a plan are asked about. */
const STRIDE = 5;

const inputs: readonly SchedulingInput[] = fc.sample(randomInput, { numRuns: RUNS, seed: SEED });

interface Case {
  readonly input: SchedulingInput;
  readonly plan: SchedulingPlan;
}

const cases: readonly Case[] = inputs.map((input) => ({ input, plan: planScheduling(input) }));

/** Where a plan puts the pods, some of them. */
function placed({ input, plan }: Case): readonly { readonly pod: Pod; readonly on: string }[] {
  const onClaims = plan.claims.flatMap(({ pods, id }) => pods.map((pod) => ({ pod, on: id })));
  const onNodes = input.pods.flatMap((pod) => {
    const on = plan.onExistingNodes.get(podKeyOf(pod));
    return on === undefined ? [] : [{ pod, on }];
  });
  return [...onClaims, ...onNodes].filter((_, index) => index % STRIDE === 0);
}

function answersFor({ input, plan }: Case, pod: Pod): readonly NodeAnswer[] {
  return explainCandidates(input, { plan, pod, nameOf: ({ id }) => id }).nodes;
}

/** What the checker finds once the pod stands on that node and not before, when it stood nowhere. */
function findingsOfMove({ input, plan }: Case, pod: Pod, node: string): readonly string[] {
  const onExistingNodes = new Map(plan.onExistingNodes);
  onExistingNodes.delete(podKeyOf(pod));
  const claims = plan.claims
    .map((claim) => ({ ...claim, pods: claim.pods.filter((one) => one !== pod) }))
    .filter(({ pods }) => pods.length > 0);
  const unplaced = [...plan.unplaced, { pod, rejections: [] }];
  const without = findings(input, { claims, onExistingNodes, unplaced });
  const moved = { claims, onExistingNodes: new Map(onExistingNodes).set(podKeyOf(pod), node), unplaced: plan.unplaced };
  return findings(input, moved).filter((one) => !without.includes(one));
}

function findings(input: SchedulingInput, plan: SchedulingPlan): readonly string[] {
  return checkPlan(input, plan).map(({ subject, message }) => `${subject} ${message}`);
}

describe("what nodes answer, against the independent checker", () => {
  test("a node that has room may have the pod, a node that refuses may not", () => {
    let asked = 0;
    for (const one of cases) {
      const existing = new Map(one.input.existingNodes.map((node) => [node.name, node]));
      for (const { pod, on } of placed(one))
        for (const { node, refusal } of answersFor(one, pod)) {
          // Two residents with one port are nobody's plan, and the checker says nothing about such a node.
          if (node === on || !existing.has(node) || refusal?.rule === "host-ports") continue;
          asked += 1;
          const subject = `${podKeyOf(pod)} on ${node}: ${refusal?.message ?? "fits"}`;
          assert.equal(findingsOfMove(one, pod, node).length === 0, refusal === undefined, subject);
        }
    }
    assert.ok(asked > 100, String(asked));
  });

  test("the node that has the pod could have it again, unless others came after it", () => {
    for (const one of cases)
      for (const { pod, on } of placed(one)) {
        const own = answersFor(one, pod).find(({ node }) => node === on);
        assert.ok(own !== undefined && (own.refusal === undefined || own.refusal.rule === "topology"), podKeyOf(pod));
      }
  });

  test("every pool either names the node that it would launch or says why not", () => {
    for (const one of cases)
      for (const { pod } of placed(one).slice(0, 2)) {
        const { pools } = explainCandidates(one.input, { plan: one.plan, pod, nameOf: ({ id }) => id });
        assert.equal(pools.length, one.input.nodePools.length);
        for (const { claim, refusal } of pools) assert.equal(claim === undefined, refusal !== undefined);
      }
  });
});

describe("what instance types answer", () => {
  test("those that hold a claim's content are the claim's own, and the cheapest is what it costs", () => {
    let asked = 0;
    for (const { input, plan } of cases)
      for (const claim of plan.claims) {
        const pool = input.nodePools.find(({ name }) => name === claim.nodePool) ?? assert.fail();
        const own: readonly RequirementLayer[] = [
          { by: pool.name, requirements: pool.requirements },
          ...podLayers(
            claim.pods.map((pod) => ({ name: podKeyOf(pod), pod })),
            input.volumes,
          ),
        ];
        const rest = remainingLayer(claim.requirements, own, "rest");
        const content = addAmounts(...claim.pods.map(({ spec }) => podRequests(spec).set("pods", 1)));
        const answers = explainTypes({
          pool,
          daemonSetPods: input.daemonSetPods,
          content,
          layers: rest === undefined ? own : [...own, rest],
        });
        asked += answers.length;
        const open = new Set(claim.instanceTypes);
        const fitting = answers.filter(({ refusal }) => refusal === undefined);
        const held = fitting.filter(({ type }) => open.has(type));
        assert.equal(held.length, open.size, claim.id);
        // What a claim leaves out though it fits is more than the limits leave.
        assert.ok(held.length === fitting.length || pool.remainingLimits.size > 0, claim.id);
        const [type] = claim.instanceTypes;
        const offering = type === undefined ? undefined : cheapestOffering(type, claim.requirements);
        assert.equal(held[0]?.offerings[0]?.priceUsdPerHour, offering?.priceUsdPerHour, claim.id);
      }
    assert.ok(asked > 100, String(asked));
  });
});
