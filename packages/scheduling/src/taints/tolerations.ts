import type { Taint, Toleration } from "@nodeless/api";

/**
 * Taints and tolerations.
 * Source: k8s.io/component-helpers scheduling/corev1 and k8s.io/api core/v1 toleration.go (release 1.36).
 */

/** True if the toleration covers the taint: equal key (or none), equal effect (or none), `Exists` or an equal value. */
export function toleratesTaint(toleration: Toleration, taint: Taint): boolean {
  if (toleration.effect !== undefined && toleration.effect !== "" && toleration.effect !== taint.effect) return false;
  const key = toleration.key ?? "";
  if (key !== "" && key !== taint.key) return false;
  switch (toleration.operator ?? "") {
    case "Exists":
      return true;
    case "":
    case "Equal":
      return key !== "" && (toleration.value ?? "") === (taint.value ?? "");
    case "Gt":
      return numericallyTolerates(toleration, taint, (a, b) => a > b);
    case "Lt":
      return numericallyTolerates(toleration, taint, (a, b) => a < b);
    default:
      return false;
  }
}

/** KEP-5471: the taint's value compared with the toleration's, both integers. */
function numericallyTolerates(
  toleration: Toleration,
  taint: Taint,
  holds: (taintValue: number, tolerated: number) => boolean,
): boolean {
  const values = [taint.value ?? "", toleration.value ?? ""];
  return (
    toleration.key === taint.key &&
    values.every((value) => /^-?\d+$/.test(value)) &&
    holds(Number(values[0]), Number(values[1]))
  );
}

const HARD_EFFECTS: readonly string[] = ["NoSchedule", "NoExecute"];

/** The first NoSchedule or NoExecute taint that no toleration covers; `PreferNoSchedule` only where `effects` names it. */
export function firstUntoleratedTaint(
  taints: readonly Taint[] | undefined,
  tolerations: readonly Toleration[] | undefined,
  effects: readonly string[] = HARD_EFFECTS,
): Taint | undefined {
  return (taints ?? []).find(
    (taint) =>
      effects.includes(taint.effect) && (tolerations ?? []).every((toleration) => !toleratesTaint(toleration, taint)),
  );
}

/** True if the pod may be placed on a node with these taints. PreferNoSchedule never forbids. */
export function toleratesTaints(
  tolerations: readonly Toleration[] | undefined,
  taints: readonly Taint[] | undefined,
): boolean {
  return firstUntoleratedTaint(taints, tolerations) === undefined;
}

/** `key=value:Effect`, or `key:Effect` without a value. */
export function formatTaint({ key, value, effect }: Taint): string {
  return value === undefined || value === "" ? `${key}:${effect}` : `${key}=${value}:${effect}`;
}
