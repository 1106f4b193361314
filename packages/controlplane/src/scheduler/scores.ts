import { firstUntoleratedTaint, matchesNodeSelectorTerm, type TopologyGroup } from "@nodeless/scheduling";
import { labelsOf, labelValue, type NodeInfo } from "./node-info.ts";
import type { PodShape } from "./pod-shape.ts";
import type { TopologyIndex } from "./topology-index.ts";

/** Every score runs from 0 to this before its weight. */
const SCORE_MAX = 100;
/** Default weights of kube-scheduler 1.36's plugins. */
const WEIGHTS = { taints: 3, nodeAffinity: 2, podAffinity: 2, spread: 2, room: 1 } as const;

/**
 * Chooses among nodes that passed every filter: most free resources, fewest PreferNoSchedule taints, preferred node and pod
 * affinity, ScheduleAnyway spread. Ties go to the node with fewer pods, then to the smaller name; upstream draws lots.
 */
export function bestNode(
  shape: PodShape,
  feasible: readonly NodeInfo[],
  topology: TopologyIndex,
): NodeInfo | undefined {
  if (feasible.length <= 1) return feasible[0];
  const scores = feasible.map((info) => WEIGHTS.room * roomScore(shape, info));
  addScaled(scores, preferNoScheduleTaints(shape, feasible), -WEIGHTS.taints);
  addScaled(scores, nodePreferences(shape, feasible), WEIGHTS.nodeAffinity);
  addScaled(scores, podPreferences(shape, feasible, topology), WEIGHTS.podAffinity);
  addScaled(scores, crowding(shape, feasible, topology), -WEIGHTS.spread);
  let best = 0;
  for (let index = 1; index < feasible.length; index += 1)
    if (isBetter({ feasible, scores }, index, best)) best = index;
  return feasible[best];
}

/** Scores closer than this are equal: they differ by rounding only. */
const SCORE_TOLERANCE = 1e-9;

function isBetter(
  { feasible, scores }: { readonly feasible: readonly NodeInfo[]; readonly scores: readonly number[] },
  index: number,
  best: number,
): boolean {
  const difference = (scores[index] ?? 0) - (scores[best] ?? 0);
  if (Math.abs(difference) > SCORE_TOLERANCE) return difference > 0;
  const one = feasible[index];
  const other = feasible[best];
  if (one === undefined || other === undefined) return false;
  return one.pods.size !== other.pods.size ? one.pods.size < other.pods.size : one.name < other.name;
}

/** Share of cpu and memory left after placing the pod: LeastAllocated of NodeResourcesFit. */
function roomScore({ requests }: PodShape, { allocatable, requested }: NodeInfo): number {
  let score = 0;
  for (const resource of ["cpu", "memory"]) {
    const total = allocatable.get(resource) ?? 0;
    if (total <= 0) continue;
    const left = total - (requested.get(resource) ?? 0) - (requests.get(resource) ?? 0);
    score += (Math.max(0, left) / total) * (SCORE_MAX / 2);
  }
  return score;
}

/** Adds values scaled so that the largest one counts SCORE_MAX; values that are all equal change nothing. */
function addScaled(scores: number[], values: readonly number[] | undefined, weight: number): void {
  if (values === undefined) return;
  const least = Math.min(...values);
  const span = Math.max(...values) - least;
  if (span <= 0) return;
  for (const [index, value] of values.entries())
    scores[index] = (scores[index] ?? 0) + (weight * SCORE_MAX * (value - least)) / span;
}

function preferNoScheduleTaints(shape: PodShape, feasible: readonly NodeInfo[]): readonly number[] | undefined {
  const soft = (info: NodeInfo) => (info.node?.spec.taints ?? []).filter(({ effect }) => effect === "PreferNoSchedule");
  if (feasible.every((info) => soft(info).length === 0)) return undefined;
  return feasible.map(
    (info) =>
      soft(info).filter(
        (taint) => firstUntoleratedTaint([taint], shape.spec.tolerations, ["PreferNoSchedule"]) !== undefined,
      ).length,
  );
}

function nodePreferences(shape: PodShape, feasible: readonly NodeInfo[]): readonly number[] | undefined {
  const preferred = shape.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  if (preferred.length === 0) return undefined;
  return feasible.map((info) => {
    const node = { name: info.name, labels: labelsOf(info) };
    return preferred.reduce(
      (sum, { preference, weight }) => sum + (matchesNodeSelectorTerm(preference, node) ? weight : 0),
      0,
    );
  });
}

function podPreferences(
  shape: PodShape,
  feasible: readonly NodeInfo[],
  topology: TopologyIndex,
): readonly number[] | undefined {
  const preferred = topology.preferred(shape);
  if (preferred.length === 0) return undefined;
  return feasible.map((info) =>
    preferred.reduce((sum, { counts, weight }) => sum + weight * countAt(counts.group, counts.pods, info), 0),
  );
}

/** How full the node's domains are for the pod's ScheduleAnyway spreads. */
function crowding(
  shape: PodShape,
  feasible: readonly NodeInfo[],
  topology: TopologyIndex,
): readonly number[] | undefined {
  const spreads = topology.spreads(shape, "ScheduleAnyway");
  if (spreads.length === 0) return undefined;
  return feasible.map((info) =>
    spreads.reduce((sum, { group, pods }) => sum + countAt(group, pods, info) / Math.max(1, group.maxSkew), 0),
  );
}

function countAt({ key }: TopologyGroup, counts: ReadonlyMap<string, number>, info: NodeInfo): number {
  const domain = labelValue(info, key);
  return domain === undefined ? 0 : (counts.get(domain) ?? 0);
}
