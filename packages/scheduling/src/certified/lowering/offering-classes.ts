import type { InstanceType, Offering } from "../../model.ts";
import { meetsMinValues } from "../../packing/open-claim.ts";
import type { PlanningModel } from "../../packing/planning-model.ts";
import type { PoolCatalog, PricedType, TypeSet } from "../../packing/pool-catalog.ts";
import { compatibleOfferings } from "../../requirements/offerings.ts";
import type { PackingOffering } from "../problem.ts";
import { openLabelStates } from "./open-labels.ts";

/** An offering of the packing problem and where it comes from. */
export interface LoweredOffering extends PackingOffering {
  readonly poolIndex: number;
  readonly type: PricedType;
}

/** Offerings in classes: those of one class may be used by the same sets of types. */
export interface OfferingClasses {
  readonly offerings: readonly LoweredOffering[];
  readonly classes: number;
  /** By pool and class: is the class inside the type set? */
  allows(poolIndex: number, set: TypeSet, offeringClass: number): boolean;
  /** Classes of one pool. */
  classesOf(poolIndex: number): readonly number[];
}

interface ClassOptions {
  /** By pool: the type sets that pods use, each once. */
  readonly sets: readonly ReadonlySet<TypeSet>[];
  /** False for bounds: labels that stay open are taken as if every value were there at once. */
  readonly openLabels: boolean;
  /** False for bounds: types that alone would leave too few values for minValues stay. */
  readonly minValues: boolean;
}

/** Classes of all offerings that some pods may use; undefined if too many labels stay open. */
export function offeringClasses(model: PlanningModel, options: ClassOptions): OfferingClasses | undefined {
  const lists: (readonly LoweredOffering[])[] = [];
  const signatures: string[] = [];
  const poolClasses: number[][] = [];
  const positions: Map<TypeSet, number>[] = [];
  for (const [poolIndex, catalog] of model.catalogs.entries()) {
    const sets = [...(options.sets[poolIndex] ?? [])];
    const first = signatures.length;
    const found = poolOfferings(catalog, sets, { ...options, poolIndex, first });
    if (found === undefined) return undefined;
    lists.push(found.offerings);
    signatures.push(...found.signatures);
    poolClasses.push(found.signatures.map((_, index) => first + index));
    positions.push(new Map(sets.map((set, index) => [set, index])));
  }
  const [only = []] = lists;
  return {
    // One pool's list stays the same object, by which others know what they found out about it.
    offerings: lists.length <= 1 ? only : lists.flat(),
    classes: signatures.length,
    classesOf: (poolIndex) => poolClasses[poolIndex] ?? [],
    allows: (poolIndex, set, offeringClass) => {
      const position = positions[poolIndex]?.get(set);
      return position !== undefined && signatures[offeringClass]?.[position] === "1";
    },
  };
}

interface PoolOfferings {
  readonly offerings: readonly LoweredOffering[];
  /** By class from `first` on: a digit per set. */
  readonly signatures: readonly string[];
}

function poolOfferings(
  catalog: PoolCatalog,
  sets: readonly TypeSet[],
  options: ClassOptions & { readonly poolIndex: number; readonly first: number },
): PoolOfferings | undefined {
  if (sets.length === 0) return { offerings: [], signatures: [] };
  const states = options.openLabels ? openLabelStates(catalog, sets) : ["1".repeat(sets.length)];
  if (states === undefined) return undefined;
  const keep = options.minValues && catalog.hasMinValues;
  const question = `${options.poolIndex} ${options.first} ${keep} ${states.join()} ${sets.map(({ index }) => index).join()}`;
  let answers = knownOfferings.get(catalog.root);
  if (answers === undefined) {
    answers = new Map();
    knownOfferings.set(catalog.root, answers);
  }
  let found = answers.get(question);
  if (found === undefined) {
    found = foundOfferings(catalog, sets, { ...options, states, keep });
    if (answers.size >= ANSWERS_MAX) answers.clear();
    answers.set(question, found);
  }
  return found;
}

/** Bound and search of a pass ask different questions where pods are pinned; what a cluster asks hardly changes from pass to pass. */
const ANSWERS_MAX = 4;

/** By the type set with which a catalogue begins, which passes hand on to each other: depends on nothing else but the question. */
const knownOfferings = new WeakMap<TypeSet, Map<string, PoolOfferings>>();

interface OfferingQuestion {
  readonly poolIndex: number;
  readonly first: number;
  readonly states: readonly string[];
  /** Only types that leave enough values for the pool's minValues. */
  readonly keep: boolean;
}

function foundOfferings(
  catalog: PoolCatalog,
  sets: readonly TypeSet[],
  { poolIndex, first, states, keep }: OfferingQuestion,
): PoolOfferings {
  const byType = typeSignatures(sets);
  const places = new Map<string, string>();
  const numbers = new Map<string, number>();
  const cheapest = new Map<string, LoweredOffering>();
  for (const type of catalog.root.priced) {
    const ofType = byType.get(type.type);
    if (ofType === undefined) continue;
    const free = type.free.map((amount) => Math.max(0, amount));
    for (const offering of compatibleOfferings(type.type, catalog.pool.requirements)) {
      const ofPlace = placeSignature(offering, sets, places);
      for (const state of states) {
        const signature = both(both(ofType, ofPlace), state);
        if (!signature.includes("1")) continue;
        const number = numbers.get(signature) ?? numbers.size;
        numbers.set(signature, number);
        const key = `${number} ${type.type.name}`;
        if ((cheapest.get(key)?.priceUsdPerHour ?? Number.POSITIVE_INFINITY) <= offering.priceUsdPerHour) continue;
        cheapest.set(key, { class: first + number, priceUsdPerHour: offering.priceUsdPerHour, free, poolIndex, type });
      }
    }
  }
  const offerings = [...cheapest.values()];
  return {
    offerings: keep ? offerings.filter(leavesMinValues(catalog, offerings)) : offerings,
    signatures: [...numbers.keys()],
  };
}

/** By type: which of the sets have it. */
function typeSignatures(sets: readonly TypeSet[]): ReadonlyMap<InstanceType, string> {
  const digits = new Map<InstanceType, string[]>();
  for (const [index, set] of sets.entries())
    for (const { type } of set.priced) {
      let own = digits.get(type);
      if (own === undefined) {
        own = new Array<string>(sets.length).fill("0");
        digits.set(type, own);
      }
      own[index] = "1";
    }
  return new Map([...digits].map(([type, own]) => [type, own.join("")]));
}

/** Which of the sets allow this zone and capacity type. */
function placeSignature(offering: Offering, sets: readonly TypeSet[], known: Map<string, string>): string {
  const { zone, zoneId, capacityType } = offering;
  const place = `${zone} ${zoneId ?? ""} ${capacityType}`;
  let signature = known.get(place);
  if (signature === undefined) {
    const one = { offerings: [offering] };
    signature = sets
      .map(({ requirements }) => (compatibleOfferings(one, requirements).length > 0 ? "1" : "0"))
      .join("");
    known.set(place, signature);
  }
  return signature;
}

function both(a: string, b: string): string {
  if (!a.includes("0")) return b;
  if (!b.includes("0")) return a;
  let result = "";
  for (let index = 0; index < a.length; index += 1) result += a[index] === "1" && b[index] === "1" ? "1" : "0";
  return result;
}

/**
 * True for types below which enough others of the class hold the same content: whatever is packed on such a node leaves the values
 * that the pool's minValues ask for.
 */
function leavesMinValues(
  catalog: PoolCatalog,
  offerings: readonly LoweredOffering[],
): (one: LoweredOffering) => boolean {
  return (one) => {
    const larger = offerings.filter(
      (other) => other.class === one.class && one.free.every((amount, index) => (other.free[index] ?? 0) >= amount),
    );
    return meetsMinValues(
      larger.map(({ type }) => type),
      catalog.root,
    );
  };
}
