import { LABELS } from "@nodeless/api";
import type { PlanningModel, ShapeModel, VariantModel } from "../../packing/planning-model.ts";
import type { PoolCatalog, TypeSet } from "../../packing/pool-catalog.ts";
import { covers } from "../../packing/resource-table.ts";
import { firstPortConflict } from "../../resources/host-ports.ts";
import type { DomainRule } from "../../topology/rule-plan.ts";
import type { TopologyGroup } from "../../topology/topology-group.ts";
import { poolCounts } from "../../topology/topology-model.ts";
import type { Demand, Demands, KeptDomains } from "./demand.ts";
import { heaviestOnly } from "./demand.ts";

/** One combination of domains in which pods of one variant may be placed. */
export interface Choice {
  /** By {@link VariantChoices.keys}: number of the domain in its key's table; -1 where nodes have no such label. */
  readonly domains: readonly number[];
  /** Groups that count the pod there, each with the position of its key. */
  readonly counted: readonly CountedGroup[];
  readonly kept: readonly KeptDomains[];
  /** By pool: types in these domains. Empty for a place that only existing nodes offer. */
  readonly sets: readonly (TypeSet | undefined)[];
  /** Demands by the pools that remain once a size is known. */
  readonly demands: Map<string, Demand>;
}

interface CountedGroup {
  readonly group: TopologyGroup;
  readonly keyPosition: number;
}

interface ChoiceKey {
  readonly key: string;
  /** Index of the key's table of domains. */
  readonly keyIndex: number;
  /** What the pods themselves ask of the domain; undefined if they are only counted. */
  readonly rule: DomainRule | undefined;
}

/** All places for one variant of a pod class. */
export interface VariantChoices {
  readonly variant: VariantModel;
  /** Topology keys, hostname aside, whose domain must be known before packing. */
  readonly keys: readonly ChoiceKey[];
  /** Groups that select the pods and must know where they are. */
  readonly selectedBy: readonly CountedGroup[];
  readonly choices: readonly Choice[];
}

/** More combinations of domains than this for one kind of pod are left to the first fit. */
const CHOICES_MAX = 64;

/** Groups over domains other than hosts that planned pods own: whom they count must be pinned. */
export type ActiveGroups = ReadonlySet<TopologyGroup>;

/** The places for a variant on new nodes; undefined when there are too many to list. */
export function choicesOfVariant(
  model: PlanningModel,
  variant: VariantModel,
  active: ActiveGroups,
): VariantChoices | undefined {
  const keys = choiceKeys(model, variant, active);
  const selectedBy = variant.rules.selectedBy
    .filter((group) => active.has(group))
    .map((group): CountedGroup => ({ group, keyPosition: keys.findIndex(({ key }) => key === group.key) }));
  const found = new Map<string, Choice & { readonly sets: (TypeSet | undefined)[] }>();
  for (const [poolIndex, catalog] of model.catalogs.entries()) {
    const start = keptOf(catalog, variant, { poolIndex, active, model });
    if (start === undefined) continue;
    const countedByPool = selectedBy.filter(({ group }) => poolCounts(group.filter, catalog));
    const combinations = combinationsOf(catalog, start, { model, keys });
    if (combinations.length > CHOICES_MAX) return undefined;
    for (const { domains, set, kept } of combinations) {
      const counted = countedByPool.filter(({ keyPosition }) => (domains[keyPosition] ?? -1) >= 0);
      const text = JSON.stringify([domains, counted.map(({ group }) => group.index), kept]);
      let choice = found.get(text);
      if (choice === undefined) {
        choice = { domains, counted, kept, sets: model.catalogs.map(() => undefined), demands: new Map() };
        found.set(text, choice);
      }
      choice.sets[poolIndex] = set;
    }
  }
  if (found.size > CHOICES_MAX) return undefined;
  return { variant, keys, selectedBy, choices: [...found.values()] };
}

function choiceKeys(model: PlanningModel, { rules, plan }: VariantModel, active: ActiveGroups): readonly ChoiceKey[] {
  const { tables } = model.topology.facts;
  const groups = [...rules.owned, ...rules.guards, ...rules.selectedBy].filter((group) => active.has(group));
  return [...new Set(groups.map(({ key }) => key))].map((key): ChoiceKey => {
    const keyIndex = tables.findIndex((table) => table.key === key);
    return { key, keyIndex, rule: plan.domainRules.find((rule) => rule.keyIndex === keyIndex) };
  });
}

interface Combination {
  /** One number per key that is settled. */
  readonly domains: readonly number[];
  readonly set: TypeSet;
  readonly kept: readonly KeptDomains[];
}

/** The pool's types for the variant, kept away from domains that pods of existing nodes guard. */
function keptOf(
  catalog: PoolCatalog,
  variant: VariantModel,
  context: { readonly poolIndex: number; readonly active: ActiveGroups; readonly model: PlanningModel },
): Combination | undefined {
  const verdict = variant.pools[context.poolIndex];
  if (verdict === undefined || typeof verdict === "string") return undefined;
  const { facts, owners } = context.model.topology;
  let set: TypeSet = verdict;
  const kept: KeptDomains[] = [];
  for (const group of variant.rules.guards) {
    if (group.key === LABELS.hostname || context.active.has(group)) continue;
    const table = facts.tables.find(({ key }) => key === group.key);
    const possible = catalog.possibleDomains(set, group.key);
    const domains = possible.filter((domain) => (owners[group.index]?.[table?.numberOf(domain) ?? -1] ?? 0) === 0);
    if (domains.length === possible.length) continue;
    const narrowed = domains.length === 0 ? undefined : catalog.narrowToDomains(set, group.key, domains);
    if (narrowed === undefined) return undefined;
    kept.push({ key: group.key, domains });
    set = narrowed;
  }
  return { domains: [], set, kept };
}

/** Every combination of domains of the keys that leaves types to buy. */
function combinationsOf(
  catalog: PoolCatalog,
  start: Combination,
  { model, keys }: { readonly model: PlanningModel; readonly keys: readonly ChoiceKey[] },
): readonly Combination[] {
  let combinations: Combination[] = [start];
  for (const { key, keyIndex } of keys) {
    const table = model.topology.facts.tables[keyIndex];
    const next: Combination[] = [];
    for (const { domains, set, kept } of combinations) {
      const possible = catalog.possibleDomains(set, key);
      if (possible.length === 0) next.push({ domains: [...domains, -1], set, kept });
      for (const domain of possible) {
        const narrowed = catalog.narrowToDomains(set, key, [domain]);
        if (narrowed === undefined) continue;
        const number = table?.numberOf(domain) ?? -1;
        next.push({ domains: [...domains, number], set: narrowed, kept: [...kept, { key, domains: [domain] }] });
      }
      if (next.length > CHOICES_MAX) return next;
    }
    combinations = next;
  }
  return combinations.filter(({ set }) => set.priced.length > 0);
}

/** The demand of pods of this size at the choice: pools that hold one, the heaviest of them only; undefined if none does. */
export function demandAt(
  choice: Choice,
  variant: VariantModel,
  context: { readonly shape: ShapeModel; readonly model: PlanningModel; readonly demands: Demands },
): Demand | undefined {
  const { shape, model, demands } = context;
  let pools = "";
  let some = false;
  for (const [poolIndex, set] of choice.sets.entries()) {
    const fits = set !== undefined && poolHolds(model.catalogs[poolIndex], set, shape);
    pools += fits ? "1" : "0";
    some ||= fits;
  }
  if (!some) return undefined;
  let demand = choice.demands.get(pools);
  if (demand === undefined) {
    const fitting = choice.sets.map((set, index) => (pools[index] === "1" ? set : undefined));
    demand = demands.intern({
      requirementNumber: variant.requirementNumber,
      kept: choice.kept,
      sets: heaviestOnly(fitting, model),
    });
    choice.demands.set(pools, demand);
  }
  return demand;
}

function poolHolds(catalog: PoolCatalog | undefined, set: TypeSet, { shape, requests }: ShapeModel): boolean {
  if (catalog === undefined) return false;
  if (shape.ports.length > 0 && firstPortConflict(shape.ports, catalog.daemonPorts) !== undefined) return false;
  for (const type of set.frontier) if (covers(type.free, requests)) return true;
  return false;
}
