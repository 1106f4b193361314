import type { KindDefinition } from "../kinds/kind.ts";

/** One version of a group with its kinds in order of resource name. */
export interface ServedVersion {
  readonly version: string;
  readonly kinds: readonly KindDefinition[];
}

/** A group with its versions, preferred first. */
export interface ServedGroup {
  readonly group: string;
  readonly versions: readonly ServedVersion[];
}

/** Groups in order: core first, then by name, as a client's listing shows them. */
export function servedGroups(kinds: readonly KindDefinition[]): readonly ServedGroup[] {
  const groups = new Map<string, Map<string, KindDefinition[]>>();
  for (const kind of kinds) {
    const versions = groups.get(kind.group) ?? new Map<string, KindDefinition[]>();
    groups.set(kind.group, versions);
    versions.set(kind.version, [...(versions.get(kind.version) ?? []), kind]);
  }
  return [...groups]
    .map(([group, versions]) => ({
      group,
      versions: [...versions]
        .map(([version, members]) => ({
          version,
          kinds: members.sort((a, b) => (a.resource < b.resource ? -1 : 1)),
        }))
        .sort((a, b) => compareVersions(a.version, b.version)),
    }))
    .sort((a, b) => (a.group < b.group ? -1 : 1));
}

/** Newest and most stable first: v2, v1, v1beta2, v1alpha1, anything else by name. Source: apimachinery pkg/version/helpers.go. */
export function compareVersions(a: string, b: string): number {
  const left = rank(a);
  const right = rank(b);
  for (const [index, value] of left.entries()) {
    const difference = (right[index] ?? 0) - value;
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function rank(version: string): readonly number[] {
  const match = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version);
  if (match === null) return [0, 0, 0, 0];
  const stability = match[2] === undefined ? 3 : match[2] === "beta" ? 2 : 1;
  return [1, stability, Number(match[1]), Number(match[3] ?? 0)];
}
