import type { AnyBehaviour } from "./behaviour.ts";

/** Behaviours by `groupVersion/Kind`; kinds that are missing here are plain. */
export const BEHAVIOURS: ReadonlyMap<string, AnyBehaviour> = new Map<string, AnyBehaviour>([]);
