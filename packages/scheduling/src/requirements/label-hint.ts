import { editDistance } from "@nodeless/api";

/** At most a fifth of a key may differ for it to be called a typo; beyond that a hint misleads. */
const TYPO_SHARE = 0.2;
const TYPO_EDITS_MIN = 2;

/**
 * ` (did you mean topology.kubernetes.io/zone?)` for a key close to a known one: same ending after the last slash, or a few
 * edits away. Empty when nothing is close.
 */
export function labelHint(key: string, defined: Iterable<string>, wellKnown: ReadonlySet<string> | undefined): string {
  const known = [...new Set([...defined, ...(wellKnown ?? [])])].sort();
  const suggestion = closestKey(key, known);
  return suggestion === undefined ? "" : ` (did you mean ${suggestion}?)`;
}

function closestKey(key: string, known: readonly string[]): string | undefined {
  const suffix = suffixOf(key);
  const sameSuffix = known.find((candidate) => suffixOf(candidate) === suffix);
  if (sameSuffix !== undefined) return sameSuffix;
  const editsMax = Math.max(TYPO_EDITS_MIN, Math.floor(key.length * TYPO_SHARE));
  let closest: string | undefined;
  let fewest = editsMax + 1;
  for (const candidate of known) {
    const edits = editDistance(key, candidate, { limit: editsMax });
    if (edits < fewest) {
      fewest = edits;
      closest = candidate;
    }
  }
  return closest;
}

const suffixOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1);
