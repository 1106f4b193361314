import type { Node, ResourceAmounts } from "@nodeless/api";
import { parseResourceList } from "@nodeless/api";
import type { HostPort } from "@nodeless/scheduling";
import type { PodShape } from "./pod-shape.ts";

/** A node with what is bound to it, kept up to date pod by pod. */
export interface NodeInfo {
  readonly name: string;
  /** Undefined while pods name a node that is not known (yet, or any more). */
  node: Node | undefined;
  allocatable: ResourceAmounts;
  /** Requests of the pods, assumed ones included. */
  readonly requested: Map<string, number>;
  readonly pods: Map<string, PodShape>;
  ports: readonly HostPort[];
  /** Changes with labels, taints, allocatable and `unschedulable`. */
  generation: number;
}

export function newNodeInfo(name: string): NodeInfo {
  return {
    name,
    node: undefined,
    allocatable: new Map(),
    requested: new Map(),
    pods: new Map(),
    ports: [],
    generation: 0,
  };
}

/** Takes over a newer Node object. */
export function updateNode(info: NodeInfo, node: Node | undefined): void {
  info.node = node;
  info.allocatable = parseResourceList(node?.status?.allocatable ?? node?.status?.capacity);
  info.generation += 1;
}

/** Counts a pod in. */
export function addPod(info: NodeInfo, key: string, shape: PodShape): void {
  info.pods.set(key, shape);
  for (const [resource, amount] of shape.requests)
    info.requested.set(resource, (info.requested.get(resource) ?? 0) + amount);
  if (shape.ports.length > 0) info.ports = [...info.ports, ...shape.ports];
}

/** Counts a pod out. Returns its shape, or undefined if it was not there. */
export function removePod(info: NodeInfo, key: string): PodShape | undefined {
  const shape = info.pods.get(key);
  if (shape === undefined) return undefined;
  info.pods.delete(key);
  for (const [resource, amount] of shape.requests)
    info.requested.set(resource, (info.requested.get(resource) ?? 0) - amount);
  if (shape.ports.length > 0) info.ports = [...info.pods.values()].flatMap(({ ports }) => ports);
  return shape;
}

export function labelsOf(info: NodeInfo): Readonly<Record<string, string>> {
  return info.node?.metadata.labels ?? {};
}

/** A label of the node, or its name for a missing hostname. */
export function labelValue(info: NodeInfo, key: string): string | undefined {
  const labels = labelsOf(info);
  return Object.hasOwn(labels, key) ? labels[key] : undefined;
}
