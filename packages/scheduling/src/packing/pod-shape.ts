import type { Container, Pod, PodSpec, ResourceAmounts } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import { compareText } from "../requirements/requirements.ts";
import type { HostPort } from "../resources/host-ports.ts";
import { hostPortsOf } from "../resources/host-ports.ts";
import type { PodVariant } from "./pod-variant.ts";
import { podVariants } from "./pod-variant.ts";

/** Pods that no scheduling rule can tell apart, placed as one run. */
export interface PodShape {
  readonly index: number;
  readonly spec: PodSpec;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Requests of one pod, its own pod slot included. */
  readonly requests: ResourceAmounts;
  readonly ports: readonly HostPort[];
  /** As asked for first, fully relaxed last. Never empty. */
  readonly variants: readonly PodVariant[];
  /** By creation time, then uid. */
  readonly pods: readonly Pod[];
}

export interface ShapeOptions {
  /** Label keys that some topology term of this pass looks at; other labels do not tell pods apart. Undefined: no such term. */
  readonly selectedLabelKeys: ReadonlySet<string> | undefined;
  readonly preferNoScheduleExists: boolean;
}

/** `namespace/name`. */
export function podKeyOf(pod: Pod): string {
  return `${pod.metadata.namespace ?? "default"}/${pod.metadata.name}`;
}

/** Requests of a pod including its pod slot. */
export function requestsWithSlot(spec: PodSpec): ResourceAmounts {
  const requests = podRequests(spec);
  requests.set("pods", 1);
  return requests;
}

/** Groups equal pods and orders the groups as Karpenter orders pods: cpu, memory, age, uid (karpenter.md §3.4). */
export function podShapes(pods: readonly Pod[], options: ShapeOptions): readonly PodShape[] {
  const groups = new Map<string, Pod[]>();
  for (const pod of pods) {
    const key = shapeKey(pod, options.selectedLabelKeys);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pod]);
    else group.push(pod);
  }
  const shapes = [...groups.values()].map((group) => shapeOf(group.sort(byAge), options));
  return shapes.sort(bySize).map((shape, index) => ({ ...shape, index }));
}

function shapeOf(pods: readonly Pod[], options: ShapeOptions): PodShape {
  const [first] = pods;
  if (first === undefined) throw new TypeError("a shape needs a pod");
  return {
    index: 0,
    spec: first.spec,
    namespace: first.metadata.namespace ?? "default",
    labels: first.metadata.labels ?? {},
    requests: requestsWithSlot(first.spec),
    ports: hostPortsOf(first.spec),
    variants: podVariants(first.spec, options.preferNoScheduleExists),
    pods,
  };
}

function bySize(a: PodShape, b: PodShape): number {
  const cpu = amount(b, "cpu") - amount(a, "cpu");
  if (cpu !== 0) return cpu;
  const memory = amount(b, "memory") - amount(a, "memory");
  if (memory !== 0) return memory;
  const [firstA] = a.pods;
  const [firstB] = b.pods;
  return firstA === undefined || firstB === undefined ? 0 : byAge(firstA, firstB);
}

const amount = ({ requests }: PodShape, resource: string): number => requests.get(resource) ?? 0;

function byAge(a: Pod, b: Pod): number {
  return (
    compareText(a.metadata.creationTimestamp ?? "", b.metadata.creationTimestamp ?? "") ||
    compareText(a.metadata.uid ?? "", b.metadata.uid ?? "") ||
    compareText(podKeyOf(a), podKeyOf(b))
  );
}

/** Everything of a pod that a rule looks at, as text. */
function shapeKey(pod: Pod, selectedLabelKeys: ReadonlySet<string> | undefined): string {
  const { spec } = pod;
  const hostNetwork = spec.hostNetwork === true;
  const parts: unknown[] = [
    spec.containers.map((container) => containerKey(container, hostNetwork)),
    spec.initContainers?.map((container) => containerKey(container, hostNetwork)),
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpreadConstraints,
    spec.overhead,
    spec.resources,
  ];
  if (selectedLabelKeys !== undefined) {
    parts.push(pod.metadata.namespace);
    for (const key of selectedLabelKeys) parts.push(pod.metadata.labels?.[key]);
  }
  return JSON.stringify(parts);
}

function containerKey({ resources, ports, restartPolicy }: Container, hostNetwork: boolean): unknown {
  const takesHostPorts = ports?.some(({ hostPort }) => hostNetwork || hostPort !== undefined) === true;
  return [resources?.requests, resources?.limits, takesHostPorts ? ports : 0, restartPolicy];
}
