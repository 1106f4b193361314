import type { Pod, PriorityClass } from "@nodeless/api";
import type { ObjectCache } from "../cache/object-cache.ts";
import type { AdmissionPlugin } from "../server.ts";
import { forbidden } from "../status.ts";
import { shownName } from "./shown-name.ts";

const PREFIX = "scheduling.k8s.io/priorityclasses";

/** Turns a pod's priorityClassName into a number. Source: kubernetes plugin/pkg/admission/priority. */
export function priority(cache: ObjectCache): AdmissionPlugin {
  return {
    name: "Priority",
    admit({ operation, group, resource, subresource, name, object }) {
      if (operation !== "CREATE" || group !== "" || resource !== "pods" || subresource !== "" || object === undefined)
        return undefined;
      const pod = object as Pod;
      const className = pod.spec?.priorityClassName ?? "";
      const found = className === "" ? defaultClass(cache) : classNamed(cache, className);
      if (className !== "" && found === undefined)
        throw forbidden(
          { group: "", resource: "pods" },
          shownName(pod, name),
          `no PriorityClass with name ${className} was found`,
        );
      return {
        ...pod,
        spec: {
          ...pod.spec,
          ...(found === undefined ? {} : { priorityClassName: found.metadata.name }),
          priority: found?.value ?? 0,
          preemptionPolicy: pod.spec?.preemptionPolicy ?? found?.preemptionPolicy ?? "PreemptLowerPriority",
        },
      } as Pod;
    },
  };
}

function classNamed(cache: ObjectCache, name: string): PriorityClass | undefined {
  return cache.latest({ prefix: PREFIX, namespace: "", name })?.object as PriorityClass | undefined;
}

/** Of several global defaults the lowest counts, as in the real server. */
function defaultClass(cache: ObjectCache): PriorityClass | undefined {
  const defaults = cache
    .collection(PREFIX)
    .list()
    .map(({ object }) => object as PriorityClass)
    .filter(({ globalDefault }) => globalDefault === true);
  return defaults.sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0];
}
