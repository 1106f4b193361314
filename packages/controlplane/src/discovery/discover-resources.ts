import type { APIGroupList, APIResource, APIResourceList, ResourceType } from "@nodeless/api";
import { resourceType } from "@nodeless/api";
import type { KubernetesClient } from "@nodeless/runtime";

/** A resource as the server serves it now. */
export interface ServedResource {
  readonly type: ResourceType;
  readonly verbs: ReadonlySet<string>;
}

/** What the server serves, every group in its preferred version. */
export interface Discovery {
  readonly resources: readonly ServedResource[];
  /** Groups whose resources could not be read; what is known of them stays true. */
  readonly failedGroups: ReadonlyMap<string, unknown>;
}

/** Reads the server's resources, subresources left out. One unreadable group does not hide the others. */
export async function discoverResources(client: KubernetesClient, signal: AbortSignal): Promise<Discovery> {
  const { groups } = (await client.raw("GET", "/apis", undefined, { signal })) as APIGroupList;
  const versions = [
    { group: "", groupVersion: "v1", path: "/api/v1" },
    ...groups.flatMap(({ name, preferredVersion, versions: served }) => {
      const groupVersion = preferredVersion?.groupVersion ?? served[0]?.groupVersion;
      return groupVersion === undefined ? [] : [{ group: name, groupVersion, path: `/apis/${groupVersion}` }];
    }),
  ];
  const answers = await Promise.allSettled(
    versions.map(({ path }) => client.raw("GET", path, undefined, { signal }) as Promise<APIResourceList>),
  );
  const resources: ServedResource[] = [];
  const failedGroups = new Map<string, unknown>();
  for (const [index, { group, groupVersion }] of versions.entries()) {
    const answer = answers[index];
    if (answer?.status === "fulfilled") resources.push(...servedResources(groupVersion, answer.value.resources));
    else failedGroups.set(group, answer?.reason);
  }
  return { resources, failedGroups };
}

function servedResources(groupVersion: string, resources: readonly APIResource[]): readonly ServedResource[] {
  return resources
    .filter(({ name }) => !name.includes("/"))
    .map(({ name, kind, namespaced, verbs }) => ({
      type: resourceType(groupVersion, name, kind, namespaced ? "Namespaced" : "Cluster"),
      verbs: new Set(verbs),
    }));
}
