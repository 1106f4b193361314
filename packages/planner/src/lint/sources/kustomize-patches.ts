import { posix } from "node:path";
import { parse } from "yaml";
import { isPlainObject } from "../../manifests/schema/check-value.ts";
import type { LintSource } from "./lint-source.ts";

const KUSTOMIZATION = /(^|\/)kustomization\.ya?ml$/;
/** A kustomization is a page; larger files are none. */
const KUSTOMIZATION_BYTES_MAX = 256 * 1024;

/** Files that kustomizations of the input merge into others: fragments of objects, which are no manifests by themselves. */
export function kustomizePatches(sources: readonly LintSource[]): ReadonlySet<string> {
  const patches = new Set<string>();
  for (const { file, text } of sources) {
    if (!KUSTOMIZATION.test(file) || text.length > KUSTOMIZATION_BYTES_MAX) continue;
    for (const path of patchPaths(text)) patches.add(posix.join(posix.dirname(file), path));
  }
  return patches;
}

function* patchPaths(text: string): Iterable<string> {
  const value = parsed(text);
  if (!isPlainObject(value)) return;
  for (const field of ["patches", "patchesStrategicMerge", "patchesJson6902"]) {
    const list = value[field];
    for (const patch of Array.isArray(list) ? list : []) {
      const path: unknown = isPlainObject(patch) ? patch["path"] : patch;
      if (typeof path === "string" && !path.includes("\n")) yield path;
    }
  }
}

/** Broken text names no patches; what is wrong with it is for kustomize to say. */
function parsed(text: string): unknown {
  try {
    return parse(text, { logLevel: "silent" });
  } catch {
    return undefined;
  }
}
