import { isJsonObject, ownField } from "../schema/index.ts";

type Step =
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "all" }
  | { readonly kind: "filter"; readonly path: readonly Step[]; readonly operator: string; readonly value: unknown };

/** The text is not a path this server understands. Caller: report the column that has it. */
export class InvalidJsonPathError extends Error {
  override readonly name = "InvalidJsonPathError";
}

export interface JsonPath {
  /** All values the path leads to; none if a field is missing. */
  find(value: unknown): readonly unknown[];
}

/** Real paths have a handful of steps. */
const STEPS_MAX = 64;

/**
 * Parses the JSON paths of printer columns, scale paths and selectable fields: `.spec.replicas`, `.metadata.annotations['a.b']`,
 * `.metadata.labels.a\.b`, `.spec.list[0]`, `.spec.list[*].name`, `.status.conditions[?(@.type=="Ready")].status`.
 * Throws InvalidJsonPathError. Source: the grammar of k8s.io/client-go util/jsonpath.
 */
export function parseJsonPath(text: string): JsonPath {
  const steps = parseSteps(text.replace(/^\{(.*)\}$/s, "$1"));
  return { find: (value) => walk([value], steps) };
}

const FIELD = /^\.?((?:\\.|[^.[\]\\'"])+)/;
const QUOTED = /^\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/;
const INDEX = /^\[(-?\d+)\]/;
const ALL = /^(?:\[\*\]|\.\*)/;
const FILTER = /^\[\?\(\s*@((?:\.[^=!<>\s()]+)*)\s*(?:(==|!=|<=|>=|<|>)\s*([^)]*?))?\s*\)\]/;

function parseSteps(text: string): readonly Step[] {
  const steps: Step[] = [];
  let rest = text.startsWith("$") ? text.slice(1) : text;
  while (rest !== "" && rest !== ".") {
    const [step, length] = parseStep(rest) ?? [];
    if (step === undefined || length === undefined || steps.length >= STEPS_MAX)
      throw new InvalidJsonPathError(`invalid JSON path ${JSON.stringify(text)}`);
    steps.push(step);
    rest = rest.slice(length);
  }
  return steps;
}

const withoutEscapes = (text: string): string => text.replaceAll(/\\(.)/g, "$1");

function parseStep(text: string): readonly [Step, number] | undefined {
  const all = ALL.exec(text);
  if (all !== null) return [{ kind: "all" }, all[0].length];
  const quoted = QUOTED.exec(text);
  if (quoted !== null) return [{ kind: "field", name: withoutEscapes(quoted[1] ?? quoted[2] ?? "") }, quoted[0].length];
  const index = INDEX.exec(text);
  if (index !== null) return [{ kind: "index", index: Number(index[1]) }, index[0].length];
  const filter = FILTER.exec(text);
  if (filter !== null) {
    const value = filter[2] === undefined ? undefined : literal(filter[3] ?? "");
    const path = parseSteps(filter[1] ?? "");
    return [{ kind: "filter", path, operator: filter[2] ?? "", value }, filter[0].length];
  }
  const field = FIELD.exec(text);
  return field === null ? undefined : [{ kind: "field", name: withoutEscapes(field[1] ?? "") }, field[0].length];
}

function literal(text: string): unknown {
  const quoted = /^(?:'(.*)'|"(.*)")$/s.exec(text);
  if (quoted !== null) return withoutEscapes(quoted[1] ?? quoted[2] ?? "");
  if (text === "true" || text === "false") return text === "true";
  const number = Number(text);
  if (text === "" || Number.isNaN(number)) throw new InvalidJsonPathError(`invalid literal ${JSON.stringify(text)}`);
  return number;
}

function walk(values: readonly unknown[], steps: readonly Step[]): readonly unknown[] {
  return steps.reduce<readonly unknown[]>((found, step) => found.flatMap((value) => take(value, step)), values);
}

function take(value: unknown, step: Step): readonly unknown[] {
  switch (step.kind) {
    case "field": {
      const field = isJsonObject(value) ? ownField(value, step.name) : undefined;
      return field === undefined ? [] : [field];
    }
    case "index": {
      const item: unknown = Array.isArray(value) ? value.at(step.index) : undefined;
      return item === undefined ? [] : [item];
    }
    case "all":
      return Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
    case "filter":
      return (Array.isArray(value) ? value : []).filter((item: unknown) => passes(item, step));
  }
}

function passes(item: unknown, { path, operator, value }: Extract<Step, { kind: "filter" }>): boolean {
  const [found] = walk([item], path);
  if (operator === "") return found !== undefined;
  if (found === undefined) return false;
  if (operator === "==") return found === value;
  if (operator === "!=") return found !== value;
  const [left, right] = typeof found === "number" ? [found, Number(value)] : [String(found), String(value)];
  if (operator === "<") return left < right;
  if (operator === ">") return left > right;
  return operator === "<=" ? left <= right : left >= right;
}
