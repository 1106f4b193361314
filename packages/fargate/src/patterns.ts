/**
 * Wildcards of Fargate selectors: `*` stands for any characters (also none), `?` for exactly one. Without
 * regular expressions, because the patterns come from users: never worse than pattern length times text length.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let [at, position] = [0, 0];
  let star: { readonly after: number; position: number } | undefined;
  while (position < text.length) {
    if (pattern[at] === "*") {
      at += 1;
      star = { after: at, position };
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === text[position])) {
      at += 1;
      position += 1;
    } else if (star !== undefined) {
      // Let the last star take one character more.
      star.position += 1;
      at = star.after;
      position = star.position;
    } else return false;
  }
  while (pattern[at] === "*") at += 1;
  return at === pattern.length;
}
