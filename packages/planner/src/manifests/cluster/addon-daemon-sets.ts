import type { DaemonSet } from "@nodeless/api";
import { nodeAgent } from "@nodeless/eks/spec";
import type { PodDefaults } from "../expansion/pod-defaults.ts";

/**
 * DaemonSets that the cluster's add-ons put on every node, as `nodeless up` installs them. One of the input, by namespace and name, counts
 * instead.
 */
export function addonDaemonSets(
  addons: readonly string[],
  { own, defaults }: { readonly own: readonly DaemonSet[]; readonly defaults: PodDefaults },
): readonly DaemonSet[] {
  const taken = new Set(own.map(keyOf));
  return addons.flatMap((name): readonly DaemonSet[] => {
    const fresh = nodeAgent(name, { version: "latest" });
    if (fresh?.spec === undefined || taken.has(keyOf(fresh))) return [];
    const { metadata, spec } = fresh;
    const { template } = spec;
    return [
      {
        ...fresh,
        metadata: {
          ...metadata,
          name: metadata.name ?? name,
          uid: `DaemonSet:${keyOf(fresh)}`,
          resourceVersion: "",
          creationTimestamp: "1970-01-01T00:00:00Z",
        },
        spec: {
          ...spec,
          template: {
            ...template,
            spec: defaults.complete(template.spec ?? { containers: [] }, metadata.namespace ?? ""),
          },
        },
      },
    ];
  });
}

type Named = { readonly metadata: { readonly namespace?: string; readonly name?: string } };
const keyOf = ({ metadata: { namespace = "default", name = "" } }: Named): string => `${namespace}/${name}`;
