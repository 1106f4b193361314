import type { Fresh, KubernetesObject } from "@nodeless/api";
import { applyObject, ResourceFinder } from "../kubernetes/apply.ts";
import { fact, type Step, type StepContext } from "./step.ts";

/** Applies objects in order. `place` names an object where it cannot be applied: by default its kind and name. */
export async function applyAll(
  context: StepContext,
  objects: readonly Fresh<KubernetesObject>[],
  place: (object: Fresh<KubernetesObject>) => string = ({ kind, metadata }) => `${kind} ${metadata.name}`,
): ReturnType<Step["run"]> {
  const client = fact(context, "kubernetes");
  const finder = new ResourceFinder(client);
  let changes = 0;
  for (const object of objects) {
    try {
      if ((await applyObject(client, finder, object)) !== "unchanged") changes += 1;
    } catch (cause) {
      throw new Error(place(object), { cause: withRemedy(cause) });
    }
  }
  return {
    change: changes > 0 ? "created" : "unchanged",
    detail: objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`).join(", "),
  };
}

/** The server's words, and what to do where it is the same for everybody. */
function withRemedy(cause: unknown): unknown {
  const namespace = cause instanceof Error ? /^namespaces "(.+)" not found$/.exec(cause.message)?.[1] : undefined;
  if (namespace === undefined) return cause;
  return new Error(
    `namespace ${JSON.stringify(namespace)} does not exist: put a Namespace of that name before it in the file`,
  );
}
