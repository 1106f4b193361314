import type { KubernetesList, KubernetesObject } from "@nodeless/api";
import type { Clock } from "@nodeless/environment";
import { ApiStatusError, isNotFound, type ResourceClient, type WatchEvent } from "@nodeless/runtime";

/** A kind that is not installed is looked for again after this time. */
const LOOK_AGAIN_MS = 30_000;

/**
 * The client of a resource whose CustomResourceDefinition may be missing (the first generation of the API): then it has no objects,
 * and a watch waits a while before it asks for a new list.
 */
export function optionalResource<T extends KubernetesObject>(
  client: ResourceClient<T>,
  clock: Clock,
): Pick<ResourceClient<T>, "list" | "watch"> {
  return {
    async list(options) {
      try {
        return await client.list(options);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        const nothing: KubernetesList<T> = { apiVersion: "v1", kind: "List", metadata: {}, items: [] };
        return nothing;
      }
    },
    async *watch(options): AsyncGenerator<WatchEvent<T>, void, undefined> {
      try {
        yield* client.watch(options);
      } catch (error) {
        if (!isNotFound(error)) throw error;
        await clock.sleep(LOOK_AGAIN_MS, options.signal);
        throw new ApiStatusError({ code: 410, reason: "Expired", message: "the kind is not installed" });
      }
    },
  };
}
