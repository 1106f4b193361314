import type { ChangeEvent } from "../cache/collection.ts";
import type { ObjectCache } from "../cache/object-cache.ts";
import { objectAt } from "../json-value.ts";
import type { Selection } from "../read/selection.ts";

/** Receives the changes that may concern one watch. */
export type WatchSink = (event: ChangeEvent) => void;

interface HubEntry {
  readonly everything: Set<WatchSink>;
  readonly byName: Map<string, Set<WatchSink>>;
  readonly byNode: Map<string, Set<WatchSink>>;
}

/**
 * Hands each change to the watches it may concern. Watches of one name or of one node's pods are found by index: thousands of kubelets
 * and waiting kubectls must not each look at every change.
 */
export class WatchHub {
  readonly #cache: ObjectCache;
  readonly #entries = new Map<string, HubEntry>();

  constructor(cache: ObjectCache) {
    this.#cache = cache;
  }

  /** Returns the function that removes the sink. */
  add(prefix: string, selection: Selection, sink: WatchSink): () => void {
    const entry = this.#entry(prefix);
    if (selection.name !== undefined) return addTo(entry.byName, selection.name, sink);
    if (selection.nodeName !== undefined && selection.nodeName !== "")
      return addTo(entry.byNode, selection.nodeName, sink);
    entry.everything.add(sink);
    return () => void entry.everything.delete(sink);
  }

  #entry(prefix: string): HubEntry {
    let entry = this.#entries.get(prefix);
    if (entry === undefined) {
      entry = { everything: new Set(), byName: new Map(), byNode: new Map() };
      this.#entries.set(prefix, entry);
      const found = entry;
      this.#cache.subscribe(prefix, (event) => dispatch(found, event));
    }
    return entry;
  }
}

function addTo(index: Map<string, Set<WatchSink>>, key: string, sink: WatchSink): () => void {
  const sinks = index.get(key) ?? new Set();
  index.set(key, sinks);
  sinks.add(sink);
  return () => {
    sinks.delete(sink);
    if (sinks.size === 0 && index.get(key) === sinks) index.delete(key);
  };
}

function dispatch({ everything, byName, byNode }: HubEntry, event: ChangeEvent): void {
  for (const sink of everything) sink(event);
  for (const sink of byName.get(event.name) ?? []) sink(event);
  if (byNode.size === 0) return;
  const node = nodeNameOf(event.current.object);
  const before = event.previous === undefined ? "" : nodeNameOf(event.previous.object);
  for (const sink of byNode.get(node) ?? []) sink(event);
  if (before !== node) for (const sink of byNode.get(before) ?? []) sink(event);
}

/** `spec.nodeName`, empty when unset. */
export function nodeNameOf(object: unknown): string {
  const name = objectAt(object, "spec")["nodeName"];
  return typeof name === "string" ? name : "";
}
