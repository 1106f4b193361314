import type { ResourceEntry } from "../schema/index.ts";
import type { Subresources } from "./kind.ts";

/** Verbs of subresources that open a connection; the table only says "connect". */
const CONNECT_VERBS: ReadonlyMap<string, readonly string[]> = new Map([
  ["attach", ["create", "get"]],
  ["exec", ["create", "get"]],
  ["portforward", ["create", "get"]],
  ["proxy", ["create", "delete", "get", "patch", "update"]],
]);

/** The subresources of `resource` out of all entries of its group and version. */
export function subresourcesOf(resource: string, entries: readonly ResourceEntry[]): Subresources {
  const own = entries
    .filter((entry) => entry.resource.startsWith(`${resource}/`))
    .map((entry) => ({ name: entry.resource.slice(resource.length + 1), entry }));
  const names = own.map(({ name }) => name);
  return {
    status: names.includes("status"),
    ...(names.includes("scale")
      ? {
          scale: {
            specReplicasPath: ".spec.replicas",
            statusReplicasPath: ".status.replicas",
            // Not a string as in custom resources, but a label selector (for replication controllers a plain map).
            labelSelectorPath: ".spec.selector",
          },
        }
      : {}),
    others: own
      .filter(({ name }) => name !== "status" && name !== "scale")
      .map(({ name, entry: { group, version, kind, verbs } }) => ({
        name,
        kind,
        group,
        version,
        verbs: verbs.includes("connect") ? (CONNECT_VERBS.get(name) ?? ["create", "get"]) : verbs,
      })),
  };
}
