import type { Fresh, KubernetesObject, Pod } from "@nodeless/api";
import { PODS } from "@nodeless/api";
import type { EventRecorder } from "@nodeless/runtime";
import { isNotFound } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import type { Expectations } from "./expectations.ts";
import { isNamespaceTerminating } from "./namespace-terminating.ts";
import { type SlowStartResult, slowStart } from "./slow-start.ts";

/** Whose pods, under which key, and who tells about it. */
export interface PodControlRequest {
  readonly owner: KubernetesObject;
  /** Key of the owner in `expectations`. */
  readonly key: string;
  readonly expectations: Expectations;
  readonly events: EventRecorder;
}

/**
 * Creates pods in slow-start batches and deletes others, recording expectations first, so that the controller sleeps until its cache has
 * seen all of it. Failures are reported as events and lower the expectations. Source: kubernetes pkg/controller RealPodControl.
 */
export async function changePods(
  context: ControllerContext,
  request: PodControlRequest,
  change: { readonly create: readonly Fresh<Pod>[]; readonly remove: readonly Pod[] },
): Promise<{ readonly created: SlowStartResult; readonly deletionError: unknown }> {
  const { key, expectations } = request;
  const { create, remove } = change;
  expectations.expect(key, { creations: create.length, deletions: remove.map(({ metadata }) => metadata.uid) });
  const [created, deleted] = await Promise.all([
    slowStart(create.length, (index) => createPod(context, request, create[index])),
    Promise.allSettled(remove.map((pod) => deletePod(context, request, pod))),
  ]);
  for (let skipped = 0; skipped < created.skipped; skipped += 1) expectations.creationObserved(key);
  const failure = deleted.find((result) => result.status === "rejected");
  return { created, deletionError: failure?.reason };
}

async function createPod(
  { client }: ControllerContext,
  { owner, key, expectations, events }: PodControlRequest,
  pod: Fresh<Pod> | undefined,
): Promise<void> {
  if (pod === undefined) return;
  try {
    const created = await client.resource(PODS).create(pod);
    events.record(owner, {
      type: "Normal",
      reason: "SuccessfulCreate",
      message: `Created pod: ${created.metadata.name}`,
    });
  } catch (error) {
    expectations.creationObserved(key);
    if (isNamespaceTerminating(error)) return;
    events.record(owner, { type: "Warning", reason: "FailedCreate", message: `Error creating: ${messageOf(error)}` });
    throw error;
  }
}

async function deletePod(
  { client }: ControllerContext,
  { owner, key, expectations, events }: PodControlRequest,
  { metadata }: Pod,
): Promise<void> {
  try {
    await client.resource(PODS).delete(metadata, { uid: metadata.uid });
    events.record(owner, { type: "Normal", reason: "SuccessfulDelete", message: `Deleted pod: ${metadata.name}` });
  } catch (error) {
    expectations.deletionObserved(key, metadata.uid);
    if (isNotFound(error)) return;
    events.record(owner, { type: "Warning", reason: "FailedDelete", message: `Error deleting: ${messageOf(error)}` });
    throw error;
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
