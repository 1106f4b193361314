const POSIX_CLASSES: ReadonlyMap<string, string> = new Map([
  ["alnum", "0-9A-Za-z"],
  ["alpha", "A-Za-z"],
  ["digit", "0-9"],
  ["lower", "a-z"],
  ["upper", "A-Z"],
  ["space", "\\s"],
  ["xdigit", "0-9A-Fa-f"],
  ["word", "\\w"],
]);

/** A real pattern is a line; a longer one is an attack on the parser. */
const PATTERN_CHARACTERS_MAX = 10_000;

/**
 * A schema's pattern, written in Go's RE2 syntax, as a JavaScript expression: inline flags, text anchors and POSIX classes are translated, the
 * rest is the same in both. Undefined: it cannot be expressed.
 */
export function compilePattern(pattern: string): RegExp | undefined {
  if (pattern.length > PATTERN_CHARACTERS_MAX) return undefined;
  const inline = /^\(\?([ims]+)\)/.exec(pattern);
  const flags = inline?.[1] ?? "";
  const source = pattern
    .slice(inline?.[0].length ?? 0)
    .replaceAll("\\A", "^")
    .replaceAll("\\z", "$")
    .replaceAll("(?P<", "(?<")
    .replaceAll(/\[:(\w+):\]/g, (text, name: string) => POSIX_CLASSES.get(name) ?? text);
  // Unicode mode is right for most patterns, but refuses needless escapes such as `\-`, which RE2 allows.
  return tryCompile(source, `${flags}u`) ?? tryCompile(source, flags);
}

function tryCompile(source: string, flags: string): RegExp | undefined {
  try {
    return new RegExp(source, flags);
  } catch {
    return undefined;
  }
}
