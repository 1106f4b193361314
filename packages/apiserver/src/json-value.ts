/** A JSON object with unknown members, as bodies are before they are typed. */
export type JsonObject = Readonly<Record<string, unknown>>;

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member if it is an object, else an empty object: for looking into untyped documents. */
export function objectAt(value: unknown, key: string): JsonObject {
  const member = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return isJsonObject(member) ? member : {};
}

/**
 * The value as it comes back from its JSON: without members that are undefined. The same value if it has none, which is usual.
 * Members that it shares with `known`, which has none, are not looked into.
 */
export function withoutUndefined<T extends object>(value: T, known: object = {}): T {
  for (const key of Object.keys(value)) {
    const member = (value as JsonObject)[key];
    if (member === undefined || (member !== (known as JsonObject)[key] && cleaned(member) !== member))
      return rebuilt(value as JsonObject) as T;
  }
  return value;
}

function cleaned(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    let copy: unknown[] | undefined;
    for (let index = 0; index < value.length; index += 1) {
      const item = cleaned(value[index]) ?? null;
      if (item !== value[index]) copy ??= [...value];
      if (copy !== undefined) copy[index] = item;
    }
    return copy ?? value;
  }
  for (const key of Object.keys(value)) {
    const member = (value as JsonObject)[key];
    if (member === undefined || cleaned(member) !== member) return rebuilt(value as JsonObject);
  }
  return value;
}

function rebuilt(object: JsonObject): JsonObject {
  const members = Object.entries(object).filter(([, member]) => member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, cleaned(member)]));
}

/** Equality of JSON values: order of members does not matter, an undefined member equals a missing one. */
export function jsonEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, i) => jsonEqual(item, b[i]));
  const left = a as JsonObject;
  const right = b as JsonObject;
  for (const key of Object.keys(left)) if (!jsonEqual(left[key], ownValue(right, key))) return false;
  for (const key of Object.keys(right)) if (right[key] !== undefined && !Object.hasOwn(left, key)) return false;
  return true;
}

function ownValue(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
