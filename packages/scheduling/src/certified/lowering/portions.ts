import type { Pod } from "@nodeless/api";
import { LABELS } from "@nodeless/api";
import type { NodeModel, PlanningModel, ShapeModel, VariantModel } from "../../packing/planning-model.ts";
import { nodeVerdict } from "../../packing/planning-model.ts";
import { CPU, covers, MEMORY } from "../../packing/resource-table.ts";
import { firstPortConflict } from "../../resources/host-ports.ts";
import type { TopologyGroup } from "../../topology/topology-group.ts";
import { nodeCounts } from "../../topology/topology-model.ts";
import type { TopologyState } from "../../topology/topology-state.ts";
import { Prng } from "../search/prng.ts";
import type { ActiveGroups, Choice, VariantChoices } from "./choices.ts";
import { choicesOfVariant, demandAt } from "./choices.ts";
import type { Demand, Demands } from "./demand.ts";

/** Equal pods that are lowered alike: one variant, one combination of domains. */
export interface Portion {
  readonly shape: ShapeModel;
  readonly variantIndex: number;
  readonly variant: VariantModel;
  readonly demand: Demand;
  readonly places: VariantChoices;
  readonly choice: Choice;
  readonly pods: readonly Pod[];
}

/** Equal pods that wait for a place. */
interface Waiting {
  readonly shape: ShapeModel;
  readonly pods: readonly Pod[];
}

/** Pods for which no variant has a place. */
export interface Leftover extends Waiting {
  /** True if they would have none even by themselves. */
  readonly hopeless: boolean;
  /** True if the domains of other pods were chosen as if these had one. */
  readonly counted: boolean;
}

export interface Portions {
  readonly portions: readonly Portion[];
  readonly leftovers: readonly Leftover[];
}

interface PortionContext {
  readonly model: PlanningModel;
  readonly demands: Demands;
  /** Existing nodes with room. */
  readonly bins: readonly NodeModel[];
  readonly active: ActiveGroups;
  /** 0: the most even filling. Others give equally good domains to other pods; each number is another way. */
  readonly variation: number;
}

/** Groups over domains other than hosts that some of the shapes own. */
export function activeGroups(shapes: readonly ShapeModel[]): ActiveGroups {
  const active = new Set<TopologyGroup>();
  for (const { variants } of shapes)
    for (const { rules } of variants)
      for (const group of rules.owned) if (group.key !== LABELS.hostname) active.add(group);
  return active;
}

/**
 * Settles variant and domains of every pod before packing: pod after pod, owners of spreads before the pods that are only
 * counted, each in the allowed domain with the fewest of its group (packing.md §6: water-filling). Where that leaves pods without a
 * domain, other orders are tried. Undefined if some kind of pod has too many combinations of domains.
 */
export function portionsOf(shapes: readonly ShapeModel[], context: PortionContext): Portions | undefined {
  let best: Portions | undefined;
  for (const order of ordersOf(context.variation)) {
    const portions = fill(shapes, context, order);
    if (portions === undefined) return undefined;
    if (best === undefined || leftPods(portions) < leftPods(best)) best = portions;
    if (leftPods(best) === 0) return best;
  }
  return best;
}

/** Pods that another order may find a place for. */
const leftPods = ({ leftovers }: Portions): number =>
  leftovers.reduce((sum, { pods, hopeless }) => sum + (hopeless ? 0 : pods.length), 0);

interface FillingOrder {
  /** Owners of rules first; otherwise large pods first, as the first fit does. */
  readonly byPhase: boolean;
  /** Among equally good domains the least loaded, the most loaded, so that others stay empty, or any. */
  readonly ties: "even" | "uneven" | Prng;
}

function ordersOf(variation: number): readonly FillingOrder[] {
  const ties: FillingOrder["ties"] = variation === 0 ? "even" : variation === 1 ? "uneven" : new Prng(variation);
  const others: FillingOrder["ties"] = ties === "even" ? "uneven" : "even";
  return [ties, others].flatMap((one) => [true, false].map((byPhase): FillingOrder => ({ byPhase, ties: one })));
}

const PHASES = 3;

function fill(shapes: readonly ShapeModel[], context: PortionContext, order: FillingOrder): Portions | undefined {
  const filling = new Filling(context, order.ties);
  const queues = Array.from({ length: PHASES }, (): Waiting[] => []);
  for (const shape of shapes) {
    if (filling.placesOf(shape) === undefined) return undefined;
    queues[order.byPhase ? phaseOf(shape, context) : 0]?.push({ shape, pods: shape.shape.pods });
  }
  let waiting = queues.flat();
  for (let progress = true; progress && waiting.length > 0; ) {
    progress = false;
    const still: Waiting[] = [];
    for (const { shape, pods } of waiting) {
      const left = filling.place(shape, pods);
      if (left.length < pods.length) progress = true;
      if (left.length > 0) still.push({ shape, pods: left });
    }
    waiting = still;
  }
  return {
    portions: filling.portions,
    leftovers: waiting.map((one) => ({ ...one, hopeless: filling.isHopeless(one.shape), counted: false })),
  };
}

/** 0: owners of rules that need nobody else; 1: pods that are only counted; 2: pods that follow others. */
function phaseOf({ variants }: ShapeModel, { active, model }: PortionContext): number {
  const rules = variants[0]?.rules;
  let owns = false;
  for (const group of rules?.owned ?? []) {
    if (!active.has(group)) continue;
    const inhabited = model.topology.counts[group.index]?.some((count) => count > 0) === true;
    if (group.kind === "affinity" && rules?.selectedBy.includes(group) !== true && !inhabited) return 2;
    owns = true;
  }
  return owns ? 0 : 1;
}

interface Place {
  readonly choice: Choice;
  readonly places: VariantChoices;
  readonly variantIndex: number;
  readonly demand: Demand;
  taken: number;
}

/** The state of one water-filling. */
class Filling {
  readonly portions: Portion[] = [];
  readonly #context: PortionContext;
  readonly #ties: FillingOrder["ties"];
  readonly #topology: TopologyState;
  readonly #places = new Map<readonly VariantModel[], readonly VariantChoices[] | undefined>();
  readonly #nodePlaces = new Map<VariantModel, readonly Choice[]>();
  /** By topology key and domain: how much the pods placed there request, in cores and the memory that goes with them. */
  readonly #load: readonly Float64Array[];

  constructor(context: PortionContext, ties: FillingOrder["ties"]) {
    this.#context = context;
    this.#ties = ties;
    this.#topology = context.model.topology.fork();
    this.#load = this.#topology.facts.tables.map(({ names }) => new Float64Array(names.length));
  }

  placesOf({ variants }: ShapeModel): readonly VariantChoices[] | undefined {
    if (this.#places.has(variants)) return this.#places.get(variants);
    const { model, active } = this.#context;
    const all = variants.map((variant) => choicesOfVariant(model, variant, active));
    const found = all.filter((one) => one !== undefined);
    const places = found.length === all.length ? found : undefined;
    this.#places.set(variants, places);
    return places;
  }

  /** Places pods of the shape while some variant has an allowed domain; what is left is returned. */
  place(shape: ShapeModel, pods: readonly Pod[]): readonly Pod[] {
    const byVariant = (this.placesOf(shape) ?? []).map((places, index) => this.#fitting(shape, places, index));
    const simple = byVariant.find((places) => places.length > 0);
    if (simple?.length === 1 && simple[0]?.places.keys.length === 0) {
      this.#commit(shape, simple[0], pods);
      return [];
    }
    const taken: Place[] = [];
    let placed = 0;
    for (; placed < pods.length; placed += 1) {
      const place = this.#next(byVariant) ?? this.#next(this.#onNodes(shape));
      if (place === undefined) break;
      this.#count(shape, place);
      const known = taken.find((one) => one.choice === place.choice && one.variantIndex === place.variantIndex);
      if (known === undefined) taken.push({ ...place, taken: 1 });
      else known.taken += 1;
    }
    let from = 0;
    for (const place of taken) {
      this.#commit(shape, place, pods.slice(from, from + place.taken));
      from += place.taken;
    }
    return pods.slice(placed);
  }

  /** True if no place is large enough for a pod of the shape, whatever its rules. */
  isHopeless(shape: ShapeModel): boolean {
    const onNewNodes = (this.placesOf(shape) ?? []).map((places, index) => this.#fitting(shape, places, index));
    return [...onNewNodes, ...this.#onNodes(shape)].every((places) => places.length === 0);
  }

  #fitting(shape: ShapeModel, places: VariantChoices, variantIndex: number): Place[] {
    const { model, demands } = this.#context;
    const fitting: Place[] = [];
    for (const choice of places.choices) {
      const demand = demandAt(choice, places.variant, { shape, model, demands });
      if (demand !== undefined) fitting.push({ choice, places, variantIndex, demand, taken: 0 });
    }
    return fitting;
  }

  /** Places that only existing nodes offer, relaxed as far as possible. */
  #onNodes(shape: ShapeModel): readonly (readonly Place[])[] {
    const { bins, demands } = this.#context;
    if (bins.length === 0) return [];
    const all = this.placesOf(shape) ?? [];
    return all.map((places, variantIndex) => {
      const demand = demands.intern({ requirementNumber: places.variant.requirementNumber, kept: [], sets: [] });
      return this.#choicesOnNodes(shape, places).map(
        (choice): Place => ({ choice, places, variantIndex, demand, taken: 0 }),
      );
    });
  }

  #choicesOnNodes(shape: ShapeModel, places: VariantChoices): readonly Choice[] {
    let known = this.#nodePlaces.get(places.variant);
    if (known === undefined) {
      known = choicesOnNodes(places, this.#context.bins);
      this.#nodePlaces.set(places.variant, known);
    }
    const { bins } = this.#context;
    return known.filter((choice) =>
      bins.some(
        (bin) =>
          isAt(choice, places, bin) &&
          covers(bin.remaining, shape.requests) &&
          firstPortConflict(shape.shape.ports, bin.ports) === undefined,
      ),
    );
  }

  /** The best allowed place of the first variant that has one. */
  #next(byVariant: readonly (readonly Place[])[]): Place | undefined {
    for (const places of byVariant) {
      let best: Place | undefined;
      let bestRank = Number.POSITIVE_INFINITY;
      let bestTie = Number.POSITIVE_INFINITY;
      for (const place of places) {
        if (!this.#allowed(place)) continue;
        const rank = this.#rankOf(place);
        if (rank > bestRank) continue;
        const tie = this.#tieOf(place);
        if (rank === bestRank && tie >= bestTie) continue;
        best = place;
        bestRank = rank;
        bestTie = tie;
      }
      if (best !== undefined) return best;
    }
    return undefined;
  }

  #allowed({ choice, places }: Place): boolean {
    const { keys } = places;
    for (let index = 0; index < keys.length; index += 1) {
      const rule = keys[index]?.rule;
      if (rule !== undefined && this.#topology.forbidding(rule, choice.domains[index] ?? -1) !== undefined)
        return false;
    }
    return true;
  }

  #rankOf({ choice, places }: Place): number {
    const { keys, variant } = places;
    let rank = 0;
    for (let index = 0; index < keys.length; index += 1) {
      const rule = keys[index]?.rule;
      const domain = choice.domains[index] ?? -1;
      if (rule === undefined || domain < 0) continue;
      rank += this.#topology.rank(rule, domain);
      // Pods that keep others away stay together, so that the others find a domain.
      for (const { group, itself } of rule.owned)
        if (group.kind === "anti-affinity" && !itself) rank -= this.#topology.owners[group.index]?.[domain] ?? 0;
    }
    for (const { group, keyPosition } of choice.counted)
      if (group.kind === "spread" && !variant.rules.owned.includes(group))
        rank += this.#topology.counts[group.index]?.[choice.domains[keyPosition] ?? -1] ?? 0;
    return rank;
  }

  /** What decides between places of equal rank; the least wins. */
  #tieOf({ choice, places }: Place): number {
    if (typeof this.#ties !== "string") return this.#ties.next();
    let load = 0;
    for (let index = 0; index < places.keys.length; index += 1)
      load += this.#load[places.keys[index]?.keyIndex ?? -1]?.[choice.domains[index] ?? -1] ?? 0;
    return this.#ties === "even" ? load : -load;
  }

  #count({ requests }: ShapeModel, { choice, places }: Place): void {
    for (const { group, keyPosition } of choice.counted)
      this.#topology.addCount(group.index, choice.domains[keyPosition] ?? -1);
    const share = shareOf(requests);
    for (const [index, { keyIndex, rule }] of places.keys.entries()) {
      const domain = choice.domains[index] ?? -1;
      if (domain < 0) continue;
      for (const { group } of rule?.owned ?? [])
        if (group.kind === "anti-affinity" && group.required) this.#topology.addOwner(group.index, domain);
      const loads = this.#load[keyIndex];
      if (loads !== undefined) loads[domain] = (loads[domain] ?? 0) + share;
    }
  }

  #commit(shape: ShapeModel, { choice, places, variantIndex, demand }: Place, pods: readonly Pod[]): void {
    this.portions.push({ shape, variantIndex, variant: places.variant, demand, places, choice, pods });
  }
}

/** What general-purpose types have side by side. */
const MILLICORES_PER_SHARE = 1000;
const BYTES_PER_SHARE = 4 * 2 ** 30;

function shareOf(requests: Float64Array): number {
  return (requests[CPU] ?? 0) / MILLICORES_PER_SHARE + (requests[MEMORY] ?? 0) / BYTES_PER_SHARE;
}

/** True if the node is in the domains of the choice and counts there as the choice says. */
export function isAt(
  choice: Choice,
  { keys, selectedBy }: Pick<VariantChoices, "keys" | "selectedBy">,
  { node, domains }: NodeModel,
): boolean {
  for (const [index, { keyIndex }] of keys.entries()) if (domains[keyIndex] !== choice.domains[index]) return false;
  return selectedBy.every(
    ({ group, keyPosition }) =>
      (choice.domains[keyPosition] ?? -1) < 0 ||
      nodeCounts(group.filter, node) === choice.counted.some((one) => one.group === group),
  );
}

/** Combinations of domains of existing nodes that may take the variant. */
function choicesOnNodes(places: VariantChoices, bins: readonly NodeModel[]): readonly Choice[] {
  const found = new Map<string, Choice>();
  for (const bin of bins) {
    if (nodeVerdict(places.variant, bin) !== undefined) continue;
    const domains = places.keys.map(({ keyIndex }) => bin.domains[keyIndex] ?? -1);
    const counted = places.selectedBy.filter(
      ({ group, keyPosition }) => (domains[keyPosition] ?? -1) >= 0 && nodeCounts(group.filter, bin.node),
    );
    const text = JSON.stringify([domains, counted.map(({ group }) => group.index)]);
    if (!found.has(text)) found.set(text, { domains, counted, kept: [], sets: [], demands: new Map() });
  }
  return [...found.values()];
}
