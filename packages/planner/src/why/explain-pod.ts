import type { Pod } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import { explainCandidates, podKeyOf } from "@nodeless/scheduling";
import type { PlanNode } from "../contract.ts";
import type { PlanOutcome } from "../plan/plan-cluster.ts";
import { cheapestPurchase } from "../plan/plan-nodes.ts";
import { quantitiesOf } from "../plan/quantities.ts";
import { workloadOf } from "../plan/workloads.ts";
import type { Candidate, PodExplanation, PodPlacement } from "./explanation.ts";
import { fargateVerdict } from "./fargate-verdict.ts";
import { boughtNode, choiceOf, claimOfNode, nodeContent } from "./planned-node.ts";

/** Why a pod of a plan runs where it runs; undefined when the plan has no such pod. `key` is `namespace/name`. */
export function explainPod(outcome: PlanOutcome, key: string): PodExplanation | undefined {
  const { input, document } = outcome;
  const pod = input.pods.find((one) => podKeyOf(one) === key);
  if (pod === undefined) return undefined;
  const node = document.nodes.find(({ pods }) => pods.includes(key));
  const placement = placementOf(outcome, key, node);
  const { pod: _key, workload: _workload, ...prices } = document.pods.find((one) => one.pod === key) ?? {};
  const claim = node === undefined ? undefined : claimOfNode(outcome, node);
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "PodExplanation",
    pod: key,
    workload: workloadOf(input, key).kindAndName,
    requested: quantitiesOf(podRequests(pod.spec)),
    placement,
    fargate: fargateVerdict(pod, input.fargateProfiles, outcome.fargateOffer(pod)),
    prices,
    candidates: outcome.routes.get(key)?.kind === "ec2" ? candidatesOf(outcome, pod, node) : [],
    ...choiceOf(outcome, claim, pod),
    ...(node === undefined ? {} : { node: nodeContent(outcome, node) }),
    reasons: outcome.refused.find((one) => podKeyOf(one.pod) === key)?.refusals ?? [],
    catalog: document.catalog,
  };
}

function placementOf({ document }: PlanOutcome, key: string, node: PlanNode | undefined): PodPlacement {
  if (node !== undefined) return { kind: "ec2", ...boughtNode(node) };
  const micro = document.fargate.find(({ pod }) => pod === key);
  if (micro === undefined) return { kind: "none" };
  const { profile, vcpu, memoryGb, usdPerHour, priceIsEstimate } = micro;
  return { kind: "fargate", profile, vcpu, memoryGb, usdPerHour, priceIsEstimate };
}

/** Everybody who could have it, with the answer; the plan's own order is that of the list. */
export function candidatesOf(outcome: PlanOutcome, pod: Pod, own: PlanNode | undefined): readonly Candidate[] {
  const { schedulingInput, schedulingPlan, document } = outcome;
  const fresh = document.nodes.filter(({ existing }) => !existing);
  const names = new Map(schedulingPlan.claims.map((claim, index) => [claim.id, fresh[index]?.name ?? claim.id]));
  const { nodes, pools } = explainCandidates(schedulingInput, {
    plan: schedulingPlan,
    pod,
    nameOf: ({ id }) => names.get(id) ?? id,
  });
  const existing = new Set(schedulingInput.existingNodes.map(({ name }) => name));
  const ownWeight = pools.find(({ pool }) => pool.name === own?.nodePool)?.pool.weight;
  return [
    ...nodes.map(({ node, refusal }): Candidate => {
      const kind = existing.has(node) ? ("existing-node" as const) : ("planned-node" as const);
      if (node === own?.name) return { kind, name: node, chosen: true, fits: true, message: "runs here" };
      if (refusal === undefined)
        return {
          kind,
          name: node,
          chosen: false,
          fits: true,
          message: own === undefined ? "has room for it" : "has room for it too",
        };
      return { kind, name: node, chosen: false, fits: false, ...refusal };
    }),
    ...pools.map(({ pool, refusal, claim }): Candidate => {
      const chosen = own?.existing === false && pool.name === own.nodePool;
      const base = { kind: "node-pool" as const, name: pool.name, chosen };
      if (chosen) return { ...base, fits: true, message: `launches ${own.name}` };
      if (claim === undefined)
        return { ...base, fits: false, ...(refusal ?? { rule: "requirements", message: "does not take it" }) };
      const { type, offering } = cheapestPurchase(claim);
      const price = `${type.name} ${offering.capacityType} at $${offering.priceUsdPerHour.toFixed(4)} an hour`;
      return {
        ...base,
        fits: true,
        message: `would launch ${price} for it alone${whyNotAsked(own, pool.weight, ownWeight)}`,
      };
    }),
  ];
}

function whyNotAsked(own: PlanNode | undefined, weight: number, ownWeight: number | undefined): string {
  if (own?.existing === true) return "; a node that is there comes first";
  if (ownWeight === undefined || weight >= ownWeight) return "";
  return `; its weight ${weight} is below ${ownWeight}`;
}
