import type { ObjectCache } from "../cache/object-cache.ts";
import type { AdmissionPlugin } from "../server.ts";
import { forbidden, namespaceTerminating, notFound } from "../status.ts";
import { shownName } from "./shown-name.ts";

const NAMESPACE_RESOURCE = { group: "", resource: "namespaces" } as const;
/** Everything else in a cluster assumes these. */
const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** Nothing is created in a namespace that is missing or going away. */
export function namespaceLifecycle(cache: ObjectCache): AdmissionPlugin {
  return {
    name: "NamespaceLifecycle",
    admit({ operation, group, resource, subresource, namespace, name, object }) {
      if (operation === "DELETE" && group === "" && resource === "namespaces" && IMMORTAL.has(name))
        throw forbidden(NAMESPACE_RESOURCE, name, "this namespace may not be deleted");
      if (operation !== "CREATE" || namespace === undefined || subresource !== "") return undefined;
      const found = cache.latest({ prefix: "core/namespaces", namespace: "", name: namespace });
      if (found === undefined) throw notFound(NAMESPACE_RESOURCE, namespace);
      if (found.object.metadata.deletionTimestamp !== undefined)
        throw namespaceTerminating({ group, resource }, shownName(object, name), namespace);
      return undefined;
    },
  };
}
