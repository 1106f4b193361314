import type { Binding, KubernetesObject, Pod, PodCondition } from "@nodeless/api";
import { jsonResponse } from "../request/responses.ts";
import { keyOf, optionsOf, type ResourceCall, readBody } from "../rest/resource-call.ts";
import type { ApiResponse } from "../server.ts";
import { badRequest, conflict, resourceNotFound, success } from "../status.ts";
import { timestamp } from "../write/metadata.ts";
import { updateObject } from "../write/update.ts";

const POD_RESOURCE = { group: "", resource: "pods" } as const;

/** `pods/x/binding`: a scheduler's decision. Source: kubernetes pkg/registry/core/pod/storage/storage.go assignPod. */
export async function bindPod(call: ResourceCall): Promise<ApiResponse> {
  return bind(call, readBody(call).value as Partial<Binding>);
}

/** The old form: POST `bindings` with the pod's name in the metadata. */
export async function bindFromCollection(call: ResourceCall): Promise<ApiResponse> {
  const definition = call.server.kinds.find("", "v1", "pods");
  if (definition === undefined) throw resourceNotFound();
  const binding = readBody(call).value as Partial<Binding>;
  const name = binding.metadata?.name ?? "";
  return bind({ ...call, definition, url: { ...call.url, resource: "pods", name, subresource: "binding" } }, binding);
}

async function bind(call: ResourceCall, binding: Partial<Binding>): Promise<ApiResponse> {
  const node = binding.target?.name ?? "";
  const kind = binding.target?.kind ?? "";
  if (node === "" || (kind !== "" && kind !== "Node"))
    throw badRequest("a binding needs a target of kind Node with a name");
  const now = timestamp(call.server.clock.now());
  await updateObject(call.server, {
    definition: call.definition,
    key: keyOf(call),
    subresource: "binding",
    options: optionsOf(call),
    isReplace: false,
    trusted: true,
    change: (old) => assigned(old as Pod, { node, binding, now }),
  });
  return jsonResponse(201, success(undefined, 201));
}

function assigned(
  pod: Pod,
  { node, binding, now }: { readonly node: string; readonly binding: Partial<Binding>; readonly now: string },
): KubernetesObject {
  const name = pod.metadata.name ?? "";
  const { uid } = binding.metadata ?? {};
  if (uid !== undefined && uid !== "" && uid !== pod.metadata.uid)
    throw conflict(POD_RESOURCE, name, `pod ${name} has UID ${pod.metadata.uid}, the binding is for UID ${uid}`);
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflict(POD_RESOURCE, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  if ((pod.spec?.schedulingGates ?? []).length > 0)
    throw conflict(POD_RESOURCE, name, `pod ${name} has non-empty .spec.schedulingGates`);
  const assignedTo = pod.spec?.nodeName ?? "";
  if (assignedTo !== "") throw conflict(POD_RESOURCE, name, `pod ${name} is already assigned to node "${assignedTo}"`);
  const conditions = (pod.status?.conditions ?? []).filter(({ type }) => type !== "PodScheduled");
  const scheduled: PodCondition = { type: "PodScheduled", status: "True", lastTransitionTime: now };
  const annotations = { ...pod.metadata.annotations, ...binding.metadata?.annotations };
  return {
    ...pod,
    metadata: { ...pod.metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: { ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: [...conditions, scheduled] },
  } as Pod;
}
