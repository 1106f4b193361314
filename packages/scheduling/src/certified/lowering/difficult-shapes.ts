import { LABELS } from "@nodeless/api";
import { PlacementAttempt } from "../../packing/placement-attempt.ts";
import type { NodeModel, PlanningModel, ShapeModel, VariantModel } from "../../packing/planning-model.ts";
import { addInto } from "../../packing/resource-table.ts";
import { LIKE_KARPENTER } from "../../packing/strategies.ts";
import type { TopologyGroup } from "../../topology/topology-group.ts";

/** Pods that the first fit places, apart from those that become numbers. */
export interface SidePlan {
  /** Shapes that become numbers; no topology rule connects them with the others. */
  readonly simple: readonly ShapeModel[];
  /** The first fit over the others, complete. */
  readonly attempt: PlacementAttempt;
  /** Existing nodes after it. */
  readonly nodes: readonly NodeModel[];
}

/**
 * Places the pods that want to share a host with others, and all pods that a topology rule connects with them, by the first fit.
 * Undefined if there are none.
 */
export function sidePlan(model: PlanningModel): SidePlan | undefined {
  const difficult = difficultShapes(model);
  if (difficult.size === 0) return undefined;
  const attempt = new PlacementAttempt(
    { ...model, shapes: model.shapes.filter((shape) => difficult.has(shape)) },
    LIKE_KARPENTER,
  ).run();
  const nodes = attempt.nodes.map(({ model: node, used, ports }): NodeModel => {
    const remaining = node.remaining.slice();
    addInto(
      remaining,
      used.map((amount) => -amount),
    );
    return { ...node, remaining, ports };
  });
  return { simple: model.shapes.filter((shape) => !difficult.has(shape)), attempt, nodes };
}

type PodClassKey = readonly VariantModel[];

function difficultShapes({ shapes }: PlanningModel): ReadonlySet<ShapeModel> {
  const classes = new Set<PodClassKey>(shapes.map(({ variants }) => variants));
  const roots = [...classes].filter((variants) => variants.some(wantsCompany));
  if (roots.length === 0) return new Set();
  const byGroup = new Map<TopologyGroup, PodClassKey[]>();
  for (const variants of classes)
    for (const group of groupsOf(variants)) {
      const members = byGroup.get(group);
      if (members === undefined) byGroup.set(group, [variants]);
      else members.push(variants);
    }
  const reached = new Set(roots);
  for (const variants of reached)
    for (const group of groupsOf(variants)) for (const other of byGroup.get(group) ?? []) reached.add(other);
  return new Set(shapes.filter(({ variants }) => reached.has(variants)));
}

const wantsCompany = ({ rules }: VariantModel): boolean =>
  rules.owned.some(({ kind, key }) => kind === "affinity" && key === LABELS.hostname);

function groupsOf(variants: PodClassKey): ReadonlySet<TopologyGroup> {
  return new Set(variants.flatMap(({ rules }) => [...rules.owned, ...rules.selectedBy]));
}
