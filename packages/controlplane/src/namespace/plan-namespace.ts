import type { KubernetesObject, Namespace, NamespaceCondition } from "@nodeless/api";
import { timestamp } from "@nodeless/runtime";
import type { ServedResource } from "../discovery/discover-resources.ts";
import { resourceKey } from "../shared-informers.ts";

/** The finalizer in `spec.finalizers` that this controller takes off. */
export const KUBERNETES_FINALIZER = "kubernetes";

/** What was found in a terminating namespace after deleting everything that can be deleted. */
export interface RemainingContent {
  /** Objects left, by resource. */
  readonly objects: ReadonlyMap<string, readonly KubernetesObject[]>;
  readonly discoveryFailures: readonly string[];
  readonly deletionFailures: readonly string[];
}

/** Resources whose objects go with the namespace. */
export function isDeletableContent({ type, verbs }: ServedResource): boolean {
  return type.namespaced && verbs.has("list") && verbs.has("delete");
}

/** Nothing is left and nothing was hidden. */
export function isEmpty({ objects, discoveryFailures, deletionFailures }: RemainingContent): boolean {
  return objects.size === 0 && discoveryFailures.length === 0 && deletionFailures.length === 0;
}

/** The resource as conditions name it: `pods.`, `deployments.apps`. */
export function contentName(served: ServedResource): string {
  return served.type.group === "" ? `${served.type.resource}.` : resourceKey(served.type);
}

/** The five conditions of a terminating namespace. Source: kubernetes pkg/controller/namespace/deletion/status_condition_utils.go. */
export function terminatingConditions(
  namespace: Namespace,
  content: RemainingContent,
  now: Date,
): readonly NamespaceCondition[] {
  const { discoveryFailures, deletionFailures } = content;
  const reports: readonly NamespaceCondition[] = [
    discoveryFailures.length > 0
      ? report(
          "NamespaceDeletionDiscoveryFailure",
          "True",
          "DiscoveryFailed",
          `Discovery failed for some groups, ${discoveryFailures.length} failing: ${discoveryFailures.join(", ")}`,
        )
      : report(
          "NamespaceDeletionDiscoveryFailure",
          "False",
          "ResourcesDiscovered",
          "All resources successfully discovered",
        ),
    report(
      "NamespaceDeletionGroupVersionParsingFailure",
      "False",
      "ParsedGroupVersions",
      "All legacy kube types successfully parsed",
    ),
    deletionFailures.length > 0
      ? report(
          "NamespaceDeletionContentFailure",
          "True",
          "ContentDeletionFailed",
          `Failed to delete all resource types, ${deletionFailures.length} remaining: ${deletionFailures.join(", ")}`,
        )
      : report(
          "NamespaceDeletionContentFailure",
          "False",
          "ContentDeleted",
          "All content successfully deleted, may be waiting on finalization",
        ),
    remainingReport(content),
    finalizersReport(content),
  ];
  return reports.map((one) => {
    const known = namespace.status?.conditions?.find(({ type }) => type === one.type);
    const since = known?.status === one.status ? known.lastTransitionTime : undefined;
    return { ...one, lastTransitionTime: since ?? timestamp(now) };
  });
}

function remainingReport({ objects }: RemainingContent): NamespaceCondition {
  if (objects.size === 0)
    return report("NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed");
  const counts = [...objects].sort().map(([name, left]) => `${name} has ${left.length} resource instances`);
  return report(
    "NamespaceContentRemaining",
    "True",
    "SomeResourcesRemain",
    `Some resources are remaining: ${counts.join(", ")}`,
  );
}

function finalizersReport({ objects }: RemainingContent): NamespaceCondition {
  const counts = new Map<string, number>();
  for (const { metadata } of [...objects.values()].flat())
    for (const finalizer of metadata.finalizers ?? []) counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  if (counts.size === 0)
    return report(
      "NamespaceFinalizersRemaining",
      "False",
      "ContentHasNoFinalizers",
      "All content-preserving finalizers finished",
    );
  const texts = [...counts].sort().map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  return report(
    "NamespaceFinalizersRemaining",
    "True",
    "SomeFinalizersRemain",
    `Some content in the namespace has finalizers remaining: ${texts.join(", ")}`,
  );
}

function report(type: string, status: string, reason: string, message: string): NamespaceCondition {
  return { type, status, reason, message };
}
