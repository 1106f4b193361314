import type { NodeModel, PlanningModel } from "../../packing/planning-model.ts";
import type { TypeSet } from "../../packing/pool-catalog.ts";
import { Reservations } from "../../packing/reservations.ts";
import { covers } from "../../packing/resource-table.ts";
import type { ExistingBin, PackingProblem, PackingShape } from "../problem.ts";
import { Demands } from "./demand.ts";
import type { SidePlan } from "./difficult-shapes.ts";
import { sidePlan } from "./difficult-shapes.ts";
import { BinMasks, existingBin, nodesWithRoom } from "./existing-bins.ts";
import { HostRules } from "./host-rules.ts";
import type { LoweredOffering, OfferingClasses } from "./offering-classes.ts";
import { offeringClasses } from "./offering-classes.ts";
import type { Leftover, Portion } from "./portions.ts";
import { activeGroups, portionsOf } from "./portions.ts";
import { ShapeMasks } from "./shape-masks.ts";

/** A scheduling input as a packing problem, with what is needed to read a packing as a plan. */
export interface LoweredInput {
  readonly model: PlanningModel;
  readonly demands: Demands;
  readonly problem: PackingProblem;
  /** By shape of the problem: the pods it stands for, in portions of equal demands. */
  readonly portions: readonly (readonly Portion[])[];
  /** By offering of the problem. */
  readonly offerings: readonly LoweredOffering[];
  /** By existing bin of the problem. */
  readonly bins: readonly NodeModel[];
  /** Pods whose rules numbers cannot express, placed by the first fit on claims of their own. */
  readonly side: SidePlan | undefined;
  /** True if some pods were given one of several domains that the rules allow. */
  readonly isPinned: boolean;
  /** Pods without any place. */
  readonly leftovers: readonly Leftover[];
}

/** Why an input is left to the first fit altogether. */
interface Unsupported {
  readonly unsupported: string;
}

const known = new WeakMap<PlanningModel, LoweredInput | Unsupported>();

/** {@link lowerInput}, once per model. */
export function loweredOnce(model: PlanningModel): LoweredInput | Unsupported {
  let lowered = known.get(model);
  if (lowered === undefined) {
    lowered = lowerInput(model);
    known.set(model, lowered);
  }
  return lowered;
}

/**
 * Turns an input into numbers: variants and domains are settled, labels and taints become masks, rules about hosts become counts.
 * Limits are not part of it; raising tells when they would be exceeded. Equally good choices of domains fall another way with each
 * `variation`. Pure: the model is not changed.
 */
export function lowerInput(model: PlanningModel, variation = 0): LoweredInput | Unsupported {
  if (Reservations.of(model.catalogs) !== undefined)
    return { unsupported: "reserved instances are counted one by one" };
  const side = sidePlan(model);
  if (side !== undefined && side.simple.length === 0)
    return { unsupported: "every pod depends on rules between hosts" };
  const shapes = side?.simple ?? model.shapes;
  const bins = nodesWithRoom(side?.nodes ?? model.nodes, shapes);
  const demands = new Demands();
  const active = activeGroups(shapes);
  const settled = portionsOf(shapes, { model, demands, bins, active, variation });
  if (settled === undefined) return { unsupported: "too many combinations of topology domains" };
  const classes = offeringClasses(model, {
    sets: usedSets(model, settled.portions),
    openLabels: true,
    minValues: true,
  });
  if (classes === undefined) return { unsupported: "too many labels are left open by NodePools" };
  const hostRules = new HostRules(
    settled.portions.map(({ shape, variant }) => ({ rules: variant.rules, ports: shape.shape.ports })),
    { exactSpreads: false },
  );
  const binMasks = new BinMasks(model, bins);
  const drafts = draftShapes(settled.portions, { model, classes, hostRules, binMasks, bins });
  return {
    model,
    demands,
    problem: {
      dimensions: model.resources.names.length,
      shapes: drafts.shapes,
      offerings: classes.offerings,
      existing: drafts.existing,
      classes: drafts.classes,
      masks: drafts.masks,
      hostRules: hostRules.list,
    },
    portions: drafts.portions,
    offerings: classes.offerings,
    bins,
    side,
    isPinned: settled.portions.some(({ places }) => places.keys.length > 0 && places.choices.length > 1),
    leftovers: [...settled.leftovers, ...drafts.leftovers],
  };
}

/** By pool: the sets that the portions' pods use. */
function usedSets(model: PlanningModel, portions: readonly Portion[]): readonly ReadonlySet<TypeSet>[] {
  const used = model.catalogs.map(() => new Set<TypeSet>());
  for (const demand of new Set(portions.map((portion) => portion.demand)))
    for (const [poolIndex, set] of demand.sets.entries()) if (set !== undefined) used[poolIndex]?.add(set);
  return used;
}

interface DraftContext {
  readonly model: PlanningModel;
  readonly classes: OfferingClasses;
  readonly hostRules: HostRules;
  readonly binMasks: BinMasks;
  readonly bins: readonly NodeModel[];
}

interface Drafts {
  readonly shapes: readonly PackingShape[];
  readonly portions: readonly (readonly Portion[])[];
  readonly leftovers: readonly Leftover[];
  readonly existing: readonly ExistingBin[];
  readonly classes: number;
  readonly masks: readonly Uint8Array[];
}

/** Portions that no number tells apart become one shape of the problem. */
function draftShapes(portions: readonly Portion[], context: DraftContext): Drafts {
  const { model, classes, hostRules, binMasks, bins } = context;
  const masks = new ShapeMasks(classes, bins.length);
  const roleNumbers = new Map<string, number>();
  const requestNumbers = new Map<Float64Array, number>();
  const drafts = new Map<string, { shape: Omit<PackingShape, "pods">; pods: number; portions: Portion[] }>();
  const leftovers: Leftover[] = [];
  for (const portion of portions) {
    const { shape, variant, demand, pods } = portion;
    const mask = masks.numberOf(demand.sets, bins.length === 0 ? undefined : binMasks.maskOf(portion));
    const roles = hostRules.rolesOf({ rules: variant.rules, ports: shape.shape.ports });
    const rolesText = roles.countedBy.length + roles.owns.length === 0 ? "" : `${roles.countedBy}|${roles.owns}`;
    const key = `${numberIn(requestNumbers, shape.requests)} ${mask} ${numberIn(roleNumbers, rolesText)}`;
    const known = drafts.get(key);
    if (known !== undefined) {
      known.pods += pods.length;
      known.portions.push(portion);
      continue;
    }
    if (!fitsSomewhere(shape.requests, masks.get(mask), context)) {
      leftovers.push({ shape, pods, hopeless: true, counted: portion.choice.counted.length > 0 });
      continue;
    }
    drafts.set(key, { shape: { requests: shape.requests, mask, ...roles }, pods: pods.length, portions: [portion] });
  }
  const numbered = masks.withBinClasses();
  const list = [...drafts.values()];
  return {
    shapes: list.map(({ shape, pods }) => ({ ...shape, pods })),
    portions: list.map((draft) => draft.portions),
    leftovers,
    existing: bins.map((bin, index) =>
      existingBin(bin, { class: numbered.classOfBin[index] ?? 0, hostRules, topology: model.topology }),
    ),
    classes: numbered.classes,
    masks: numbered.masks,
  };
}

function numberIn<Key>(numbers: Map<Key, number>, key: Key): number {
  let number = numbers.get(key);
  if (number === undefined) {
    number = numbers.size;
    numbers.set(key, number);
  }
  return number;
}

function fitsSomewhere(
  requests: Float64Array,
  mask: { readonly offerings: Uint8Array; readonly bins: Uint8Array | undefined },
  { classes, bins }: DraftContext,
): boolean {
  for (const offering of classes.offerings)
    if (mask.offerings[offering.class] === 1 && covers(offering.free, requests)) return true;
  return bins.some((bin, index) => mask.bins?.[index] === 1 && covers(bin.remaining, requests));
}
