import type { Requirement, Requirements } from "../model.ts";
import { isEmptyRequirement, requirementsOverlap } from "../requirements/requirement.ts";
import { mergeRequirements } from "../requirements/requirements.ts";

/** A pod with several volumes of many zones multiplies alternatives; past this they are cut, which only narrows the choice. */
const ALTERNATIVES_MAX = 64;

/** Every pair of one alternative of each that does not exclude itself; nothing on a side means that it does not care. */
export function crossAlternatives(a: readonly Requirements[], b: readonly Requirements[]): readonly Requirements[] {
  if (a.length === 0) return b;
  if (b.length === 0) return a;
  const pairs = a.flatMap((one) =>
    b.filter((other) => goTogether(one, other)).map((other) => mergeRequirements(one, other)),
  );
  // Volumes in different zones leave nothing: then every pair is kept, so that the contradiction can be reported.
  const kept = pairs.length > 0 ? pairs : a.flatMap((one) => b.map((other) => mergeRequirements(one, other)));
  return kept.slice(0, ALTERNATIVES_MAX);
}

function goTogether(a: Requirements, b: Requirements): boolean {
  for (const one of a.values()) {
    const other = b.get(one.key);
    if (other !== undefined && !requirementsOverlap(one, other)) return false;
  }
  return true;
}

/**
 * The same choice in fewer words: alternatives that list values of one and the same label become one list. Zones of a StorageClass are of
 * this kind, so that a pod rarely has more than one alternative left.
 */
export function prunedAlternatives(alternatives: readonly Requirements[]): readonly Requirements[] {
  const [first] = alternatives;
  const [only] = first?.values() ?? [];
  if (only === undefined || alternatives.length === 1) return alternatives;
  const values = new Set<string>();
  for (const one of alternatives) {
    const listed = one.size === 1 ? one.get(only.key) : undefined;
    if (listed === undefined || listed.complement || isEmptyRequirement(listed)) return alternatives;
    for (const value of listed.values) values.add(value);
  }
  const union: Requirement = { key: only.key, complement: false, values };
  return [new Map([[only.key, union]])];
}
