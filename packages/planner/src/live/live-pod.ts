import { LABELS, type Node, type Pod, podRequests } from "@nodeless/api";
import { podKeyOf } from "@nodeless/scheduling";
import { type PlanOutcome, planCluster } from "../plan/plan-cluster.ts";
import { quantitiesOf } from "../plan/quantities.ts";
import { candidatesOf, explainPod } from "../why/explain-pod.ts";
import type { FargateVerdict, LiveFacts, PodExplanation, PodPlacement } from "../why/explanation.ts";
import { fargateVerdict } from "../why/fargate-verdict.ts";
import { historyOf } from "./history.ts";
import type { LiveContext } from "./live-context.ts";
import { liveInput, unbound } from "./live-input.ts";
import { catalogInfo, claimFacts, isMicroVm, liveChoice, liveNodeContent } from "./live-node.ts";
import { isDaemonSetPod, isFinished, nodeNameOf } from "./live-objects.ts";

/**
 * Why a pod of a running cluster is where it is, or nowhere: what was decided, from the objects and events, and what a plan would do with it
 * now. Undefined when there is no such pod. `key` is `namespace/name`.
 */
export function explainLivePod(context: LiveContext, key: string): PodExplanation | undefined {
  const pod = context.pod(key);
  if (pod === undefined) return undefined;
  const node = context.node(nodeNameOf(pod));
  const claim = node === undefined ? undefined : context.claimOf(node);
  const onEc2 = node !== undefined && !isMicroVm(node);
  const replanned = isPlannable(pod, node) ? replan(context, pod) : undefined;
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "PodExplanation",
    pod: key,
    workload: workloadOf(pod),
    requested: quantitiesOf(podRequests(pod.spec)),
    placement: placementOf(context, pod, node),
    fargate: verdictOf(context, pod, onEc2),
    prices: pricesOf(context, pod),
    candidates: replanned === undefined ? [] : liveCandidates(replanned, pod, node),
    ...(onEc2 && !isDaemonSetPod(pod) ? liveChoice(context, claim, [pod, ...context.podsOn(node.metadata.name)]) : {}),
    ...(onEc2 ? { node: liveNodeContent(context, node) } : {}),
    reasons: node === undefined ? [...gates(pod), ...(replanned?.refused[0]?.refusals ?? [])] : [],
    catalog: catalogInfo(context),
    live: {
      cluster: context.objects.cluster,
      phase: pod.status?.phase ?? "Unknown",
      history: historyOf(context.objects, { pod, claim: isDaemonSetPod(pod) ? undefined : claim }),
      ...(isDaemonSetPod(pod) ? {} : claimFacts(claim)),
      ...anewOf(context, pod, { node, replanned }),
    },
  };
}

/** On Fargate a pod has a machine of its own, a DaemonSet's belongs to its node, and a finished one needs none. */
function isPlannable(pod: Pod, node: Node | undefined): boolean {
  return !isDaemonSetPod(pod) && !isFinished(pod) && (node === undefined || !isMicroVm(node));
}

function replan({ objects, catalog, options }: LiveContext, pod: Pod, without?: Node): PlanOutcome {
  const input = liveInput(objects, {
    place: [pod],
    ...(without === undefined ? {} : { without: new Set([without.metadata.name]) }),
  });
  return planCluster(input, catalog, options);
}

/** Until they are gone, nobody looks for a place. */
function gates({ spec }: Pod): PodExplanation["reasons"] {
  const names = (spec.schedulingGates ?? []).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    {
      candidate: "pod",
      rule: "scheduling gates",
      message: `waits for ${names.join(", ")}`,
      remedy: "whoever set the gates takes them off when the pod may be placed: find out what they wait for",
    },
  ];
}

/** Nodes that the new plan would launch are no candidates of the old one. */
function liveCandidates(outcome: PlanOutcome, pod: Pod, node: Node | undefined): PodExplanation["candidates"] {
  if (outcome.routes.get(podKeyOf(pod))?.kind !== "ec2") return [];
  const own = outcome.document.nodes.find(({ name }) => name === node?.metadata.name);
  const { schedulingPlan } = outcome;
  return candidatesOf({ ...outcome, schedulingPlan: { ...schedulingPlan, claims: [] } }, unbound(pod), own);
}

/** A ReplicaSet's own name ends in the hash of its template: it stands for its Deployment. */
function workloadOf({ metadata }: Pod): string {
  const owner = (metadata.ownerReferences ?? []).find(({ controller }) => controller === true);
  if (owner === undefined) return `Pod/${metadata.name}`;
  const hash = metadata.labels?.["pod-template-hash"];
  if (owner.kind !== "ReplicaSet" || hash === undefined || !owner.name.endsWith(`-${hash}`))
    return `${owner.kind}/${owner.name}`;
  return `Deployment/${owner.name.slice(0, -hash.length - 1)}`;
}

function placementOf(context: LiveContext, pod: Pod, node: Node | undefined): PodPlacement {
  if (node === undefined) return { kind: "none" };
  if (!isMicroVm(node)) {
    const { allocatable, requested, daemonOverhead, pods, wasteUsdPerHour, ...bought } = liveNodeContent(context, node);
    return { kind: "ec2", ...bought };
  }
  const offer = context.fargateOffer(pod);
  if (offer.kind === "refused") return { kind: "none" };
  return {
    kind: "fargate",
    profile: pod.metadata.labels?.[LABELS.fargateProfile] ?? "",
    vcpu: offer.size.vcpuMillicores / 1000,
    memoryGb: offer.size.memoryGb,
    usdPerHour: offer.usdPerHour,
    priceIsEstimate: offer.priceIsEstimate,
    node: node.metadata.name,
  };
}

/** A profile that came later changes nothing for a pod that was there. */
function verdictOf(context: LiveContext, pod: Pod, onEc2: boolean): FargateVerdict {
  const { profile, selector, ...verdict } = fargateVerdict(
    unbound(pod),
    context.objects.fargateProfiles,
    context.fargateOffer(pod),
  );
  if (profile === undefined) return verdict;
  if (onEc2)
    return {
      ...verdict,
      takes: false,
      because: `profile ${profile} selects it now, but profiles only count when a pod is created`,
    };
  return { ...verdict, profile, ...(selector === undefined ? {} : { selector }) };
}

function pricesOf(context: LiveContext, pod: Pod): PodExplanation["prices"] {
  if (isDaemonSetPod(pod) || isFinished(pod)) return {};
  const ec2 = context.fairPrice(podKeyOf(pod));
  const offer = context.fargateOffer(pod);
  const fargate = offer.kind === "size" ? offer.usdPerHour : undefined;
  const cheaper =
    ec2 === undefined ? (fargate === undefined ? "neither" : "fargate") : (fargate ?? ec2) < ec2 ? "fargate" : "ec2";
  return {
    ...(ec2 === undefined ? {} : { ec2UsdPerHour: ec2 }),
    ...(fargate === undefined ? {} : { fargateUsdPerHour: fargate }),
    cheaper,
  };
}

/** What a plan would do now: with a pod that waits, or with one whose node is gone. */
function anewOf(
  context: LiveContext,
  pod: Pod,
  { node, replanned }: { readonly node: Node | undefined; readonly replanned: PlanOutcome | undefined },
): Pick<LiveFacts, "anew"> {
  if (isDaemonSetPod(pod))
    return { anew: "its DaemonSet has one pod on every node that it may run on: it stays with this one" };
  if (replanned === undefined) return {};
  const key = podKeyOf(pod);
  if (node === undefined) {
    const would = placeText(replanned, key);
    if (would === undefined) return { anew: "no plan has a place for it until something of the above changes" };
    return { anew: `${gates(pod).length > 0 ? "after that" : "now"} the plan is ${would}` };
  }
  const would = placeText(replan(context, pod, node), key);
  return { anew: `without its node it would ${would === undefined ? "find no place" : `go to ${would}`}` };
}

function placeText(outcome: PlanOutcome, key: string): string | undefined {
  const placement = explainPod(outcome, key)?.placement;
  switch (placement?.kind) {
    case "ec2":
      return placement.existing
        ? `${placement.node}, which has room`
        : `a new ${placement.instanceType} of NodePool ${placement.nodePool}, ${placement.capacityType} in ${placement.zone}, at $${placement.usdPerHour.toFixed(4)} an hour`;
    case "fargate":
      return `Fargate by profile ${placement.profile}, ${placement.vcpu}vCPU ${placement.memoryGb}GB at $${placement.usdPerHour.toFixed(4)} an hour`;
    default:
      return undefined;
  }
}
