import { LABELS, type Node, type NodeClaim, type Pod, parseResourceList } from "@nodeless/api";
import { formatRequirement, podKeyOf, podLayers, requirementsFromNodeSelectorRequirements } from "@nodeless/scheduling";
import { requestsOf } from "../plan/existing-nodes.ts";
import { quantitiesOf } from "../plan/quantities.ts";
import type { BoughtNode, LiveFacts, NodeContent, NodeExplanation, TypeChoice } from "../why/explanation.ts";
import { nodeLayers } from "../why/planned-node.ts";
import { typeChoice } from "../why/type-choice.ts";
import { historyOf } from "./history.ts";
import type { LiveContext } from "./live-context.ts";
import { isDaemonSetPod } from "./live-objects.ts";

/** Why a node of a running cluster is of its type; undefined when there is no such node. */
export function explainLiveNode(context: LiveContext, name: string): NodeExplanation | undefined {
  const node = context.node(name);
  if (node === undefined) return undefined;
  const claim = context.claimOf(node);
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "NodeExplanation",
    node: liveNodeContent(context, node),
    ...liveChoice(context, claim, context.podsOn(name)),
    catalog: catalogInfo(context),
    live: {
      cluster: context.objects.cluster,
      phase: isReady(node) ? "Ready" : "NotReady",
      history: historyOf(context.objects, { claim }),
      ...claimFacts(claim),
    },
  };
}

/** The same, asked for by the claim: its node, or what is known before it has one. */
export function explainLiveClaim(context: LiveContext, name: string): NodeExplanation | undefined {
  const claim = context.objects.nodeClaims.find(({ metadata }) => metadata.name === name);
  if (claim === undefined) return undefined;
  const node = context.objects.nodes.find((one) => context.claimOf(one) === claim);
  if (node !== undefined) return explainLiveNode(context, node.metadata.name);
  const bought = boughtAs(context, { name, labels: claim.metadata.labels ?? {} });
  return {
    apiVersion: "nodeless.dev/v1alpha1",
    kind: "NodeExplanation",
    node: {
      ...bought,
      existing: false,
      allocatable: quantitiesOf(parseResourceList(claim.status?.allocatable)),
      requested: quantitiesOf(parseResourceList(claim.spec.resources?.requests)),
      daemonOverhead: {},
      pods: [],
    },
    ...liveChoice(context, claim, []),
    catalog: catalogInfo(context),
    live: {
      cluster: context.objects.cluster,
      phase: "NotReady",
      history: historyOf(context.objects, { claim }),
      ...claimFacts(claim),
    },
  };
}

/** Where the prices are from. */
export function catalogInfo({ catalog, options, zones }: LiveContext): NodeExplanation["catalog"] {
  return { date: catalog.date, region: catalog.region, source: options.catalogSource ?? "built-in", zones };
}

function isReady({ status }: Node): boolean {
  return (status?.conditions ?? []).some(({ type, status: value }) => type === "Ready" && value === "True");
}

/** Fargate's node of one pod. */
export function isMicroVm({ metadata }: Node): boolean {
  return metadata.labels?.[LABELS.computeType] === "fargate";
}

/** What is on a node now, at what price, and what of it its pods are not worth. */
export function liveNodeContent(context: LiveContext, node: Node): NodeContent {
  const { name, labels = {} } = node.metadata;
  const onIt = context.podsOn(name);
  const pods = onIt.filter((pod) => !isDaemonSetPod(pod));
  const bought = isMicroVm(node) ? microVm(context, node, onIt[0]) : boughtAs(context, { name, labels });
  const fair = pods.map((pod) => {
    const fairUsdPerHour = context.fairPrice(podKeyOf(pod));
    return { pod: podKeyOf(pod), ...(fairUsdPerHour === undefined ? {} : { fairUsdPerHour }) };
  });
  let wasteUsdPerHour = bought.usdPerHour;
  for (const { fairUsdPerHour = 0 } of fair) wasteUsdPerHour -= fairUsdPerHour;
  return {
    ...bought,
    allocatable: quantitiesOf(parseResourceList(node.status?.allocatable)),
    requested: quantitiesOf(requestsOf(pods)),
    daemonOverhead: quantitiesOf(requestsOf(onIt.filter(isDaemonSetPod))),
    pods: fair,
    ...(isMicroVm(node) || bought.usdPerHour === 0 ? {} : { wasteUsdPerHour: Math.max(0, wasteUsdPerHour) }),
  };
}

function boughtAs(
  context: LiveContext,
  { name, labels }: { readonly name: string; readonly labels: Readonly<Record<string, string>> },
): BoughtNode {
  const nodePool = labels[LABELS.nodePool] ?? labels[LABELS.provisionerName] ?? "";
  const bought = {
    instanceType: labels[LABELS.instanceType] ?? "",
    zone: labels[LABELS.zone] ?? "",
    capacityType: labels[LABELS.capacityType] ?? "",
  };
  return {
    node: name,
    nodePool,
    ...bought,
    usdPerHour: context.price(context.pool(nodePool), bought) ?? 0,
    priceIsEstimate: context.catalog.isEstimate(bought.instanceType, bought.capacityType),
    existing: true,
  };
}

function microVm(context: LiveContext, { metadata }: Node, pod: Pod | undefined): BoughtNode {
  const offer = pod === undefined ? undefined : context.fargateOffer(pod);
  const size = offer?.kind === "size" ? offer : undefined;
  return {
    node: metadata.name,
    nodePool: "",
    instanceType: "",
    zone: metadata.labels?.[LABELS.zone] ?? "",
    capacityType: "fargate",
    usdPerHour: size?.usdPerHour ?? 0,
    priceIsEstimate: size?.priceIsEstimate ?? false,
    existing: true,
  };
}

/** How the type was chosen when the claim was made: its requirements and requests say what was asked. */
export function liveChoice(
  context: LiveContext,
  claim: NodeClaim | undefined,
  pods: readonly Pod[],
): { readonly choice?: TypeChoice } {
  const labels = claim?.metadata.labels ?? {};
  const pool = context.pool(labels[LABELS.nodePool] ?? labels[LABELS.provisionerName]);
  if (claim === undefined || pool === undefined) return {};
  const asked = new Map(requirementsFromNodeSelectorRequirements(claim.spec.requirements));
  const open = asked.get(LABELS.instanceType);
  asked.delete(LABELS.instanceType);
  const named = pods.filter((pod) => !isDaemonSetPod(pod)).map((pod) => ({ name: podKeyOf(pod), pod }));
  const chosen = {
    pool,
    // What the claim asks for has the DaemonSets in it.
    daemonSetPods: [],
    content: parseResourceList(claim.spec.resources?.requests),
    layers: nodeLayers(pool, podLayers(named), asked),
    ...(open === undefined || open.complement ? {} : { open: open.values }),
    instanceType: labels[LABELS.instanceType] ?? "",
    zone: labels[LABELS.zone] ?? "",
    capacityType: labels[LABELS.capacityType] ?? "",
  };
  return { choice: typeChoice(chosen, context.catalog) };
}

/** What the claim of a node allowed. */
export function claimFacts(claim: NodeClaim | undefined): Pick<LiveFacts, "nodeClaim"> {
  if (claim === undefined) return {};
  const asked = [...requirementsFromNodeSelectorRequirements(claim.spec.requirements).values()];
  const types = asked.find(({ key }) => key === LABELS.instanceType);
  return {
    nodeClaim: {
      name: claim.metadata.name,
      requirements: asked.filter(({ key }) => key !== LABELS.instanceType).map(formatRequirement),
      instanceTypes: types === undefined || types.complement ? 0 : types.values.size,
    },
  };
}
