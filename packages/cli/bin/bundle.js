import { readFileSync, statSync } from "node:fs";

/**
 * The bundle to start, as a URL; undefined when there is none, or when a source of it has changed since it was written.
 * `root`: of the checkout, where the paths in `inputs.json` begin; undefined outside a checkout, where nothing changes.
 */
export function currentBundle(bundle, root) {
  const inputs = readInputs(new URL("inputs.json", bundle));
  if (inputs === undefined) return undefined;
  const main = new URL("main.js", bundle);
  if (root === undefined) return main;
  for (const [path, [mtimeMs, size]] of Object.entries(inputs)) {
    const now = statSync(new URL(path, root), { throwIfNoEntry: false });
    if (now === undefined || now.mtimeMs !== mtimeMs || now.size !== size) return undefined;
  }
  return main;
}

/** Undefined when there is no bundle, or only a part of one. */
function readInputs(file) {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}
