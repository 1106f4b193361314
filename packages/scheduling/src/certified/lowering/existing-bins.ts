import type { NodeModel, PlanningModel, ShapeModel, VariantModel } from "../../packing/planning-model.ts";
import { nodeVerdict } from "../../packing/planning-model.ts";
import { firstPortConflict } from "../../resources/host-ports.ts";
import type { TopologyState } from "../../topology/topology-state.ts";
import type { ExistingBin } from "../problem.ts";
import type { HostRules } from "./host-rules.ts";
import type { Portion } from "./portions.ts";
import { isAt } from "./portions.ts";

/** Nodes on which at least one of the shapes finds room. */
export function nodesWithRoom(nodes: readonly NodeModel[], shapes: readonly ShapeModel[]): readonly NodeModel[] {
  const [first] = shapes;
  if (first === undefined || nodes.length === 0) return [];
  const least = first.requests.slice();
  for (const { requests } of shapes)
    for (let index = 0; index < least.length; index += 1)
      least[index] = Math.min(least[index] ?? 0, requests[index] ?? 0);
  return nodes.filter(({ remaining }) =>
    least.every((amount, index) => amount <= 0 || amount <= (remaining[index] ?? 0)),
  );
}

/** The node as a bin of the problem. Its class is numbered by the caller. */
export function existingBin(
  { host, remaining }: NodeModel,
  options: { readonly class: number; readonly hostRules: HostRules; readonly topology: TopologyState },
): ExistingBin {
  const hostCounts = options.hostRules.groups.flatMap((groups, rule) => {
    let counted = 0;
    for (const group of groups)
      if (group.kind === "spread") counted = Math.max(counted, options.topology.counts[group.index]?.[host] ?? 0);
    return counted > 0 ? [{ rule, counted, owners: 0 }] : [];
  });
  return { class: options.class, free: remaining.map((amount) => Math.max(0, amount)), hostCounts };
}

/** Answers for portions which of the bins may take their pods, room aside; equal questions are answered once. */
export class BinMasks {
  readonly #bins: readonly NodeModel[];
  readonly #topology: TopologyState;
  readonly #known = new Map<string, Uint8Array>();
  readonly #residents = new Map<number, boolean>();

  constructor(model: PlanningModel, bins: readonly NodeModel[]) {
    this.#bins = bins;
    this.#topology = model.topology;
  }

  /** By bin: 1 if allowed. The same object for equal questions. */
  maskOf(portion: Portion): Uint8Array {
    const question = this.#questionOf(portion);
    let mask = this.#known.get(question);
    if (mask === undefined) {
      mask = Uint8Array.from(this.#bins, (bin) => (this.#allows(bin, portion) ? 1 : 0));
      this.#known.set(question, mask);
    }
    return mask;
  }

  #questionOf({ shape, variantIndex, variant, choice, places }: Portion): string {
    const variants = shape.variants
      .slice(0, variantIndex + 1)
      .map(({ requirementNumber, variant: { tolerations } }) => [requirementNumber, tolerations]);
    const { hostLimits } = variant.plan;
    return JSON.stringify([
      variants,
      places.keys.map(({ keyIndex }) => keyIndex),
      choice.domains,
      choice.counted.map(({ group }) => group.index),
      shape.shape.ports,
      hostLimits.filter(({ group }) => this.#hasResidents(group)),
      variant.rules.guards.map(({ index }) => index).filter((group) => this.#hasResidents(group)),
    ]);
  }

  #allows(bin: NodeModel, { shape, variantIndex, variant, choice, places }: Portion): boolean {
    if (shape.variants.every((one, index) => index > variantIndex || nodeVerdict(one, bin) !== undefined)) return false;
    if (firstPortConflict(shape.shape.ports, bin.ports) !== undefined) return false;
    return isAt(choice, places, bin) && !this.#refuses(bin, variant);
  }

  /** Rules about pods that stand on the node or in its domains already. */
  #refuses({ host, domains }: NodeModel, { plan }: VariantModel): boolean {
    const { counts, owners } = this.#topology;
    const full = plan.hostLimits.some(
      (limit) => ((limit.counts === "owners" ? owners : counts)[limit.group]?.[host] ?? 0) > limit.max,
    );
    if (full) return true;
    return plan.domainRules.some(({ keyIndex, guards }) =>
      guards.some(({ index }) => (owners[index]?.[domains[keyIndex] ?? -1] ?? 0) > 0),
    );
  }

  /** Does the group look at pods of existing nodes? */
  #hasResidents(group: number): boolean {
    let has = this.#residents.get(group);
    if (has === undefined) {
      const { counts, owners } = this.#topology;
      has = [counts[group], owners[group]].some((list) => list?.some((pods) => pods > 0));
      this.#residents.set(group, has);
    }
    return has;
  }
}
