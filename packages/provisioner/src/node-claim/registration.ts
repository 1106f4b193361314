import type { Node, NodeClaim, Taint } from "@nodeless/api";
import { FINALIZERS, LABELS, NODES, TAINTS } from "@nodeless/api";
import type { ConditionReport } from "@nodeless/runtime";
import { isSameTaint } from "../provisioning/existing-nodes.ts";
import type { ProvisionerContext } from "../state/context.ts";
import { satisfied, unknown } from "./claim-writes.ts";

/** What is to be done about a claim's registration. */
export type RegistrationStep =
  | { readonly kind: "wait"; readonly report: ConditionReport }
  | { readonly kind: "register"; readonly node: Node; readonly patch: object; readonly lacksTaint: boolean }
  | { readonly kind: "registered"; readonly node: Node };

/** Decides from the nodes that carry the claim's provider id (karpenter.md §4.2). */
export function planRegistration(claim: NodeClaim, nodes: readonly Node[]): RegistrationStep {
  const [node, ...more] = nodes;
  if (node === undefined)
    return {
      kind: "wait",
      report: unknown("Registered", "NodeNotFound", "the node has not registered with the cluster yet"),
    };
  if (more.length > 0) {
    const names = nodes.map(({ metadata }) => metadata.name).join(", ");
    const message = `${nodes.length} nodes have provider id ${claim.status?.providerID}: ${names}`;
    return { kind: "wait", report: { type: "Registered", status: "False", reason: "MultipleNodesFound", message } };
  }
  const isRegistered =
    node.metadata.labels?.[LABELS.nodeRegistered] === "true" &&
    node.metadata.finalizers?.includes(FINALIZERS.termination) === true;
  if (isRegistered) return { kind: "registered", node };
  const lacksTaint = node.spec?.taints?.some(({ key }) => key === TAINTS.unregistered) !== true;
  return { kind: "register", node, patch: registrationPatch(claim, node), lacksTaint };
}

/** One guarded patch with everything at once: a half-registered node must never be visible. */
function registrationPatch(claim: NodeClaim, node: Node): object {
  const { metadata, spec } = claim;
  const finalizers = new Set([...(node.metadata.finalizers ?? []), FINALIZERS.termination]);
  const owner = {
    apiVersion: claim.apiVersion,
    kind: claim.kind,
    name: metadata.name,
    uid: metadata.uid,
    blockOwnerDeletion: true,
  };
  const owners = (node.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== metadata.uid);
  const present = (node.spec?.taints ?? []).filter(({ key }) => key !== TAINTS.unregistered);
  const syncs = node.metadata.labels?.[LABELS.doNotSyncTaints] !== "true";
  const promised = syncs ? [...(spec.taints ?? []), ...(spec.startupTaints ?? [])] : [];
  return {
    metadata: {
      resourceVersion: node.metadata.resourceVersion,
      finalizers: [...finalizers],
      ownerReferences: [...owners, owner],
      labels: { ...metadata.labels, [LABELS.nodeRegistered]: "true" },
      annotations: { ...metadata.annotations },
    },
    spec: { taints: mergeTaints(present, promised) },
  };
}

function mergeTaints(present: readonly Taint[], promised: readonly Taint[]): readonly Taint[] {
  return [...present, ...promised.filter((taint) => !present.some((other) => isSameTaint(other, taint)))];
}

/** Executes the step and says what the claim's status becomes. */
export async function register(
  context: ProvisionerContext,
  { claim, step }: { readonly claim: NodeClaim; readonly step: RegistrationStep },
  signal: AbortSignal,
): Promise<{ readonly report: ConditionReport; readonly node?: Node }> {
  const { client, cloud, events } = context;
  if (step.kind === "wait") return { report: step.report };
  if (step.kind === "registered") return { report: satisfied("Registered"), node: step.node };
  if (step.lacksTaint)
    events.record(claim, {
      type: "Warning",
      reason: "UnregisteredTaintMissing",
      message: `Node ${step.node.metadata.name} came up without the taint ${TAINTS.unregistered}; pods may have landed on it before its taints were set`,
    });
  const node = await client.resource(NODES).patch(step.node.metadata, "merge", step.patch, { signal });
  const names = { nodeName: node.metadata.name, claimName: claim.metadata.name };
  await cloud.tagRegistered(claim.status?.providerID ?? "", names, signal);
  return { report: satisfied("Registered"), node };
}
