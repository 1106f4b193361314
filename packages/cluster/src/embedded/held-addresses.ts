import type { Node, Pod } from "@nodeless/api";

/**
 * Addresses that pods and micro-VMs of an earlier run hold: of pods that are not finished, not on the host network, and whose node exists (or
 * nobody would ever give the address back), and of every Fargate node. They must be marked as taken before anything new gets an address.
 */
export function heldAddresses(pods: readonly Pod[], nodes: readonly Node[]): ReadonlySet<string> {
  const present = new Set(nodes.map(({ metadata }) => metadata.name));
  const ofPods = pods
    .filter(
      ({ spec, status }) => spec.hostNetwork !== true && status?.phase !== "Succeeded" && status?.phase !== "Failed",
    )
    .filter(({ spec }) => present.has(spec.nodeName ?? ""))
    .flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip).concat(status?.podIP ?? []));
  const ofMicroVms = nodes
    .filter(({ metadata }) => metadata.labels?.["eks.amazonaws.com/compute-type"] === "fargate")
    .flatMap(({ status }) =>
      (status?.addresses ?? []).filter(({ type }) => type === "InternalIP").map(({ address }) => address),
    );
  return new Set([...ofPods, ...ofMicroVms]);
}
