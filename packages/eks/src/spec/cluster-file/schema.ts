import type { LineCounter } from "yaml";
import { isMap, isScalar, isSeq, type Node } from "yaml";
import type { FileProblem } from "./problem.ts";
import { closest } from "./suggestion.ts";

/** Where a reader is in the file, and where it reports. */
export interface ReadContext {
  readonly file: string;
  readonly lines: LineCounter;
  readonly problems: FileProblem[];
}

/** Reads one YAML node into a value, reporting every problem it meets; undefined when the node cannot be used. */
export type Reader<T> = (node: Node | null, path: string, context: ReadContext) => T | undefined;

type Shape = { readonly [key: string]: Reader<unknown> };
/** What an object reader yields: every field may be absent. */
type Read<S extends Shape> = { readonly [Key in keyof S]?: S[Key] extends Reader<infer T> ? T : never };

/** Adds a problem at a node. */
export function report(context: ReadContext, node: Node | null, path: string, message: string): void {
  const offset = node?.range?.[0];
  const line = offset === undefined ? undefined : context.lines.linePos(offset).line;
  context.problems.push({ file: context.file, ...(line === undefined ? {} : { line }), path, message });
}

function describe(node: Node | null): string {
  if (node === null || (isScalar(node) && node.value === null)) return "nothing";
  if (isMap(node)) return "a mapping";
  if (isSeq(node)) return "a list";
  return isScalar(node) ? JSON.stringify(node.value) : "something else";
}

export const string: Reader<string> = (node, path, context) => {
  if (isScalar(node) && typeof node.value === "string") return node.value;
  // A version such as 1.33 is a number to YAML; what the author wrote is still there.
  const source =
    isScalar(node) && (typeof node.value === "number" || typeof node.value === "boolean") ? node.source : undefined;
  if (source !== undefined) return source;
  report(context, node, path, `expected a string, found ${describe(node)}`);
  return undefined;
};

export const boolean: Reader<boolean> = (node, path, context) => {
  if (isScalar(node) && typeof node.value === "boolean") return node.value;
  report(context, node, path, `expected true or false, found ${describe(node)}`);
  return undefined;
};

/** One of a few words. */
export function oneOf<const Word extends string>(...words: readonly Word[]): Reader<Word> {
  return (node, path, context) => {
    if (isScalar(node) && words.includes(node.value as Word)) return node.value as Word;
    report(context, node, path, `expected ${words.join(" or ")}, found ${describe(node)}`);
    return undefined;
  };
}

export function listOf<T>(item: Reader<T>): Reader<readonly T[]> {
  return (node, path, context) => {
    if (!isSeq(node)) {
      report(context, node, path, `expected a list, found ${describe(node)}`);
      return undefined;
    }
    return node.items.flatMap((child, index) => {
      const value = item(child as Node, `${path}[${index}]`, context);
      return value === undefined ? [] : [value];
    });
  };
}

/** A mapping from free keys to strings, such as labels or tags. */
export const stringMap: Reader<Readonly<Record<string, string>>> = (node, path, context) => {
  if (!isMap(node)) {
    report(context, node, path, `expected a mapping, found ${describe(node)}`);
    return undefined;
  }
  const entries = node.items.flatMap(({ key, value }): [string, string][] => {
    const name = isScalar(key) ? String(key.value) : "";
    const text = string(value as Node | null, `${path}.${name}`, context);
    return text === undefined ? [] : [[name, text]];
  });
  return Object.fromEntries(entries);
};

/** A mapping with known fields. Unknown ones are problems, with the nearest known field as a suggestion. */
export function object<S extends Shape>(shape: S, aliases: Readonly<Record<string, string>> = {}): Reader<Read<S>> {
  return (node, path, context) => {
    if (!isMap(node)) {
      report(context, node, path, `expected a mapping, found ${describe(node)}`);
      return undefined;
    }
    const result: Record<string, unknown> = {};
    for (const { key, value } of node.items) {
      const written = isScalar(key) ? String(key.value) : "";
      const name = Object.hasOwn(aliases, written) ? (aliases[written] ?? written) : written;
      const fieldPath = path === "" ? written : `${path}.${written}`;
      const reader = Object.hasOwn(shape, name) ? shape[name] : undefined;
      if (reader === undefined) {
        const suggestion = closest(written, Object.keys(shape));
        report(
          context,
          key as Node,
          fieldPath,
          suggestion === undefined
            ? `unknown field; known fields here are ${Object.keys(shape).join(", ")}`
            : `unknown field; did you mean ${JSON.stringify(suggestion)}?`,
        );
        continue;
      }
      const read = reader(value as Node | null, fieldPath, context);
      if (read !== undefined) result[name] = read;
    }
    return result as Read<S>;
  };
}

/** A field that exists in eksctl's schema but has no effect here yet: refused with the reason rather than ignored. */
export function refused(reason: string): Reader<never> {
  return (node, path, context) => {
    report(context, node, path, reason);
    return undefined;
  };
}
