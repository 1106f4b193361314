import { normalizedLabelKey } from "@nodeless/api";
import type { Requirement } from "../model.ts";

/** Operators of node selector requirements; Gte and Lte are Karpenter's additions. */
export type RequirementOperator = "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" | "Gte" | "Lte";

const NOTHING: ReadonlySet<string> = new Set();
const INTEGER = /^-?\d+$/;

/**
 * One requirement from its operator (karpenter.md §2.4). The key is normalised. An unknown operator or a bound that is not
 * an integer gives a requirement that no value satisfies: the API refuses such objects, and one that slipped through must
 * match nothing.
 */
export function requirement(
  key: string,
  operator: string,
  values: readonly string[] = [],
  minValues?: number,
): Requirement {
  const base = { key: normalizedLabelKey(key), ...(minValues === undefined ? {} : { minValues }) };
  switch (operator as RequirementOperator) {
    case "In":
      return values.length === 0 ? never(base) : { ...base, complement: false, values: new Set(values) };
    case "NotIn":
      return { ...base, complement: true, values: new Set(values) };
    case "Exists":
      return { ...base, complement: true, values: NOTHING };
    case "DoesNotExist":
      return { ...base, complement: false, values: NOTHING };
    case "Gt":
      return bounded(base, values, (bound) => ({ gte: bound + 1 }));
    case "Lt":
      return bounded(base, values, (bound) => ({ lte: bound - 1 }));
    case "Gte":
      return bounded(base, values, (bound) => ({ gte: bound }));
    case "Lte":
      return bounded(base, values, (bound) => ({ lte: bound }));
    default:
      return never(base);
  }
}

type Base = Pick<Requirement, "key" | "minValues">;

function never(base: Base): Requirement {
  return { ...base, complement: true, values: NOTHING, gte: 1, lte: 0 };
}

function bounded(base: Base, values: readonly string[], bounds: (bound: number) => object): Requirement {
  const text = values.length === 1 ? values[0] : undefined;
  if (text === undefined || !INTEGER.test(text)) return never(base);
  return { ...base, complement: true, values: NOTHING, ...bounds(Number(text)) };
}

/** True if a node whose label has this value satisfies the requirement. */
export function allowsValue(requirement: Requirement, value: string): boolean {
  return requirement.values.has(value) !== requirement.complement && insideBounds(requirement, value);
}

/** True if a node with this value, or without the label when undefined, satisfies the requirement. */
export function allowsLabel(requirement: Requirement, value: string | undefined): boolean {
  return value === undefined ? !demandsLabel(requirement) : allowsValue(requirement, value);
}

function insideBounds({ gte, lte }: Requirement, value: string): boolean {
  if (gte === undefined && lte === undefined) return true;
  if (!INTEGER.test(value)) return false;
  const number = Number(value);
  return (gte === undefined || number >= gte) && (lte === undefined || number <= lte);
}

/** True if nodes without the label fail the requirement: In, Exists and every bound; not NotIn and DoesNotExist. */
export function demandsLabel({ complement, values, gte, lte }: Requirement): boolean {
  if (!complement) return values.size > 0;
  return values.size === 0 || gte !== undefined || lte !== undefined;
}

/** True if no value satisfies the requirement: DoesNotExist, or bounds that leave nothing. */
export function isEmptyRequirement({ complement, values, gte, lte }: Requirement): boolean {
  if (!complement) return values.size === 0;
  if (gte === undefined || lte === undefined) return false;
  if (gte > lte) return true;
  // Bounds are integers, so a short interval may be excluded value by value.
  if (lte - gte >= values.size) return false;
  for (let value = gte; value <= lte; value += 1) if (!values.has(String(value))) return false;
  return true;
}

/**
 * What satisfies both. An empty interval becomes DoesNotExist, bounds are kept only while the result is a complement, and
 * minValues is the larger one. Keys must be equal; the first one's is kept.
 */
export function intersectRequirements(a: Requirement, b: Requirement): Requirement {
  const gte = larger(a.gte, b.gte);
  const lte = smaller(a.lte, b.lte);
  const minValues = larger(a.minValues, b.minValues);
  const base: Base = { key: a.key, ...(minValues === undefined ? {} : { minValues }) };
  const bounds = { ...(gte === undefined ? {} : { gte }), ...(lte === undefined ? {} : { lte }) };
  const interval: Requirement = { ...base, complement: true, values: NOTHING, ...bounds };
  if (isEmptyRequirement(interval)) return { ...base, complement: false, values: NOTHING };
  const inBounds = (value: string): boolean => insideBounds(interval, value);
  if (a.complement && b.complement) {
    const excluded = new Set([...a.values, ...b.values].filter(inBounds));
    const both: Requirement = { ...base, complement: true, values: excluded, ...bounds };
    return isEmptyRequirement(both) ? { ...base, complement: false, values: NOTHING } : both;
  }
  const listed = a.complement ? b : a;
  const other = a.complement ? a : b;
  const left = [...listed.values].filter((value) => other.values.has(value) !== other.complement && inBounds(value));
  return { ...base, complement: false, values: new Set(left) };
}

const larger = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.max(a, b);
const smaller = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : b === undefined ? a : Math.min(a, b);

/** True if some label state of one node satisfies both: a common value, or no label where neither asks for one. */
export function requirementsOverlap(a: Requirement, b: Requirement): boolean {
  if (!demandsLabel(a) && !demandsLabel(b)) return true;
  if (!a.complement && !b.complement) {
    const [small, large] = a.values.size <= b.values.size ? [a, b] : [b, a];
    for (const value of small.values) if (large.values.has(value)) return true;
    return false;
  }
  return !isEmptyRequirement(intersectRequirements(a, b));
}
