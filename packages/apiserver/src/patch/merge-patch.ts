import type { JsonObject } from "../schema/index.ts";
import { isJsonObject, ownField, setOwnField } from "../schema/index.ts";

/** Applies an RFC 7386 merge patch: null deletes a key, objects merge, everything else replaces. Shares unchanged parts with the target. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const result: JsonObject = {};
  const base = isJsonObject(target) ? target : {};
  for (const key of Object.keys(base))
    if (!Object.hasOwn(patch, key)) setOwnField(result, key, base[key]);
    else if (patch[key] !== null) setOwnField(result, key, applyMergePatch(ownField(base, key), patch[key]));
  for (const key of Object.keys(patch))
    if (!Object.hasOwn(base, key) && patch[key] !== null)
      setOwnField(result, key, applyMergePatch(undefined, patch[key]));
  return result;
}
