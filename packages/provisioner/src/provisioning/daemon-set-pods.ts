import type { DaemonSet, Pod } from "@nodeless/api";

/**
 * One pod per DaemonSet as it would be made for a new node: the newest live pod, because admission may have changed it, but with the
 * template's own node affinity instead of the pin to its node; else the template (karpenter.md §3.3).
 */
export function daemonSetPod(daemonSet: DaemonSet, pods: readonly Pod[]): Pod {
  const { metadata, spec } = daemonSet;
  const template = spec?.template;
  const live = pods
    .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === metadata.uid) === true)
    .reduce<Pod | undefined>((newest, pod) => (newest === undefined || isNewer(pod, newest) ? pod : newest), undefined);
  const source = live?.spec ?? template?.spec;
  const { nodeName: _pinned, affinity: _replaced, ...free } = source ?? { containers: [] };
  const affinity = template?.spec?.affinity;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...template?.metadata,
      name: metadata.name,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      creationTimestamp: metadata.creationTimestamp,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ownerReferences: [
        { apiVersion: "apps/v1", kind: "DaemonSet", name: metadata.name, uid: metadata.uid, controller: true },
      ],
    },
    spec: { ...free, ...(affinity === undefined ? {} : { affinity }) },
  };
}

const isNewer = (a: Pod, b: Pod): boolean => a.metadata.creationTimestamp > b.metadata.creationTimestamp;
