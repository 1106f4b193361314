import type { Pod } from "@nodeless/api";
import type { PlannedClaim, Rejection, SchedulingPlan } from "../../model.ts";
import { fittingTypes } from "../../packing/fitting-types.ts";
import type { OpenClaim } from "../../packing/open-claim.ts";
import type { PlacementAttempt } from "../../packing/placement-attempt.ts";
import { plannedClaim } from "../../packing/planned-claim.ts";
import type { ShapeModel } from "../../packing/planning-model.ts";
import { podKeyOf } from "../../packing/pod-shape.ts";
import type { PoolCatalog, TypeSet } from "../../packing/pool-catalog.ts";
import { addAmounts } from "../../resources/amounts.ts";
import type { PackedNode, Packing, ShapeCount } from "../problem.ts";
import type { DraftClaim } from "./claim-limits.ts";
import { withinLimits } from "./claim-limits.ts";
import type { Demand, Demands } from "./demand.ts";
import type { LoweredInput } from "./lower-input.ts";
import type { Portion } from "./portions.ts";

/** The rules of a plan that only the finished plan can tell. */
interface Unraisable {
  readonly unraisable: string;
}

export interface RaiseOptions {
  /** Why a pod has no place, for pods that the packing leaves out. */
  readonly rejectionsOf?: (pod: Pod, shape: ShapeModel) => readonly Rejection[] | undefined;
}

const NO_PLACE: readonly Rejection[] = [
  { candidate: "pod", rule: "topology", message: "its rules leave no node that has room for it" },
];

/**
 * Reads a packing as a plan: every node becomes a claim that keeps all types which hold its pods under their merged requirements, cheapest
 * first. Equal pods are handed out in order of age. Unraisable if the claims together exceed the limits of a NodePool, or if pods have no
 * place on which the pins of others rest.
 */
export function raisePacking(
  lowered: LoweredInput,
  packing: Packing,
  { rejectionsOf = () => undefined }: RaiseOptions = {},
): SchedulingPlan | Unraisable {
  const { model, side, bins } = lowered;
  if (missesCountedPods(lowered, packing))
    return { unraisable: "pods that a spread counts find no room in their domain" };
  const hand = new PodHand(lowered.portions);
  const drafts = [
    ...packing.nodes.map((node) => draftOf(node, lowered, hand)),
    ...(side === undefined ? [] : side.attempt.claims.map((claim) => draftOfSide(claim, side.attempt))),
  ];
  const allowed = withinLimits(drafts, model);
  if (allowed === undefined) return { unraisable: "the limits of a NodePool leave too little room" };
  const onExistingNodes = new Map(side?.attempt.onNodes);
  for (const [index, content] of packing.existing.entries())
    for (const pod of hand.take(content).pods) onExistingNodes.set(podKeyOf(pod), bins[index]?.node.name ?? "");
  const unplaced = [
    ...packing.unplaced.flatMap((count) => hand.take([count]).parts),
    ...lowered.leftovers,
    ...[...(side?.attempt.unplaced ?? [])].map(([shape, pods]) => ({ shape, pods })),
  ];
  return {
    claims: allowed.map((draft, index) => claimOf(draft, index, lowered)),
    onExistingNodes,
    unplaced: unplaced.flatMap(({ shape, pods }) =>
      pods.map((pod) => ({ pod, rejections: rejectionsOf(pod, shape) ?? NO_PLACE })),
    ),
  };
}

/** True if pods are left out whose domains other pods' domains were chosen after. */
export function missesCountedPods({ portions, leftovers }: LoweredInput, { unplaced }: Packing): boolean {
  if (leftovers.some(({ counted }) => counted)) return true;
  return unplaced.some(
    ({ shape, pods }) => pods > 0 && portions[shape]?.some(({ choice }) => choice.counted.length > 0) === true,
  );
}

/** Number of pods that {@link raisePacking} would leave without a place. */
export function unplacedPods({ side, leftovers }: LoweredInput, packing: Packing): number {
  let count = side?.attempt.unplacedPods ?? 0;
  for (const { pods } of [...packing.unplaced, ...leftovers.map((one) => ({ pods: one.pods.length }))]) count += pods;
  return count;
}

/** Some pods of a portion. */
interface PortionPart {
  readonly shape: ShapeModel;
  readonly portion: Portion;
  readonly pods: readonly Pod[];
}

interface Handful {
  readonly parts: readonly PortionPart[];
  readonly pods: readonly Pod[];
}

/** Hands out every pod once. */
class PodHand {
  readonly #portions: readonly (readonly Portion[])[];
  /** By shape: the portion that is being handed out, and how many of its pods are gone. */
  readonly #portion: number[];
  readonly #gone: number[];

  constructor(portions: readonly (readonly Portion[])[]) {
    this.#portions = portions;
    this.#portion = portions.map(() => 0);
    this.#gone = portions.map(() => 0);
  }

  take(content: readonly ShapeCount[]): Handful {
    const parts: PortionPart[] = [];
    const first: Pod[] = [];
    const pods: Pod[] = [];
    for (const { shape, pods: count } of content)
      for (let left = count; left > 0; ) {
        const portion = this.#portions[shape]?.[this.#portion[shape] ?? 0];
        if (portion === undefined) throw new Error("a packing has more pods of a shape than there are");
        const from = this.#gone[shape] ?? 0;
        const taken = portion.pods.slice(from, from + left);
        parts.push({ shape: portion.shape, portion, pods: taken });
        (comesFirst(portion) ? first : pods).push(...taken);
        left -= taken.length;
        const exhausted = from + taken.length === portion.pods.length;
        this.#gone[shape] = exhausted ? 0 : from + taken.length;
        if (exhausted) this.#portion[shape] = (this.#portion[shape] ?? 0) + 1;
      }
    return { parts, pods: first.length === 0 ? pods : [...first, ...pods] };
  }
}

/** Owners of a spread that do not match it themselves must be there before the pods that it counts. */
function comesFirst({ variant: { rules } }: Portion): boolean {
  return rules.owned.some((group) => group.kind === "spread" && !rules.selectedBy.includes(group));
}

function draftOf(node: PackedNode, { model, demands, offerings, problem }: LoweredInput, hand: PodHand): DraftClaim {
  const { poolIndex = -1 } = offerings[node.offering] ?? {};
  const catalog = model.catalogs[poolIndex];
  if (catalog === undefined) throw new Error("a packing has a node without offering");
  const { parts, pods } = hand.take(node.content);
  const used = new Float64Array(problem.dimensions);
  for (const { shape, pods: count } of node.content) {
    const requests = problem.shapes[shape]?.requests ?? used;
    for (let index = 0; index < used.length; index += 1)
      used[index] = (used[index] ?? 0) + count * (requests[index] ?? 0);
  }
  const set = meetingAll(parts, catalog, demands);
  if (set === undefined) throw new Error("a packing mixes pods whose requirements exclude each other");
  return { catalog, set, used, pods, instanceTypes: fittingTypes(set, used) };
}

/** The types that are left to a node with these pods; pods with equal demands mostly follow each other. */
function meetingAll(parts: readonly PortionPart[], catalog: PoolCatalog, demands: Demands): TypeSet | undefined {
  let set: TypeSet | undefined = catalog.root;
  let met: Demand | undefined;
  for (const { portion } of parts) {
    if (portion.demand === met) continue;
    met = portion.demand;
    set = demands.combine(catalog, set, met);
    if (set === undefined) return undefined;
  }
  return set;
}

function draftOfSide(claim: OpenClaim, attempt: PlacementAttempt): DraftClaim {
  const planned = plannedClaim(claim, attempt);
  const { catalog, set, used } = claim;
  return { catalog, set, used, pods: planned.pods, instanceTypes: planned.instanceTypes, planned };
}

function claimOf(
  { catalog, set, used, pods, instanceTypes, planned }: DraftClaim,
  index: number,
  { model }: LoweredInput,
): PlannedClaim {
  const id = `${catalog.pool.name}-${index}`;
  if (planned !== undefined) return { ...planned, id, instanceTypes };
  const cheapest = set.priced.find(({ type }) => type === instanceTypes[0]);
  if (cheapest === undefined) throw new Error("a packed node has no instance type");
  return {
    id,
    nodePool: catalog.pool.name,
    requirements: set.requirements,
    instanceTypes,
    requests: addAmounts(model.resources.amounts(used), cheapest.daemons.requests),
    pods,
  };
}

/** What the claims cost that are not part of the packing. */
export function sideCostUsdPerHour({ side }: LoweredInput): number {
  return side?.attempt.priceUsdPerHour ?? 0;
}

/** Claims that are not part of the packing. */
export function sideNodes({ side }: LoweredInput): number {
  return side?.attempt.claims.length ?? 0;
}
