import type { Container, LimitRange, PodSpec, PriorityClass, ResourceRequirements, RuntimeClass } from "@nodeless/api";
import { formatMilli, podRequests } from "@nodeless/api";
import type { ObjectSet } from "./object-set.ts";

/** Priorities that every cluster has. Source: kubernetes pkg/apis/scheduling/types.go. */
const SYSTEM_PRIORITIES: ReadonlyMap<string, number> = new Map([
  ["system-cluster-critical", 2_000_000_000],
  ["system-node-critical", 2_000_001_000],
]);

type Amounts = Readonly<Record<string, string>>;

interface ContainerDefaults {
  readonly limits: Amounts;
  readonly requests: Amounts;
}

/**
 * What the API server writes into a pod at its creation, as far as scheduling reads it: requests of limits, defaults of LimitRanges, host
 * ports, pod-level requests, priority and the overhead of a RuntimeClass.
 * Source: kubernetes pkg/apis/core/v1/defaults.go and the admission plugins LimitRanger, Priority and RuntimeClass (release 1.36).
 */
export class PodDefaults {
  readonly #limitRanges = new Map<string, ContainerDefaults>();
  readonly #priorities = new Map<string, number>(SYSTEM_PRIORITIES);
  readonly #defaultPriority: PriorityClass | undefined;
  readonly #runtimeClasses: ReadonlyMap<string, RuntimeClass>;

  constructor(objects: ObjectSet) {
    for (const range of objects.objects("LimitRange")) this.#addLimitRange(range);
    const classes = objects.objects("PriorityClass");
    for (const { metadata, value = 0 } of classes) this.#priorities.set(metadata.name, value);
    // Of several global defaults the lowest counts.
    [this.#defaultPriority] = classes
      .filter(({ globalDefault }) => globalDefault === true)
      .sort((a, b) => (a.value ?? 0) - (b.value ?? 0));
    this.#runtimeClasses = new Map(objects.objects("RuntimeClass").map((one) => [one.metadata.name, one]));
  }

  /** The completed spec; the given one is not changed. */
  complete(spec: PodSpec, namespace: string): PodSpec {
    const ranges = this.#limitRanges.get(namespace);
    const withContainers: PodSpec = {
      ...spec,
      containers: spec.containers.map((one) => completeContainer(one, spec, ranges)),
      ...(spec.initContainers === undefined
        ? {}
        : { initContainers: spec.initContainers.map((one) => completeContainer(one, spec, ranges)) }),
    };
    return {
      ...withContainers,
      ...podLevelRequests(withContainers),
      ...this.#priority(spec),
      ...this.#runtime(spec),
    };
  }

  #priority({ priorityClassName = "", priority }: PodSpec): Pick<PodSpec, "priority"> {
    const value = priorityClassName === "" ? this.#defaultPriority?.value : this.#priorities.get(priorityClassName);
    return { priority: priority ?? value ?? 0 };
  }

  #runtime(spec: PodSpec): Partial<PodSpec> {
    const found = this.#runtimeClasses.get(spec.runtimeClassName ?? "");
    if (found === undefined) return {};
    const { overhead, scheduling } = found;
    return {
      ...(spec.overhead === undefined && overhead?.podFixed !== undefined ? { overhead: overhead.podFixed } : {}),
      ...(scheduling?.nodeSelector === undefined
        ? {}
        : { nodeSelector: { ...spec.nodeSelector, ...scheduling.nodeSelector } }),
      ...(scheduling?.tolerations === undefined
        ? {}
        : { tolerations: [...(spec.tolerations ?? []), ...scheduling.tolerations] }),
    };
  }

  #addLimitRange({ metadata, spec }: LimitRange): void {
    const namespace = metadata.namespace ?? "default";
    let { limits, requests } = this.#limitRanges.get(namespace) ?? { limits: {}, requests: {} };
    for (const item of spec?.limits ?? []) {
      if (item.type !== "Container") continue;
      // A maximum stands in for the default limit, that for the default request, and a minimum for both.
      const itemLimits = { ...item.max, ...item.default };
      limits = { ...itemLimits, ...limits };
      requests = { ...item.min, ...itemLimits, ...item.defaultRequest, ...requests };
    }
    this.#limitRanges.set(namespace, { limits, requests });
  }
}

function completeContainer(container: Container, spec: PodSpec, ranges: ContainerDefaults | undefined): Container {
  const resources = completeResources(container.resources, ranges);
  const ports =
    spec.hostNetwork === true
      ? container.ports?.map((port) => ({ ...port, hostPort: port.hostPort ?? port.containerPort }))
      : container.ports;
  return {
    ...container,
    ...(resources === undefined ? {} : { resources }),
    ...(ports === undefined ? {} : { ports }),
  };
}

/** First the container's own limits become requests, then what is still open comes from the namespace's LimitRanges. */
function completeResources(
  resources: ResourceRequirements | undefined,
  ranges: ContainerDefaults | undefined,
): ResourceRequirements | undefined {
  const requests = { ...ranges?.requests, ...resources?.limits, ...resources?.requests };
  const limits = { ...ranges?.limits, ...resources?.limits };
  if (Object.keys(requests).length === 0 && Object.keys(limits).length === 0) return resources;
  return { ...resources, requests, ...(Object.keys(limits).length === 0 ? {} : { limits }) };
}

/** Of a pod with resources of its own, what its containers ask for stands in for a missing request, and that for its limit. */
function podLevelRequests(spec: PodSpec): Pick<PodSpec, "resources"> {
  const { resources } = spec;
  if (resources === undefined) return {};
  const { resources: _own, overhead: _overhead, ...containersOnly } = spec;
  const sums = [...podRequests(containersOnly)].filter(([name]) => name === "cpu" || name === "memory");
  const fromContainers = sums.map(([name, amount]) => [name, name === "cpu" ? formatMilli(amount) : String(amount)]);
  const requests = { ...resources.limits, ...Object.fromEntries(fromContainers), ...resources.requests };
  return { resources: { ...resources, requests } };
}
