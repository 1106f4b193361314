import type { JsonObject } from "../schema/index.ts";
import { isJsonObject, ownField } from "../schema/index.ts";
import { badRequest } from "../status.ts";

/** The lists that meet when a list field is patched. */
export interface PatchedLists {
  readonly current: readonly unknown[];
  readonly patch: readonly unknown[];
  /** Of `$setElementOrder`: the wanted order; elements hold only the merge key. */
  readonly order: readonly unknown[] | undefined;
}

/** Sets of scalars: the current ones that are not removed, then the new ones. */
export function mergePrimitiveList({ current, patch }: PatchedLists, removed: readonly unknown[]): readonly unknown[] {
  const gone = new Set(removed);
  return [...new Set([...current.filter((item) => !gone.has(item)), ...patch])];
}

/** Lists of objects that are told apart by `mergeKey`. New elements are appended. */
export function mergeObjectList(
  { current, patch }: PatchedLists,
  mergeKey: string,
  merge: (current: JsonObject, patch: JsonObject) => JsonObject | undefined,
): readonly unknown[] {
  const changes = patch.map(asObject);
  // One bare `$patch: replace` element says: the others are the whole list.
  if (changes.some((change) => change["$patch"] === "replace" && ownField(change, mergeKey) === undefined))
    return changes.filter((change) => change["$patch"] !== "replace");
  let result: unknown[] = [...current];
  for (const change of changes) {
    const key = ownField(change, mergeKey);
    if (key === undefined)
      throw badRequest(`map: ${JSON.stringify(change)} does not contain declared merge key: ${mergeKey}`);
    const index = result.findIndex((item) => isJsonObject(item) && ownField(item, mergeKey) === key);
    if (change["$patch"] === "delete") {
      result = result.filter((item) => !(isJsonObject(item) && ownField(item, mergeKey) === key));
      continue;
    }
    const old = index < 0 ? undefined : result[index];
    const merged = merge(isJsonObject(old) ? old : {}, change);
    if (index < 0) result.push(merged);
    else result[index] = merged;
  }
  return result;
}

function asObject(item: unknown): JsonObject {
  if (!isJsonObject(item)) throw badRequest("error decoding patch: a list element must be an object");
  return item;
}

/**
 * Sorts the merged list by `$setElementOrder`. Elements it does not name (the server added them) keep their place relative to the
 * element that stood before them.
 */
export function inOrder(
  merged: readonly unknown[],
  { order }: PatchedLists,
  keyOf: (item: unknown) => unknown,
): readonly unknown[] {
  if (order === undefined) return merged;
  const rank = new Map(order.map((item, index) => [keyOf(item), index]));
  const named = merged
    .filter((item) => rank.has(keyOf(item)))
    .sort((a, b) => (rank.get(keyOf(a)) ?? 0) - (rank.get(keyOf(b)) ?? 0));
  const result = [...named];
  for (const [index, item] of merged.entries()) {
    if (rank.has(keyOf(item))) continue;
    const previous = merged[index - 1];
    result.splice(index === 0 ? 0 : result.indexOf(previous) + 1, 0, item);
  }
  return result;
}
