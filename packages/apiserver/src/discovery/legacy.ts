import type { KindDefinition } from "../kinds/kind.ts";
import type { ServedGroup, ServedVersion } from "./group-versions.ts";

/*
 * The documents that clients read one by one: `/api`, `/apis`, `/apis/<group>` and one per group and version. kubectl's `drain` and
 * `auth can-i` read `/api/v1` even where aggregated discovery works.
 */

export function apiVersions(): unknown {
  return {
    kind: "APIVersions",
    versions: ["v1"],
    serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: "" }],
  };
}

export function apiGroupList(groups: readonly ServedGroup[]): unknown {
  const named = groups.filter(({ group }) => group !== "");
  return { kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupEntry) };
}

export function apiGroup(group: ServedGroup): unknown {
  return { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) };
}

function groupEntry({ group, versions }: ServedGroup): object {
  const entries = versions.map(({ version }) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions: entries, preferredVersion: entries[0] };
}

export function apiResourceList(group: string, { version, kinds }: ServedVersion): unknown {
  return {
    kind: "APIResourceList",
    apiVersion: "v1",
    groupVersion: group === "" ? version : `${group}/${version}`,
    resources: kinds.flatMap((kind) => [mainEntry(kind), ...subresourceEntries(kind)]),
  };
}

function mainEntry(kind: KindDefinition): object {
  return {
    name: kind.resource,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: [...kind.verbs].sort(),
    ...(kind.shortNames.length === 0 ? {} : { shortNames: kind.shortNames }),
    ...(kind.categories.length === 0 ? {} : { categories: kind.categories }),
  };
}

function subresourceEntries(kind: KindDefinition): readonly object[] {
  return subresourcesOf(kind).map(({ name, group, version, kind: answers, verbs }) => ({
    name: `${kind.resource}/${name}`,
    singularName: "",
    namespaced: kind.namespaced,
    ...(group === kind.group && version === kind.version ? {} : { group, version }),
    kind: answers,
    verbs,
  }));
}

/** All subresources of a kind, status and scale included, in order of name. */
export function subresourcesOf(kind: KindDefinition): KindDefinition["subresources"]["others"] {
  const verbs = ["get", "patch", "update"];
  const { status, scale, others } = kind.subresources;
  const own = { group: kind.group, version: kind.version, kind: kind.kind };
  return [
    ...others,
    ...(status ? [{ ...own, name: "status", verbs }] : []),
    ...(scale === undefined ? [] : [{ name: "scale", group: "autoscaling", version: "v1", kind: "Scale", verbs }]),
  ].sort((a, b) => (a.name < b.name ? -1 : 1));
}
