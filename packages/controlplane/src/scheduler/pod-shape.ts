import type { Pod, PodAffinityTerm, ResourceAmounts } from "@nodeless/api";
import { podRequests } from "@nodeless/api";
import { type HostPort, hostPortsOf, requirement, type TopologyOwner } from "@nodeless/scheduling";

/** What scheduling looks at in a pod; equal pods share one shape, and with it what was found out about nodes. */
export interface PodShape {
  readonly key: string;
  readonly spec: Pod["spec"];
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Without the pod slot. */
  readonly requests: ResourceAmounts;
  readonly ports: readonly HostPort[];
  /** How topology rules of the pod understand it. */
  readonly owner: TopologyOwner;
  /** Names to which `matchFields: metadata.name` pins the pod, as the DaemonSet controller does. */
  readonly pinnedTo: ReadonlySet<string> | undefined;
  /** Names of its persistent volume claims. */
  readonly claimNames: readonly string[];
}

/** The shape of a pod; the caller interns it by `key`. */
export function podShapeOf(pod: Pod): PodShape {
  const { spec, metadata } = pod;
  const namespace = metadata.namespace ?? "default";
  const labels = metadata.labels ?? {};
  const selector = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) => requirement(key, "In", [value]));
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return {
    key: shapeKey(pod),
    spec,
    namespace,
    labels,
    requests: podRequests(spec),
    ports: hostPortsOf(spec),
    owner: {
      namespace,
      labels,
      tolerations: spec.tolerations ?? [],
      eligibility: (terms ?? [undefined]).map((term) => [
        ...selector,
        ...(term?.matchExpressions ?? []).map(({ key, operator, values }) => requirement(key, operator, values)),
      ]),
    },
    pinnedTo: pinnedNames(spec),
    claimNames: (spec.volumes ?? []).flatMap((volume) =>
      volume.persistentVolumeClaim !== undefined
        ? [volume.persistentVolumeClaim.claimName]
        : volume.ephemeral !== undefined
          ? [`${metadata.name}-${volume.name}`]
          : [],
    ),
  };
}

/** Everything a filter or a score reads, as text. Names of claims are in it, so that only pods without volumes of their own share. */
export function shapeKey({ spec, metadata }: Pod): string {
  return JSON.stringify([
    metadata.namespace,
    metadata.labels,
    spec.containers.map(({ resources, ports, restartPolicy }) => [resources, ports, restartPolicy]),
    spec.initContainers?.map(({ resources, ports, restartPolicy }) => [resources, ports, restartPolicy]),
    spec.nodeSelector,
    spec.affinity,
    spec.tolerations,
    spec.topologySpreadConstraints,
    spec.overhead,
    spec.resources,
    spec.hostNetwork,
    spec.volumes?.map(({ persistentVolumeClaim, ephemeral }) => [
      persistentVolumeClaim?.claimName,
      ephemeral === undefined ? undefined : metadata.name,
    ]),
  ]);
}

function pinnedNames(spec: Pod["spec"]): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  const names = new Set<string>();
  for (const { matchFields } of terms) {
    const field = matchFields?.find(({ key, operator }) => key === "metadata.name" && operator === "In");
    // One term without a pin leaves every node open.
    if (field === undefined) return undefined;
    for (const name of field.values ?? []) names.add(name);
  }
  return names;
}

/** Required anti-affinity terms, which also keep later pods away. */
export function requiredAntiAffinity(spec: Pod["spec"]): readonly PodAffinityTerm[] {
  return spec.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
}
