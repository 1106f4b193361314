import type { Path } from "../schema/check-value.ts";

/** Where a value and what is in it begin, in whatever the reader counts: characters or lines. */
export interface Place {
  /** Of a field: where its name begins. */
  readonly start: number;
  readonly fields?: ReadonlyMap<string, Place>;
  readonly items?: readonly Place[];
}

/** The start of a value; the nearest parent's when there is no such value. */
export function placeAt(root: Place, path: Path): number {
  let place = root;
  for (const step of path) {
    const next = typeof step === "number" ? place.items?.[step] : place.fields?.get(step);
    if (next === undefined) break;
    place = next;
  }
  return place.start;
}

/** Makes a value when it is first asked for. */
export function lazy<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
