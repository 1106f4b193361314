import type { Pod } from "@nodeless/api";
import { ANNOTATIONS, DEFAULT_SCHEDULER, FARGATE_SCHEDULER, LABELS } from "@nodeless/api";
import type { FargateProfile } from "./contract.ts";
import { matchesPattern } from "./patterns.ts";

/** What of a pod decides whether it goes to Fargate. */
export interface MatchablePod {
  readonly metadata: Pick<Partial<Pod["metadata"]>, "namespace" | "labels" | "annotations" | "ownerReferences">;
  readonly spec: Pick<Pod["spec"], "nodeName" | "schedulerName">;
}

/** Why a pod does not go to Fargate. */
export type NoMatchReason =
  | "compute-type-ec2"
  | "daemonset"
  | "static-pod"
  | "node-name"
  | "scheduler-name"
  | "profile-label"
  | "profile-not-active"
  | "no-selector";

export type FargateMatch =
  | { readonly kind: "matched"; readonly profile: FargateProfile }
  | { readonly kind: "none"; readonly reason: NoMatchReason /** A sentence for the user. */; readonly message: string };

/**
 * The profile that takes a pod at its creation. Of several the first by name wins, unless the pod's label chooses one; whoever is
 * chosen must match. Pure: equal input gives an equal answer. Source: the EKS user guide on Fargate profiles (fargate.md §2).
 */
export function matchProfile(profiles: readonly FargateProfile[], pod: MatchablePod): FargateMatch {
  const skipped = skipReason(pod);
  if (skipped !== undefined) return skipped;
  const candidates = profiles.filter((profile) => isSelected(profile, pod)).sort(byName);
  const active = candidates.filter(({ status }) => status === "ACTIVE");
  const chosen = own(pod.metadata.labels, LABELS.fargateProfile);
  const profile = chosen === undefined ? active[0] : active.find(({ name }) => name === chosen);
  if (profile !== undefined) return { kind: "matched", profile };
  if (chosen !== undefined) return none("profile-label", explainLabel(chosen, profiles, active));
  const [waiting] = candidates;
  if (waiting !== undefined)
    return none(
      "profile-not-active",
      `profile ${waiting.name} selects the pod but is ${waiting.status}; profiles only count when the pod is created`,
    );
  return none("no-selector", explainNearest(profiles, pod));
}

const none = (reason: NoMatchReason, message: string): FargateMatch => ({ kind: "none", reason, message });
/** By code unit: the documented "alphanumeric sort", the same in every locale. */
const byName = (a: FargateProfile, b: FargateProfile): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);

function own(map: Readonly<Record<string, string>> | undefined, key: string): string | undefined {
  return map !== undefined && Object.hasOwn(map, key) ? map[key] : undefined;
}

/** Rules that keep a pod off Fargate whatever the profiles say. */
function skipReason({ metadata, spec }: MatchablePod): FargateMatch | undefined {
  if (own(metadata.annotations, ANNOTATIONS.computeType) === "ec2")
    return none("compute-type-ec2", `the pod's annotation ${ANNOTATIONS.computeType}: ec2 keeps it off Fargate`);
  if ((metadata.ownerReferences ?? []).some(({ kind, controller }) => kind === "DaemonSet" && controller !== false))
    return none("daemonset", "pods of DaemonSets do not run on Fargate: every pod there has a node of its own");
  if (own(metadata.annotations, "kubernetes.io/config.mirror") !== undefined)
    return none("static-pod", "static pods belong to the node that made them");
  if (spec.nodeName !== undefined && spec.nodeName !== "")
    return none("node-name", `the pod names its node (${spec.nodeName}) itself`);
  const { schedulerName = DEFAULT_SCHEDULER } = spec;
  if (schedulerName !== "" && schedulerName !== DEFAULT_SCHEDULER && schedulerName !== FARGATE_SCHEDULER)
    return none("scheduler-name", `the pod asks for another scheduler (${schedulerName})`);
  return undefined;
}

function isSelected(profile: FargateProfile, pod: MatchablePod): boolean {
  return profile.selectors.some((selector) => missingFrom(selector, pod) === undefined);
}

type Selector = FargateProfile["selectors"][number];

/** The first thing of a selector that a pod lacks: `namespace`, or `key=value` of a label; undefined when it matches. */
function missingFrom(selector: Selector, { metadata }: MatchablePod): string | undefined {
  if (!matchesPattern(selector.namespace, metadata.namespace ?? "default")) return "namespace";
  const labels = Object.entries(metadata.labels ?? {});
  for (const [key, value] of Object.entries(selector.labels ?? {}))
    if (!labels.some(([k, v]) => matchesPattern(key, k) && matchesPattern(value, v))) return `${key}=${value}`;
  return undefined;
}

function explainLabel(chosen: string, profiles: readonly FargateProfile[], active: readonly FargateProfile[]): string {
  const named = profiles.find(({ name }) => name === chosen);
  const wish = `the pod's label chooses profile ${chosen}`;
  if (named === undefined) return `${wish}, which does not exist`;
  if (named.status !== "ACTIVE") return `${wish}, which is ${named.status}`;
  const others = active.length === 0 ? "" : ` (${active.map(({ name }) => name).join(", ")} would match)`;
  return `${wish}, but none of its selectors matches the pod${others}`;
}

function explainNearest(profiles: readonly FargateProfile[], pod: MatchablePod): string {
  if (profiles.length === 0) return "the cluster has no Fargate profile";
  const namespace = pod.metadata.namespace ?? "default";
  for (const { name, selectors } of [...profiles].sort(byName))
    for (const selector of selectors) {
      const missing = missingFrom(selector, pod);
      if (missing !== undefined && missing !== "namespace")
        return `profile ${name} selects namespace ${selector.namespace}, but the pod lacks the label ${missing}`;
    }
  return `no Fargate profile selects namespace ${namespace}`;
}
