import type { KubernetesObject, LabelSelector, Pod, ResourceType } from "@nodeless/api";
import { formatObjectKey, matchesLabelSelector, PODS } from "@nodeless/api";
import type { ControllerSource } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { controllerOf } from "./controller-ref.ts";
import type { Expectations } from "./expectations.ts";
import { isPodReady } from "./pod-status.ts";
import { semanticallyEqual } from "./template-hash.ts";

/** An owner kind with a pod selector. */
interface PodOwner extends KubernetesObject {
  readonly spec: { readonly selector?: LabelSelector };
}

/** How pods lead to their owners. */
export interface OwnedPodsOptions<Owner extends PodOwner> {
  readonly ownerType: ResourceType<Owner>;
  readonly expectations?: Expectations;
  /** Asked for a key after a pod became ready: the owner may need another look once `minReadySeconds` have passed. */
  readonly onReady?: (key: string) => void;
}

/**
 * A source that enqueues the owner of every pod that changes, or all possible owners of an orphan, and lowers their expectations.
 * Source: kubernetes pkg/controller/replicaset addPod, updatePod, deletePod.
 */
export function ownedPodsSource<Owner extends PodOwner>(
  { informers }: ControllerContext,
  { ownerType, expectations }: OwnedPodsOptions<Owner>,
): ControllerSource {
  const pods = informers.of(PODS);
  const owners = informers.of(ownerType);
  const ownerKey = (pod: Pod): string | undefined => {
    const reference = controllerOf(pod);
    if (reference?.kind !== ownerType.kind) return undefined;
    const key = formatObjectKey({ namespace: pod.metadata.namespace, name: reference.name });
    return owners.get(key)?.metadata.uid === reference.uid ? key : undefined;
  };
  const adopters = (pod: Pod): readonly string[] =>
    owners
      .byIndex("namespace", pod.metadata.namespace ?? "")
      .filter(({ spec }) => matchesLabelSelector(spec.selector, pod.metadata.labels))
      .map(({ metadata }) => formatObjectKey(metadata));
  return {
    synced: async (signal) => {
      await Promise.all([pods.synced(signal), owners.synced(signal)]);
    },
    subscribe(enqueue) {
      const gone = (pod: Pod): void => {
        const key = ownerKey(pod);
        if (key === undefined) return;
        expectations?.deletionObserved(key, pod.metadata.uid);
        enqueue(key);
      };
      pods.subscribe({
        onAdd(pod) {
          if (pod.metadata.deletionTimestamp !== undefined) {
            gone(pod);
            return;
          }
          const key = ownerKey(pod);
          if (key !== undefined) {
            expectations?.creationObserved(key);
            enqueue(key);
          } else if (controllerOf(pod) === undefined) for (const adopter of adopters(pod)) enqueue(adopter);
        },
        onUpdate(pod, previous) {
          const key = ownerKey(pod);
          const before = ownerKey(previous);
          if (before !== undefined && before !== key) enqueue(before);
          if (pod.metadata.deletionTimestamp !== undefined) gone(pod);
          else if (key !== undefined) {
            if (concernsOwner(pod, previous)) enqueue(key);
          } else if (controllerOf(pod) === undefined && labelsOrOwnerChanged(pod, previous))
            for (const adopter of adopters(pod)) enqueue(adopter);
        },
        onDelete: gone,
      });
    },
  };
}

/** Counting owners only look at phase, readiness, labels, binding and finalizers; other status changes (IPs, images) are many and mean nothing to them. */
function concernsOwner(pod: Pod, previous: Pod): boolean {
  return (
    pod.status?.phase !== previous.status?.phase ||
    isPodReady(pod) !== isPodReady(previous) ||
    pod.spec.nodeName !== previous.spec.nodeName ||
    (pod.status?.containerStatuses !== undefined) !== (previous.status?.containerStatuses !== undefined) ||
    restartsChanged(pod, previous) ||
    pod.metadata.finalizers?.length !== previous.metadata.finalizers?.length ||
    labelsOrOwnerChanged(pod, previous)
  );
}

function restartsChanged(pod: Pod, previous: Pod): boolean {
  return (
    pod.status?.containerStatuses?.some(
      ({ restartCount }, index) => restartCount !== previous.status?.containerStatuses?.[index]?.restartCount,
    ) === true
  );
}

function labelsOrOwnerChanged(pod: Pod, previous: Pod): boolean {
  return (
    !semanticallyEqual(pod.metadata.labels, previous.metadata.labels) ||
    controllerOf(pod)?.uid !== controllerOf(previous)?.uid
  );
}
