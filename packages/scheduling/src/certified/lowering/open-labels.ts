import { LABELS } from "@nodeless/api";
import type { Requirement } from "../../model.ts";
import type { PoolCatalog, TypeSet } from "../../packing/pool-catalog.ts";
import { allowsLabel, demandsLabel } from "../../requirements/requirement.ts";

/** Keys that offerings decide. */
const OFFERING_KEYS: readonly string[] = [LABELS.zone, LABELS.capacityType, LABELS.zoneId];
/** More states of one pool's open labels than this are not enumerated. */
const STATES_MAX = 16;

/**
 * A pool may leave several values of a label to its pods (`team in (a,b)`). Each state that a node's open labels can be in is given by
 * the sets that agree with it, one digit per set; states that others include are left out. Undefined if there are too many.
 */
export function openLabelStates(catalog: PoolCatalog, sets: readonly TypeSet[]): readonly string[] | undefined {
  let states = ["1".repeat(sets.length)];
  for (const key of openKeys(catalog, sets)) {
    const ofKey = maximal(labelStates(sets.map(({ requirements }) => requirements.get(key))));
    states = maximal(states.flatMap((state) => ofKey.map((one) => overlap(state, one))));
    if (states.length > STATES_MAX) return undefined;
  }
  return states;
}

/** Keys on which the sets differ and which some type leaves open. */
function openKeys({ types }: PoolCatalog, sets: readonly TypeSet[]): readonly string[] {
  const keys = new Set<string>();
  const [first] = sets;
  for (const { requirements } of sets)
    for (const [key, requirement] of requirements) if (first?.requirements.get(key) !== requirement) keys.add(key);
  for (const key of first?.requirements.keys() ?? [])
    if (sets.some(({ requirements }) => !requirements.has(key))) keys.add(key);
  return [...keys].filter((key) => {
    if (key === LABELS.zoneId)
      return types.some(({ type }) => type.offerings.some(({ zoneId }) => zoneId === undefined));
    if (OFFERING_KEYS.includes(key)) return false;
    return types.some(({ type }) => !decides(type.requirements.get(key)));
  });
}

const decides = (requirement: Requirement | undefined): boolean =>
  requirement !== undefined && !requirement.complement && requirement.values.size <= 1;

/** For every value worth trying, and for the label's absence: which requirements it satisfies. */
function labelStates(requirements: readonly (Requirement | undefined)[]): readonly string[] {
  const values = new Set<string | undefined>([undefined, "\u0000other"]);
  for (const requirement of requirements) {
    if (requirement === undefined) continue;
    for (const value of requirement.values) values.add(value);
    for (const bound of [requirement.gte, requirement.lte]) {
      if (bound === undefined) continue;
      for (let step = -requirement.values.size - 1; step <= requirement.values.size + 1; step += 1)
        values.add(String(bound + step));
    }
  }
  const states = new Set<string>();
  for (const value of values) states.add(requirements.map((one) => (satisfies(one, value) ? "1" : "0")).join(""));
  return [...states];
}

function satisfies(requirement: Requirement | undefined, value: string | undefined): boolean {
  if (requirement === undefined) return true;
  return value === undefined ? !demandsLabel(requirement) : allowsLabel(requirement, value);
}

function overlap(a: string, b: string): string {
  let result = "";
  for (let index = 0; index < a.length; index += 1) result += a[index] === "1" && b[index] === "1" ? "1" : "0";
  return result;
}

function maximal(states: readonly string[]): string[] {
  const distinct = [...new Set(states)];
  return distinct.filter((one) => !distinct.some((other) => other !== one && overlap(one, other) === one));
}
