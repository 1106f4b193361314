import type { EndpointPort, Pod, PodSpec, Service, ServicePort } from "@nodeless/api";
import { isPodReady, isPodTerminal } from "../workload/pod-status.ts";

/** A port as slices and Endpoints spell it. */
export interface TargetPort extends EndpointPort {
  readonly port: number;
}

/** One pod behind a service. */
export interface EndpointTarget {
  readonly pod: Pod;
  readonly address: string;
  /** May receive traffic: ready and staying, or the service publishes everybody. */
  readonly ready: boolean;
  /** Passes its readiness probes, even while it is going. */
  readonly serving: boolean;
  readonly terminating: boolean;
}

/** Targets that have the same ports: named target ports may resolve differently from pod to pod. */
export interface TargetGroup {
  readonly ports: readonly TargetPort[];
  readonly targets: readonly EndpointTarget[];
}

/** True if a controller keeps this service's endpoints. Services without a selector are kept by hand. */
export function hasSelector({ spec }: Service): boolean {
  return spec.type !== "ExternalName" && Object.keys(spec.selector ?? {}).length > 0;
}

/** True if the service's selector takes the pod. */
export function selects({ spec }: Service, pod: Pod): boolean {
  const labels = pod.metadata.labels ?? {};
  return Object.entries(spec.selector ?? {}).every(
    ([key, value]) => Object.hasOwn(labels, key) && labels[key] === value,
  );
}

/** The pods behind a service, by their ports. Source: kubernetes pkg/controller/endpointslice and endpoint utils (release 1.35). */
export function groupTargets(service: Service, pods: readonly Pod[]): readonly TargetGroup[] {
  const groups = new Map<string, { readonly ports: readonly TargetPort[]; readonly targets: EndpointTarget[] }>();
  for (const pod of byName(pods)) {
    const address = pod.status?.podIP;
    if (address === undefined || address === "" || isPodTerminal(pod)) continue;
    const ports = (service.spec.ports ?? []).flatMap((port) => resolvePort(port, pod.spec) ?? []);
    const key = JSON.stringify(ports);
    const group = groups.get(key) ?? { ports, targets: [] };
    groups.set(key, group);
    const terminating = pod.metadata.deletionTimestamp !== undefined;
    const serving = isPodReady(pod);
    const ready = service.spec.publishNotReadyAddresses === true || (serving && !terminating);
    group.targets.push({ pod, address, ready, serving, terminating });
  }
  return [...groups.values()];
}

/** Undefined when no container has the named target port: the pod does not serve it. */
function resolvePort(
  { name, port, targetPort = port, protocol = "TCP", appProtocol }: ServicePort,
  spec: PodSpec,
): TargetPort | undefined {
  const number = typeof targetPort === "number" ? targetPort : containerPort(spec, targetPort, protocol);
  if (number === undefined) return undefined;
  return {
    ...(name === undefined ? {} : { name }),
    port: number,
    protocol,
    ...(appProtocol === undefined ? {} : { appProtocol }),
  };
}

function containerPort(
  { containers, initContainers = [] }: PodSpec,
  portName: string,
  protocol: string,
): number | undefined {
  const sidecars = initContainers.filter(({ restartPolicy }) => restartPolicy === "Always");
  for (const { ports = [] } of [...containers, ...sidecars])
    for (const port of ports)
      if (port.name === portName && (port.protocol ?? "TCP") === protocol) return port.containerPort;
  return undefined;
}

function byName(pods: readonly Pod[]): readonly Pod[] {
  return [...pods].sort((left, right) => (left.metadata.name < right.metadata.name ? -1 : 1));
}

/** The pod's stable name within a headless service, if it has one. */
export function hostnameIn({ metadata }: Service, pod: Pod): string | undefined {
  return pod.spec.subdomain === metadata.name && pod.metadata.namespace === metadata.namespace
    ? pod.spec.hostname
    : undefined;
}
