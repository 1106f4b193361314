import type { Container, PodSpec } from "./generated/kubernetes.ts";
import { parseMilli, parseUnits } from "./quantity.ts";

/** Resource amounts by resource name: millicores for `cpu`, whole units (bytes, counts) for everything else. */
export type ResourceAmounts = ReadonlyMap<string, number>;

/** Parses a ResourceList. Throws InvalidQuantityError. */
export function parseResourceList(list: Readonly<Record<string, string | number>> | undefined): Map<string, number> {
  const amounts = new Map<string, number>();
  for (const [name, quantity] of Object.entries(list ?? {}))
    amounts.set(name, name === "cpu" ? parseMilli(quantity) : parseUnits(quantity));
  return amounts;
}

/**
 * What a pod requests of a node, without its own pod slot: the larger of (app containers + sidecars) and each init step,
 * pod-level requests instead of the sum where given, plus overhead. A limit without a request counts as the request.
 * Source: k8s.io/component-helpers resource.PodRequests (release 1.36), KEP-753 (sidecars), KEP-2837 (pod-level resources).
 */
export function podRequests(
  spec: Pick<PodSpec, "containers" | "initContainers" | "overhead" | "resources">,
): Map<string, number> {
  const total = new Map<string, number>();
  for (const container of spec.containers) addInto(total, containerRequests(container));
  const sidecars = new Map<string, number>();
  const initPeak = new Map<string, number>();
  for (const container of spec.initContainers ?? []) {
    const requests = containerRequests(container);
    if (container.restartPolicy === "Always") {
      addInto(sidecars, requests);
      addInto(total, requests);
      maxInto(initPeak, sidecars);
    } else {
      // An init step runs beside the sidecars that were started before it.
      const step = new Map(sidecars);
      addInto(step, requests);
      maxInto(initPeak, step);
    }
  }
  maxInto(total, initPeak);
  const { requests, limits } = spec.resources ?? {};
  // As the API server defaults it: a pod-level limit is the request only of what no container requests.
  for (const [name, amount] of parseResourceList(limits)) if (!total.has(name)) total.set(name, amount);
  for (const [name, amount] of parseResourceList(requests)) total.set(name, amount);
  addInto(total, parseResourceList(spec.overhead));
  return total;
}

/** One container's requests; a limit stands in for a missing request. Throws InvalidQuantityError. */
export function containerRequests(container: Pick<Container, "resources">): Map<string, number> {
  return parseResourceList({ ...container.resources?.limits, ...container.resources?.requests });
}

function addInto(target: Map<string, number>, amounts: ResourceAmounts): void {
  for (const [name, amount] of amounts) target.set(name, (target.get(name) ?? 0) + amount);
}

function maxInto(target: Map<string, number>, amounts: ResourceAmounts): void {
  for (const [name, amount] of amounts) target.set(name, Math.max(target.get(name) ?? 0, amount));
}
