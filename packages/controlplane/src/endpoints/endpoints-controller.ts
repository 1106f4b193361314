import type { Pod, Service } from "@nodeless/api";
import { ENDPOINT_SLICES, ENDPOINTS, formatObjectKey, NODES, PODS, parseObjectKey, SERVICES } from "@nodeless/api";
import type { ControllerSource, ReconcileResult } from "@nodeless/runtime";
import { informerSource, isAlreadyExists, isNotFound } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { readOnlySource } from "../shared-informers.ts";
import { ignoreMissing } from "../workload/ignore-missing.ts";
import { isNamespaceTerminating } from "../workload/namespace-terminating.ts";
import { isPodReady } from "../workload/pod-status.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { computeEndpoints } from "./compute-endpoints.ts";
import { groupTargets, hasSelector, selects, type TargetGroup } from "./endpoint-targets.ts";
import { MANAGED_BY_LABEL, MANAGER, planSlices, SERVICE_NAME_LABEL } from "./plan-slices.ts";

/** Keeps the EndpointSlices and the Endpoints of every service with a selector. */
export async function runEndpointsController(context: ControllerContext): Promise<void> {
  const { informers } = context;
  await context.run({
    name: "endpointslice-controller",
    reconcile: (key) => reconcile(context, key),
    sources: [
      informerSource(informers.of(SERVICES)),
      informerSource(informers.of(ENDPOINT_SLICES), ({ metadata }) => {
        const name = metadata.labels?.[SERVICE_NAME_LABEL];
        const isOurs = metadata.labels?.[MANAGED_BY_LABEL] === MANAGER;
        return name === undefined || !isOurs ? [] : [formatObjectKey({ namespace: metadata.namespace, name })];
      }),
      informerSource(informers.of(ENDPOINTS)),
      readOnlySource(informers.of(NODES)),
      podSource(context),
    ],
  });
}

function podSource({ informers }: ControllerContext): ControllerSource {
  const pods = informers.of(PODS);
  const services = informers.of(SERVICES);
  return {
    synced: async (signal) => {
      await Promise.all([pods.synced(signal), services.synced(signal)]);
    },
    subscribe(enqueue) {
      const look = (pod: Pod): void => {
        for (const service of services.byIndex("namespace", pod.metadata.namespace ?? ""))
          if (hasSelector(service) && selects(service, pod)) enqueue(formatObjectKey(service.metadata));
      };
      pods.subscribe({
        onAdd: look,
        onDelete: look,
        onUpdate(pod, previous) {
          if (!concernsServices(pod, previous)) return;
          look(previous);
          look(pod);
        },
      });
    },
  };
}

function concernsServices(pod: Pod, previous: Pod): boolean {
  return (
    pod.status?.podIP !== previous.status?.podIP ||
    pod.status?.phase !== previous.status?.phase ||
    pod.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
    isPodReady(pod) !== isPodReady(previous) ||
    !semanticallyEqual(pod.metadata.labels, previous.metadata.labels)
  );
}

async function reconcile(context: ControllerContext, key: string): Promise<ReconcileResult> {
  const { informers } = context;
  const service = informers.of(SERVICES).get(key);
  if (service === undefined) {
    await removeEndpoints(context, key);
    return {};
  }
  if (!hasSelector(service) || service.metadata.deletionTimestamp !== undefined) return {};
  const pods = informers
    .of(PODS)
    .byIndex("namespace", service.metadata.namespace ?? "")
    .filter((pod) => selects(service, pod));
  const groups = groupTargets(service, pods);
  try {
    await Promise.all([writeSlices(context, service, groups), writeEndpoints(context, service, groups)]);
  } catch (error) {
    if (!isNamespaceTerminating(error)) throw error;
  }
  return {};
}

async function writeSlices(
  { informers, client }: ControllerContext,
  service: Service,
  groups: readonly TargetGroup[],
): Promise<void> {
  const { namespace = "", name, uid } = service.metadata;
  const slices = informers
    .of(ENDPOINT_SLICES)
    .byIndex("controller", uid)
    .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME_LABEL] === name && metadata.namespace === namespace);
  const nodes = informers.of(NODES);
  const plan = planSlices({ service, groups, slices, nodes: (nodeName) => nodes.get(nodeName) });
  const resource = client.resource(ENDPOINT_SLICES);
  await Promise.all([
    ...plan.create.map((slice) => createOnce(slice, (one) => resource.create(one))),
    ...plan.update.map((slice) => ignoreMissing(resource.update(slice))),
    ...plan.remove.map(({ metadata }) => ignoreMissing(resource.delete(metadata, { uid: metadata.uid }))),
  ]);
}

/** The new slice's own event brings the next look; a surplus slice made from a lagging cache is removed then. */
async function createOnce<T>(object: T, create: (object: T) => Promise<unknown>): Promise<void> {
  try {
    await create(object);
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
}

async function writeEndpoints(
  { informers, client }: ControllerContext,
  service: Service,
  groups: readonly TargetGroup[],
): Promise<void> {
  const wanted = computeEndpoints(service, groups);
  const present = informers.of(ENDPOINTS).get(formatObjectKey(service.metadata));
  const resource = client.resource(ENDPOINTS);
  if (present === undefined) {
    await createOnce(wanted, (one) => resource.create(one));
    return;
  }
  if (
    semanticallyEqual(present.subsets ?? [], wanted.subsets ?? []) &&
    semanticallyEqual(present.metadata.labels, wanted.metadata.labels)
  )
    return;
  const { subsets: _, ...rest } = present;
  await ignoreMissing(
    resource.update({
      ...rest,
      metadata: { ...present.metadata, ...wanted.metadata, name: present.metadata.name },
      ...(wanted.subsets === undefined ? {} : { subsets: wanted.subsets }),
    }),
  );
}

/** Endpoints have no owner reference; they go with their service by name. */
async function removeEndpoints({ informers, client }: ControllerContext, key: string): Promise<void> {
  const present = informers.of(ENDPOINTS).get(key);
  if (present?.metadata.labels?.["endpoints.kubernetes.io/managed-by"] !== "endpoint-controller") return;
  try {
    await client.resource(ENDPOINTS).delete(parseObjectKey(key), { uid: present.metadata.uid });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
