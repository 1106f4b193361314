import type { NodeModel, PlanningModel, ShapeModel, VariantModel } from "../../packing/planning-model.ts";
import { nodeVerdict } from "../../packing/planning-model.ts";
import type { TypeSet } from "../../packing/pool-catalog.ts";
import { covers } from "../../packing/resource-table.ts";
import type { PackingProblem, PackingShape } from "../problem.ts";
import { domainMax } from "./domain-max.ts";
import { nodesWithRoom } from "./existing-bins.ts";
import { HostRules } from "./host-rules.ts";
import { offeringClasses } from "./offering-classes.ts";
import { ShapeMasks } from "./shape-masks.ts";

/** The problem of which every plan of an input is a solution, whatever else it respects: a bound on it is a bound on all plans. */
export interface BoundProblem {
  readonly problem: PackingProblem;
  /** By shape of the model: the problem's shape. */
  readonly shapeOf: readonly number[];
  /** By shape of the problem: 1 if some new node holds such a pod. */
  readonly purchasable: Uint8Array;
}

/**
 * Keeps what no plan may break (labels, taints, required rules about hosts, existing room) and drops the rest: preferences, domains,
 * limits, weights.
 */
export function boundProblem(model: PlanningModel): BoundProblem {
  const bins = nodesWithRoom(model.nodes, model.shapes);
  const classes = offeringClasses(model, { sets: setsOf(model), openLabels: false, minValues: false });
  if (classes === undefined) throw new Error("offerings of a bound have no open labels");
  const hostRules = new HostRules(model.shapes.map(subjectOf), {
    exactSpreads: true,
    domainMax: domainMax(model),
  });
  const masks = new ShapeMasks(classes, bins.length);
  const binMasks = new Map<readonly VariantModel[], Uint8Array>();
  const drafts = new Map<
    string,
    { readonly number: number; readonly shape: Omit<PackingShape, "pods">; pods: number }
  >();
  const requestNumbers = new Map<Float64Array, number>();
  const shapeOf = model.shapes.map((shape) => {
    const { variants, requests } = shape;
    const alternatives = variants.map(({ pools }) => pools.map((set) => (typeof set === "string" ? undefined : set)));
    const mask = masks.numberOfAny(alternatives, { source: variants, bins: binMaskOf(variants, bins, binMasks) });
    const roles = hostRules.rolesOf(subjectOf(shape));
    if (!requestNumbers.has(requests)) requestNumbers.set(requests, requestNumbers.size);
    const key = `${requestNumbers.get(requests)} ${mask} ${roles.countedBy}|${roles.owns}`;
    let draft = drafts.get(key);
    if (draft === undefined) {
      draft = { number: drafts.size, shape: { requests, mask, ...roles }, pods: 0 };
      drafts.set(key, draft);
    }
    draft.pods += shape.shape.pods.length;
    return draft.number;
  });
  const numbered = masks.withBinClasses();
  const shapes = [...drafts.values()].map(({ shape, pods }): PackingShape => ({ ...shape, pods }));
  return {
    shapeOf,
    purchasable: Uint8Array.from(shapes, ({ mask, requests }) =>
      classes.offerings.some((one) => numbered.masks[mask]?.[one.class] === 1 && covers(one.free, requests)) ? 1 : 0,
    ),
    problem: {
      dimensions: model.resources.names.length,
      shapes,
      offerings: classes.offerings,
      existing: bins.map(({ remaining }, index) => ({
        class: numbered.classOfBin[index] ?? 0,
        free: remaining.map((amount) => Math.max(0, amount)),
        hostCounts: [],
      })),
      classes: numbered.classes,
      masks: numbered.masks,
      hostRules: hostRules.list,
    },
  };
}

/** Fully relaxed: what is left is required. */
function subjectOf({ shape, variants }: ShapeModel): {
  readonly rules: VariantModel["rules"];
  readonly ports: ShapeModel["shape"]["ports"];
} {
  const rules = variants.at(-1)?.rules ?? { owned: [], guards: [], selectedBy: [], keys: [] };
  return { rules, ports: shape.ports };
}

function setsOf({ catalogs, shapes }: PlanningModel): readonly ReadonlySet<TypeSet>[] {
  const sets = catalogs.map(() => new Set<TypeSet>());
  for (const variants of new Set(shapes.map((shape) => shape.variants)))
    for (const { pools } of variants)
      for (const [poolIndex, set] of pools.entries()) if (typeof set !== "string") sets[poolIndex]?.add(set);
  return sets;
}

function binMaskOf(
  variants: readonly VariantModel[],
  bins: readonly NodeModel[],
  known: Map<readonly VariantModel[], Uint8Array>,
): Uint8Array | undefined {
  if (bins.length === 0) return undefined;
  let mask = known.get(variants);
  if (mask === undefined) {
    mask = Uint8Array.from(bins, (bin) => (variants.some((one) => nodeVerdict(one, bin) === undefined) ? 1 : 0));
    known.set(variants, mask);
  }
  return mask;
}
