import { LABELS } from "@nodeless/api";
import type { PlanningModel } from "../../packing/planning-model.ts";
import type { TopologyGroup } from "../../topology/topology-group.ts";
import { domainOfNode } from "../../topology/topology-model.ts";
import type { DomainMax } from "./host-rules.ts";

/** Labels that every new node has. */
const CERTAIN_KEYS: readonly string[] = [LABELS.zone, LABELS.capacityType];
/** A rule that allows more pods than this on one node hardly ever decides anything. */
const MAX_WORTHWHILE = 16;

/**
 * Required rules over zones and capacity types as far as they bind a single node: with owners of anti-affinity nobody whom it selects; of a
 * spread that counts n pods over d domains with maxSkew k at most ⌊(n + k·(d − 1)) / d⌋ owners, because that is the most any domain
 * can have while it exceeds no other by more than k.
 */
export function domainMax(model: PlanningModel): DomainMax {
  const totals = podTotals(model);
  const everywhere = new Map<string, boolean>();
  const isEverywhere = (key: string): boolean => {
    let certain = everywhere.get(key);
    if (certain === undefined) {
      certain = CERTAIN_KEYS.includes(key) && model.nodes.every(({ node }) => domainOfNode(node, key) !== undefined);
      everywhere.set(key, certain);
    }
    return certain;
  };
  return (group, itself) => {
    if (!isEverywhere(group.key)) return undefined;
    if (group.kind === "anti-affinity") return itself ? 1 : 0;
    const domains = model.topology.facts.eligible[group.index]?.length ?? 0;
    if (domains === 0 || domains < group.minDomains) return group.maxSkew;
    const counted = totals.get(group) ?? 0;
    const max = Math.floor((counted + group.maxSkew * (domains - 1)) / domains);
    return max > MAX_WORTHWHILE ? undefined : max;
  };
}

/** By group: pods that it can count at most, to be placed or there already. */
function podTotals({ shapes, topology }: PlanningModel): ReadonlyMap<TopologyGroup, number> {
  const totals = new Map<TopologyGroup, number>();
  for (const { shape, variants } of shapes)
    for (const group of variants[0]?.rules.selectedBy ?? [])
      totals.set(group, (totals.get(group) ?? 0) + shape.pods.length);
  for (const [group, total] of totals) {
    let residents = 0;
    for (const count of topology.counts[group.index] ?? []) residents += count;
    totals.set(group, total + residents);
  }
  return totals;
}
