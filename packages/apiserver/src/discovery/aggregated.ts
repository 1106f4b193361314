import type { KindDefinition } from "../kinds/kind.ts";
import type { ServedGroup } from "./group-versions.ts";
import { subresourcesOf } from "./legacy.ts";

/** The media type clients ask for and must see in the answer, word for word. */
export const AGGREGATED_MEDIA_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

/** Whether an Accept header asks for aggregated discovery in the version we have. */
export function wantsAggregated(accept: string | undefined): boolean {
  return (accept ?? "").split(",").some((range) => {
    const parts = new Set(range.split(";").map((part) => part.trim()));
    return parts.has("g=apidiscovery.k8s.io") && parts.has("v=v2") && parts.has("as=APIGroupDiscoveryList");
  });
}

/** One document for all groups: core for `/api`, the named ones for `/apis`. */
export function groupDiscoveryList(groups: readonly ServedGroup[]): unknown {
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: "apidiscovery.k8s.io/v2",
    metadata: {},
    items: groups.map(({ group, versions }) => ({
      metadata: { ...(group === "" ? {} : { name: group }), creationTimestamp: null },
      versions: versions.map(({ version, kinds }) => ({
        version,
        freshness: "Current",
        resources: kinds.map(resourceEntry),
      })),
    })),
  };
}

function resourceEntry(kind: KindDefinition): object {
  const scope = kind.namespaced ? "Namespaced" : "Cluster";
  const subresources = subresourcesOf(kind).map(({ name, group, version, kind: answers, verbs }) => ({
    subresource: name,
    responseKind: { group, version, kind: answers },
    verbs,
  }));
  return {
    resource: kind.resource,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope,
    singularResource: kind.singular,
    verbs: [...kind.verbs].sort(),
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
}
