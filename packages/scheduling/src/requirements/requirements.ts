import type { NodeSelectorRequirement, NodeSelectorRequirementWithMinValues } from "@nodeless/api";
import type { Requirement, Requirements } from "../model.ts";
import { labelHint } from "./label-hint.ts";
import { demandsLabel, intersectRequirements, requirement, requirementsOverlap } from "./requirement.ts";
import { formatRequirement } from "./requirement-format.ts";

/** Labels as requirements: every label is `In` its value. Keys are normalised. */
export function requirementsFromLabels(labels: Readonly<Record<string, string>> | undefined): Requirements {
  const result = new Map<string, Requirement>();
  for (const [key, value] of Object.entries(labels ?? {})) addRequirement(result, requirement(key, "In", [value]));
  return result;
}

/** Requirements of a NodePool, a claim or a node selector term; several of one key are intersected. */
export function requirementsFromNodeSelectorRequirements(
  list: readonly (NodeSelectorRequirement & { readonly minValues?: number })[] | undefined,
): Requirements {
  const result = new Map<string, Requirement>();
  for (const { key, operator, values, minValues } of list ?? [])
    addRequirement(result, requirement(key, operator, values, minValues));
  return result;
}

function addRequirement(target: Map<string, Requirement>, added: Requirement): void {
  const present = target.get(added.key);
  target.set(added.key, present === undefined ? added : intersectRequirements(present, added));
}

/** What satisfies all of the given sets. */
export function mergeRequirements(...sets: readonly Requirements[]): Requirements {
  const result = new Map<string, Requirement>();
  for (const set of sets) for (const one of set.values()) addRequirement(result, one);
  return result;
}

/** True if both sets say the same, minValues included. */
export function equalRequirements(a: Requirements, b: Requirements): boolean {
  if (a === b) return true;
  if (a.size !== b.size) return false;
  for (const [key, one] of a) {
    const other = b.get(key);
    if (other === undefined || !equalRequirement(one, other)) return false;
  }
  return true;
}

function equalRequirement(a: Requirement, b: Requirement): boolean {
  if (a === b) return true;
  if (a.complement !== b.complement || a.values.size !== b.values.size) return false;
  if (a.gte !== b.gte || a.lte !== b.lte || a.minValues !== b.minValues) return false;
  for (const value of a.values) if (!b.values.has(value)) return false;
  return true;
}

/** Why two sets do not go together. */
export interface Incompatibility {
  readonly key: string;
  readonly message: string;
}

/**
 * Karpenter's `Compatible`: can a node with `node` take what asks for `wanted`? A key that the node side does not define is
 * fine if `allowUndefined` has it or the wish is NotIn or DoesNotExist; shared keys need a common value, or both be NotIn or
 * DoesNotExist. For new claims `allowUndefined` is {@link WELL_KNOWN_LABELS}; for existing nodes it is left out, because a
 * node's labels are the whole truth. Undefined when compatible.
 */
export function requirementsConflict(
  node: Requirements,
  wanted: Requirements,
  allowUndefined?: ReadonlySet<string>,
): Incompatibility | undefined {
  for (const wish of wanted.values()) {
    const offered = node.get(wish.key);
    if (offered === undefined) {
      if (allowUndefined?.has(wish.key) === true || !demandsLabel(wish)) continue;
      return {
        key: wish.key,
        message: `label ${wish.key} has no known values${labelHint(wish.key, node.keys(), allowUndefined)}`,
      };
    }
    if (!requirementsOverlap(offered, wish))
      return { key: wish.key, message: `${formatRequirement(wish)} does not meet ${formatRequirement(offered)}` };
  }
  return undefined;
}

/** {@link requirementsConflict} as a yes or no. */
export function compatibleRequirements(
  node: Requirements,
  wanted: Requirements,
  allowUndefined?: ReadonlySet<string>,
): boolean {
  return requirementsConflict(node, wanted, allowUndefined) === undefined;
}

/** The API form, sorted by key: In, NotIn, Exists, DoesNotExist, Gte, Lte; `minValues` stands on a key's first entry. */
export function toNodeSelectorRequirements(
  requirements: Requirements,
): readonly NodeSelectorRequirementWithMinValues[] {
  return [...requirements.values()].sort((a, b) => compareText(a.key, b.key)).flatMap(toEntries);
}

function toEntries(one: Requirement): readonly NodeSelectorRequirementWithMinValues[] {
  const { key, complement, values, gte, lte, minValues } = one;
  const listed = [...values].sort(compareText);
  const entries: NodeSelectorRequirementWithMinValues[] = [];
  if (!complement)
    entries.push(listed.length > 0 ? { key, operator: "In", values: listed } : { key, operator: "DoesNotExist" });
  else {
    if (gte !== undefined) entries.push({ key, operator: "Gte", values: [String(gte)] });
    if (lte !== undefined) entries.push({ key, operator: "Lte", values: [String(lte)] });
    if (listed.length > 0) entries.push({ key, operator: "NotIn", values: listed });
    if (entries.length === 0) entries.push({ key, operator: "Exists" });
  }
  const [first, ...rest] = entries;
  return first === undefined || minValues === undefined ? entries : [{ ...first, minValues }, ...rest];
}

/** Order by code unit, the same on every machine. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
