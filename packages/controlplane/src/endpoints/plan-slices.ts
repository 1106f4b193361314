import type { Endpoint, EndpointSlice, Fresh, Node, Service } from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import { controllerRef } from "../workload/controller-ref.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { type EndpointTarget, hostnameIn, type TargetGroup, type TargetPort } from "./endpoint-targets.ts";

export const SERVICE_NAME_LABEL = "kubernetes.io/service-name";
export const MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by";
export const MANAGER = "endpointslice-controller.k8s.io";
const HEADLESS_LABEL = "service.kubernetes.io/headless";

/** Endpoints per slice. Source: --max-endpoints-per-slice. */
const ENDPOINTS_PER_SLICE_MAX = 100;

/** Changes that make the slices of a service right. */
export interface SlicePlan {
  readonly create: readonly Fresh<EndpointSlice>[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

/** What slices are planned from. */
export interface SliceInput {
  readonly service: Service;
  readonly groups: readonly TargetGroup[];
  /** The service's slices that this controller manages. */
  readonly slices: readonly EndpointSlice[];
  readonly nodes: (name: string) => Node | undefined;
}

/**
 * Keeps every endpoint in the slice it is in, fills the room that leavers left, and makes new slices for the rest, so that one pod's change
 * rewrites one slice. A service without pods keeps one empty slice. Source: k8s.io/endpointslice reconciler.
 */
export function planSlices(input: SliceInput): SlicePlan {
  const { service, groups, slices } = input;
  const labels = sliceLabels(service);
  const create: Fresh<EndpointSlice>[] = [];
  const update: EndpointSlice[] = [];
  const kept = new Set<EndpointSlice>();
  for (const group of groups.length === 0 ? [{ ports: [], targets: [] }] : groups) {
    const ports = group.ports.map(slicePort);
    const matching = slices.filter(
      (slice) => slice.metadata.deletionTimestamp === undefined && semanticallyEqual(slice.ports ?? [], ports),
    );
    const { filled, rest } = distribute(
      matching,
      group.targets.map((target) => endpointOf(input, target)),
    );
    const used = filled.filter(({ endpoints }) => endpoints.length > 0);
    const placeholder = groups.length === 0 ? filled.slice(0, 1) : [];
    for (const { slice, endpoints } of used.length > 0 ? used : placeholder) {
      kept.add(slice);
      if (!semanticallyEqual(slice.endpoints ?? [], endpoints) || !semanticallyEqual(slice.metadata.labels, labels))
        update.push({ ...slice, metadata: { ...slice.metadata, labels }, endpoints });
    }
    const missing = groups.length === 0 && placeholder.length === 0 ? [[]] : chunks(rest);
    for (const endpoints of missing) create.push({ ...emptySlice(service, labels), ports, endpoints });
  }
  return { create, update, remove: slices.filter((slice) => !kept.has(slice)) };
}

/** Slices name every port, an unnamed one with the empty string: that is also what the server fills in. */
function slicePort({ name = "", ...port }: TargetPort): TargetPort {
  return { name, ...port };
}

interface FilledSlice {
  readonly slice: EndpointSlice;
  readonly endpoints: readonly Endpoint[];
}

function distribute(
  slices: readonly EndpointSlice[],
  wanted: readonly Endpoint[],
): { readonly filled: readonly FilledSlice[]; readonly rest: readonly Endpoint[] } {
  const waiting = new Map(wanted.map((endpoint) => [endpointKey(endpoint), endpoint]));
  const staying = slices.map((slice) => {
    const endpoints: Endpoint[] = [];
    for (const present of slice.endpoints ?? []) {
      const key = endpointKey(present);
      const next = waiting.get(key);
      if (next !== undefined) endpoints.push(next);
      waiting.delete(key);
    }
    return { slice, endpoints };
  });
  const rest = [...waiting.values()];
  // Slices that change anyway, then any with room.
  for (const { endpoints } of staying)
    if (endpoints.length > 0 || staying.length === 1)
      endpoints.push(...rest.splice(0, Math.max(0, ENDPOINTS_PER_SLICE_MAX - endpoints.length)));
  return { filled: staying, rest };
}

function endpointKey({ addresses, targetRef }: Endpoint): string {
  return `${targetRef?.uid ?? ""} ${addresses[0] ?? ""}`;
}

function endpointOf({ service, nodes }: SliceInput, target: EndpointTarget): Endpoint {
  const { pod, address, ready, serving, terminating } = target;
  const { nodeName } = pod.spec;
  const zone = nodeName === undefined ? undefined : nodes(nodeName)?.metadata.labels?.[LABELS.zone];
  const hostname = hostnameIn(service, pod);
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: {
      kind: "Pod",
      ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
    ...(zone === undefined ? {} : { zone }),
  };
}

function sliceLabels({ metadata, spec }: Service): Readonly<Record<string, string>> {
  return {
    ...metadata.labels,
    ...(spec.clusterIP === "None" ? { [HEADLESS_LABEL]: "" } : {}),
    [SERVICE_NAME_LABEL]: metadata.name,
    [MANAGED_BY_LABEL]: MANAGER,
  };
}

function emptySlice(service: Service, labels: Readonly<Record<string, string>>): Fresh<EndpointSlice> {
  const { namespace, name } = service.metadata;
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      generateName: `${name}-`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      ownerReferences: [controllerRef(service)],
    },
    addressType: "IPv4",
  };
}

function chunks(endpoints: readonly Endpoint[]): readonly (readonly Endpoint[])[] {
  const count = Math.ceil(endpoints.length / ENDPOINTS_PER_SLICE_MAX);
  return Array.from({ length: count }, (_, index) =>
    endpoints.slice(index * ENDPOINTS_PER_SLICE_MAX, (index + 1) * ENDPOINTS_PER_SLICE_MAX),
  );
}
