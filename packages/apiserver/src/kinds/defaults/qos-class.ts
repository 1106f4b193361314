import type { PodSpec } from "@nodeless/api";
import { compareQuantities } from "@nodeless/api";

const COUNTED = ["cpu", "memory"] as const;
type Resources = { readonly [name: string]: string } | undefined;

const isPositive = (list: Resources, name: string): boolean => compareQuantities(list?.[name] ?? "0", "0") > 0;

/**
 * BestEffort: nothing is requested; Guaranteed: every container limits cpu and memory and requests just that; else Burstable.
 * Source: kubernetes/kubernetes pkg/apis/core/helper/qos/qos.go.
 */
export function qosClass(spec: PodSpec): "Guaranteed" | "Burstable" | "BestEffort" {
  const judged =
    spec.resources === undefined
      ? [...spec.containers, ...(spec.initContainers ?? [])].map((one) => one.resources)
      : [spec.resources];
  const counts = judged.some((resources) =>
    COUNTED.some((name) => isPositive(resources?.requests, name) || isPositive(resources?.limits, name)),
  );
  if (!counts) return "BestEffort";
  const exact = judged.every((resources) =>
    COUNTED.every(
      (name) =>
        isPositive(resources?.limits, name) &&
        compareQuantities(
          resources?.requests?.[name] ?? resources?.limits?.[name] ?? "0",
          resources?.limits?.[name] ?? "0",
        ) === 0,
    ),
  );
  return exact ? "Guaranteed" : "Burstable";
}
