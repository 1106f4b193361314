import type { KubernetesObject, Namespace } from "@nodeless/api";
import { NAMESPACES, PODS } from "@nodeless/api";
import type { ReconcileResult } from "@nodeless/runtime";
import { informerSource, isNotFound } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { discoverResources, type ServedResource } from "../discovery/discover-resources.ts";
import { messageOf } from "../workload/pod-control.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import {
  contentName,
  isDeletableContent,
  isEmpty,
  KUBERNETES_FINALIZER,
  type RemainingContent,
  terminatingConditions,
} from "./plan-namespace.ts";

/** Looks again while content remains; pods, which take longest, wake the controller themselves. */
const RETRY_MS = 1_000;

/** Deletes everything in terminating namespaces, whatever the server serves, and then lets the namespace go. */
export async function runNamespaceController(context: ControllerContext): Promise<void> {
  const namespaces = context.informers.of(NAMESPACES);
  const pods = context.informers.of(PODS);
  await context.run({
    name: "namespace-controller",
    concurrency: 10,
    reconcile: (key, { signal }) => reconcile(context, key, signal),
    sources: [
      informerSource(namespaces, (namespace) => (isTerminating(namespace) ? [namespace.metadata.name] : [])),
      {
        synced: (signal) => pods.synced(signal),
        subscribe: (enqueue) =>
          pods.subscribe({
            onDelete({ metadata: { namespace = "" } }) {
              const owner = namespaces.get(namespace);
              if (owner !== undefined && isTerminating(owner)) enqueue(namespace);
            },
          }),
      },
    ],
  });
}

function isTerminating({ metadata, spec }: Namespace): boolean {
  return metadata.deletionTimestamp !== undefined && spec?.finalizers?.includes(KUBERNETES_FINALIZER) === true;
}

async function reconcile(context: ControllerContext, name: string, signal: AbortSignal): Promise<ReconcileResult> {
  const namespace = context.informers.of(NAMESPACES).get(name);
  if (namespace === undefined || !isTerminating(namespace)) return {};
  const content = await deleteContent(context, name, signal);
  if (isEmpty(content)) {
    await finalize(context, namespace);
    return {};
  }
  await writeConditions(context, namespace, content);
  return { requeueAfterMs: RETRY_MS };
}

async function deleteContent(
  { client }: ControllerContext,
  namespace: string,
  signal: AbortSignal,
): Promise<RemainingContent> {
  const { resources, failedGroups } = await discoverResources(client, signal);
  const objects = new Map<string, readonly KubernetesObject[]>();
  const deletionFailures: string[] = [];
  await Promise.all(
    resources.filter(isDeletableContent).map(async (served) => {
      try {
        const left = await deleteAll(client, served, namespace);
        if (left.length > 0) objects.set(contentName(served), left);
      } catch (error) {
        signal.throwIfAborted();
        deletionFailures.push(`unexpected items still remain in ${contentName(served)}: ${messageOf(error)}`);
      }
    }),
  );
  const discoveryFailures = [...failedGroups].map(([group, error]) => `${group}: ${messageOf(error)}`);
  return { objects, discoveryFailures, deletionFailures: deletionFailures.sort() };
}

/** Deletes the resource's objects and returns those that are still there, usually because they end gracefully or have finalizers. */
async function deleteAll(
  client: ControllerContext["client"],
  { type }: ServedResource,
  namespace: string,
): Promise<readonly KubernetesObject[]> {
  const resource = client.resource(type);
  const { items } = await resource.list({ namespace });
  const leaving = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (leaving.length === 0) return items;
  await Promise.all(
    leaving.map(async ({ metadata }) => {
      try {
        await resource.delete(metadata, { uid: metadata.uid, propagationPolicy: "Background" });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }),
  );
  return (await resource.list({ namespace })).items;
}

async function finalize({ client }: ControllerContext, namespace: Namespace): Promise<void> {
  const finalizers = (namespace.spec?.finalizers ?? []).filter((finalizer) => finalizer !== KUBERNETES_FINALIZER);
  try {
    await client.raw("PUT", `/api/v1/namespaces/${namespace.metadata.name}/finalize`, {
      ...namespace,
      spec: { ...namespace.spec, finalizers },
    });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

async function writeConditions(
  { client, clock }: ControllerContext,
  namespace: Namespace,
  content: RemainingContent,
): Promise<void> {
  const conditions = terminatingConditions(namespace, content, clock.now());
  if (semanticallyEqual(conditions, namespace.status?.conditions)) return;
  const status = { ...namespace.status, phase: "Terminating", conditions };
  await client.resource(NAMESPACES).updateStatus({ ...namespace, status });
}
