import type { AnyBehaviour } from "./behaviour.ts";
import { EVENT, EVENT_V1, NAMESPACE, NODE } from "./core/cluster.ts";
import { POD } from "./core/pod.ts";

/** Behaviours by `groupVersion/Kind`; kinds that are missing here are plain. */
export const BEHAVIOURS: ReadonlyMap<string, AnyBehaviour> = new Map<string, AnyBehaviour>([
  ["v1/Pod", POD],
  ["v1/Namespace", NAMESPACE],
  ["v1/Node", NODE],
  ["v1/Event", EVENT],
  ["events.k8s.io/v1/Event", EVENT_V1],
]);
