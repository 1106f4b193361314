import type { Pod, ResourceAmounts } from "@nodeless/api";
import { LABELS, WELL_KNOWN_LABELS } from "@nodeless/api";
import type { InstanceType, Requirement, Requirements, SchedulingNodePool } from "../model.ts";
import { requiredTerms } from "../requirements/node-affinity.ts";
import { demandsLabel, requirement, requirementsOverlap } from "../requirements/requirement.ts";
import { addAmounts } from "../resources/amounts.ts";
import type { HostPort } from "../resources/host-ports.ts";
import { hostPortsOf } from "../resources/host-ports.ts";
import { toleratesTaints } from "../taints/tolerations.ts";
import { requestsWithSlot } from "./pod-shape.ts";

/** What the DaemonSets take on one overhead group: the types on which the same DaemonSets land. */
export interface DaemonOverhead {
  readonly requests: ResourceAmounts;
  readonly ports: readonly HostPort[];
}

/** A DaemonSet's pod as the overhead rule sees it: each alternative is the nodeSelector with one required term. */
interface Daemon {
  readonly pod: Pod;
  readonly alternatives: readonly (readonly Requirement[])[];
}

/** Labels that every node carries once it is up. */
const ASSUMED_LABELS: ReadonlyMap<string, Requirement> = new Map(
  [LABELS.nodeRegistered, LABELS.nodeInitialized].map((key) => [key, requirement(key, "In", ["true"])]),
);

/**
 * Overhead per instance type of a pool, shared between types of the same group. A DaemonSet counts if its pod tolerates the
 * pool's taints (startup taints aside) and one of its required terms can be met by pool and type (karpenter.md §3.7).
 */
export function daemonOverheads(
  pool: Pick<SchedulingNodePool, "taints" | "requirements">,
  daemonSetPods: readonly Pod[],
): (instanceType: InstanceType) => DaemonOverhead {
  const daemons = daemonSetPods
    .filter(({ spec }) => toleratesTaints(spec.tolerations, pool.taints))
    .map((pod): Daemon => ({ pod, alternatives: alternativesOf(pod) }));
  const groups = new Map<string, DaemonOverhead>();
  return (instanceType) => {
    const landing = daemons.filter((daemon) => landsOn(daemon, pool.requirements, instanceType.requirements));
    const group = landing.map((daemon) => daemons.indexOf(daemon)).join(",");
    let overhead = groups.get(group);
    if (overhead === undefined) {
      overhead = {
        requests: addAmounts(...landing.map(({ pod }) => requestsWithSlot(pod.spec))),
        ports: landing.flatMap(({ pod }) => hostPortsOf(pod.spec)),
      };
      groups.set(group, overhead);
    }
    return overhead;
  };
}

function alternativesOf({ spec }: Pod): readonly (readonly Requirement[])[] {
  const selector = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) => requirement(key, "In", [value]));
  // A DaemonSet's pod is pinned to its node by matchFields; for a new node only the expressions count.
  return (requiredTerms(spec) ?? [{}]).map((term) => [
    ...selector,
    ...(term.matchExpressions ?? []).map(({ key, operator, values }) => requirement(key, operator, values)),
  ]);
}

function landsOn(daemon: Daemon, pool: Requirements, type: Requirements): boolean {
  return daemon.alternatives.some((alternative) => alternative.every((wish) => canMeet(wish, pool, type)));
}

function canMeet(wish: Requirement, pool: Requirements, type: Requirements): boolean {
  const offers = [pool.get(wish.key), type.get(wish.key), ASSUMED_LABELS.get(wish.key)].filter(
    (offer) => offer !== undefined,
  );
  if (offers.length === 0) return !demandsLabel(wish) || WELL_KNOWN_LABELS.has(wish.key);
  return offers.every((offer) => requirementsOverlap(offer, wish));
}
