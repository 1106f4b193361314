import { editDistance } from "@nodeless/api";

/** Something wrong at a path of a catalogue, `instanceTypes[3].offerings[0].usdPerHour`. */
export interface CatalogProblem {
  readonly path: string;
  readonly message: string;
}

/** More would be noise: a wrong generator makes the same mistake in every type. */
const PROBLEMS_SHOWN_MAX = 20;

/** A catalogue cannot be used. Caller: show the message. */
export class InvalidCatalogError extends Error {
  override readonly name = "InvalidCatalogError";
  readonly file: string;
  /** In the order of the text, all of them. */
  readonly problems: readonly CatalogProblem[];

  constructor(file: string, problems: readonly CatalogProblem[]) {
    const shown = problems
      .slice(0, PROBLEMS_SHOWN_MAX)
      .map(({ path, message }) => `${path === "" ? file : `${file}: ${path}`}: ${message}`);
    const more = problems.length - shown.length;
    super([...shown, ...(more > 0 ? [`${file}: ${more} more problems of this kind`] : [])].join("\n"));
    this.file = file;
    this.problems = problems;
  }
}

const PROBLEMS_MAX = 1000;
const EDITS_MAX = 2;

/** Collects problems while a catalogue is read; what it reads of a wrong place is undefined. */
export class CatalogProblems {
  readonly list: CatalogProblem[] = [];

  /** Always undefined, for `return problems.add(…)`. */
  add(path: string, message: string): undefined {
    if (this.list.length < PROBLEMS_MAX) this.list.push({ path, message });
    return undefined;
  }

  /** The entries of an object, `required` ones checked for; a key that looks like one of the known is a slip of the finger. */
  object(
    value: unknown,
    path: string,
    known: { readonly required: readonly string[]; readonly optional?: readonly string[] },
  ): ReadonlyMap<string, unknown> | undefined {
    const entries = this.entries(value, path);
    if (entries === undefined) return undefined;
    const { required, optional = [] } = known;
    for (const key of required) if (!entries.has(key)) this.add(join(path, key), "is missing");
    const names = [...required, ...optional];
    for (const key of entries.keys()) {
      if (names.includes(key)) continue;
      const meant = names.find((name) => editDistance(name, key, { limit: EDITS_MAX }) <= EDITS_MAX);
      if (meant !== undefined) this.add(join(path, key), `is not a field: did you mean ${meant}?`);
    }
    return entries;
  }

  entries(
    value: unknown,
    path: string,
    max: number = Number.POSITIVE_INFINITY,
  ): ReadonlyMap<string, unknown> | undefined {
    if (typeof value !== "object" || value === null || Array.isArray(value))
      return this.add(path, `must be an object, not ${kindOf(value)}`);
    const entries = Object.entries(value);
    return entries.length > max ? this.add(path, `has ${entries.length} entries; at most ${max}`) : new Map(entries);
  }

  items(value: unknown, path: string, max: number): readonly unknown[] | undefined {
    if (!Array.isArray(value)) return this.add(path, `must be a list, not ${kindOf(value)}`);
    return value.length > max ? this.add(path, `has ${value.length} entries; at most ${max}`) : value;
  }

  text(value: unknown, path: string): string | undefined {
    if (typeof value !== "string") return this.add(path, `must be text, not ${kindOf(value)}`);
    return value === "" ? this.add(path, "must not be empty") : value;
  }

  flag(value: unknown, path: string): boolean | undefined {
    return typeof value === "boolean" ? value : this.add(path, `must be true or false, not ${kindOf(value)}`);
  }
}

export function join(path: string, key: string): string {
  if (path === "") return key;
  return /^[A-Za-z][A-Za-z0-9]*$/.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return `${typeof value === "string" ? "text" : `a ${typeof value}`} (${shorten(JSON.stringify(value))})`;
}

export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
