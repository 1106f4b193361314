import type { Filter } from "@aws-sdk/client-ec2";
import { invalidParameter } from "./ec2-error.ts";

/** EC2's limits on filters and on values per filter. */
const FILTERS_MAX = 50;
const FILTER_VALUES_MAX = 200;

/** What a filter looks at: the values of one item under one filter name. */
export type FilterValues<T> = (item: T) => string | undefined | readonly (string | undefined)[];

/** Filter names of an operation. `tag:<key>`, `tag-key` and `tag-value` come with `tagsOf`. */
export interface FilterTable<T> {
  readonly names: Readonly<Record<string, FilterValues<T>>>;
  readonly tagsOf?: (item: T) => ReadonlyMap<string, string>;
}

/**
 * Keeps the items that satisfy every filter; values of one filter are alternatives, `*` and `?` are wildcards, a backslash escapes them.
 * Throws InvalidParameterValue for a name the operation does not know.
 */
export function applyFilters<T>(
  items: readonly T[],
  filters: readonly Filter[] | undefined,
  table: FilterTable<T>,
): readonly T[] {
  if (filters === undefined || filters.length === 0) return items;
  if (filters.length > FILTERS_MAX) throw invalidParameter(`The maximum number of filters is ${FILTERS_MAX}`);
  const tests = filters.map((filter) => filterTest(filter, table));
  return items.filter((item) => tests.every((test) => test(item)));
}

function filterTest<T>(filter: Filter, table: FilterTable<T>): (item: T) => boolean {
  const name = filter.Name ?? "";
  const values = filter.Values ?? [];
  if (values.length === 0) throw invalidParameter(`The filter '${name}' must have at least one value`);
  if (values.length > FILTER_VALUES_MAX)
    throw invalidParameter(`The maximum number of filter values specified on a single call is ${FILTER_VALUES_MAX}`);
  const matchers = values.map(wildcardMatcher);
  const read = filterReader(name, table);
  return (item) => {
    const found = read(item);
    const list = typeof found === "string" || found === undefined ? [found] : found;
    return list.some((value) => value !== undefined && matchers.some((matches) => matches(value)));
  };
}

function filterReader<T>(name: string, table: FilterTable<T>): FilterValues<T> {
  const { tagsOf } = table;
  if (tagsOf !== undefined) {
    if (name === "tag-key") return (item) => [...tagsOf(item).keys()];
    if (name === "tag-value") return (item) => [...tagsOf(item).values()];
    if (name.startsWith("tag:")) return (item) => tagsOf(item).get(name.slice("tag:".length));
  }
  const read = Object.hasOwn(table.names, name) ? table.names[name] : undefined;
  if (read === undefined) throw invalidParameter(`The filter '${name}' is invalid`);
  return read;
}

/** A test for a filter value; linear in the text, whatever the pattern. */
function wildcardMatcher(pattern: string): (text: string) => boolean {
  const tokens: { readonly kind: "any" | "one" | "char"; readonly char: string }[] = [];
  for (let index = 0; index < pattern.length; index += 1) {
    const char = pattern.charAt(index);
    if (char === "\\" && index + 1 < pattern.length) {
      index += 1;
      tokens.push({ kind: "char", char: pattern.charAt(index) });
    } else tokens.push({ kind: char === "*" ? "any" : char === "?" ? "one" : "char", char });
  }
  if (tokens.every((token) => token.kind === "char")) {
    const exact = tokens.map((token) => token.char).join("");
    return (text) => text === exact;
  }
  return (text) => matchesTokens(tokens, text);
}

/** Greedy match with one point to go back to: the last `*`. */
function matchesTokens(tokens: readonly { readonly kind: string; readonly char: string }[], text: string): boolean {
  let token = 0;
  let star = -1;
  let resume = 0;
  for (let index = 0; index < text.length; ) {
    const current = tokens[token];
    if (current?.kind === "any") {
      star = token;
      resume = index;
      token += 1;
    } else if (current?.kind === "one" || (current?.kind === "char" && current.char === text[index])) {
      token += 1;
      index += 1;
    } else if (star >= 0) {
      resume += 1;
      index = resume;
      token = star + 1;
    } else return false;
  }
  return tokens.slice(token).every((rest) => rest.kind === "any");
}
