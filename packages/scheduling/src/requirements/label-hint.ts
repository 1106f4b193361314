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
    if (Math.abs(candidate.length - key.length) >= fewest) continue;
    const edits = editDistance(key, candidate);
    if (edits < fewest) {
      fewest = edits;
      closest = candidate;
    }
  }
  return closest;
}

const suffixOf = (key: string): string => key.slice(key.lastIndexOf("/") + 1);

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const substitution = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
