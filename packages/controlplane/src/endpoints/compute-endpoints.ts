import type { EndpointAddress, EndpointSubset, Endpoints, Fresh, Service } from "@nodeless/api";
import { type EndpointTarget, hostnameIn, type TargetGroup } from "./endpoint-targets.ts";

/** Addresses of one Endpoints object; beyond it the object is marked and cut. Source: endpoints controller maxCapacity. */
const ENDPOINTS_CAPACITY = 1_000;
const OVER_CAPACITY = "endpoints.kubernetes.io/over-capacity";

/** The Endpoints object of a service, the older view of its slices. Source: kubernetes pkg/controller/endpoint (release 1.35). */
export function computeEndpoints(service: Service, groups: readonly TargetGroup[]): Fresh<Endpoints> {
  const { name, namespace, labels } = service.metadata;
  const staying = groups.map((group) => ({
    ...group,
    targets: group.targets.filter(({ ready, terminating }) => ready || !terminating),
  }));
  const total = staying.reduce((sum, { targets }) => sum + targets.length, 0);
  let room = ENDPOINTS_CAPACITY;
  const subsets: EndpointSubset[] = [];
  for (const { ports, targets } of staying) {
    const taken = targets.slice(0, room);
    room -= taken.length;
    if (taken.length === 0) continue;
    const addresses = taken.filter(({ ready }) => ready).map((target) => addressOf(service, target));
    const notReadyAddresses = taken.filter(({ ready }) => !ready).map((target) => addressOf(service, target));
    subsets.push({
      ...(addresses.length === 0 ? {} : { addresses }),
      ...(notReadyAddresses.length === 0 ? {} : { notReadyAddresses }),
      ...(ports.length === 0 ? {} : { ports }),
    });
  }
  return {
    apiVersion: "v1",
    kind: "Endpoints",
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels: {
        ...labels,
        ...(service.spec.clusterIP === "None" ? { "service.kubernetes.io/headless": "" } : {}),
        "endpoints.kubernetes.io/managed-by": "endpoint-controller",
      },
      ...(total > ENDPOINTS_CAPACITY ? { annotations: { [OVER_CAPACITY]: "truncated" } } : {}),
    },
    ...(subsets.length === 0 ? {} : { subsets }),
  };
}

function addressOf(service: Service, { pod, address }: EndpointTarget): EndpointAddress {
  const hostname = hostnameIn(service, pod);
  return {
    ip: address,
    ...(hostname === undefined ? {} : { hostname }),
    ...(pod.spec.nodeName === undefined ? {} : { nodeName: pod.spec.nodeName }),
    targetRef: {
      kind: "Pod",
      ...(pod.metadata.namespace === undefined ? {} : { namespace: pod.metadata.namespace }),
      name: pod.metadata.name,
      uid: pod.metadata.uid,
    },
  };
}
