import type { Deployment, Fresh, LabelSelector, ReplicaSet } from "@nodeless/api";
import { controllerRef } from "../workload/controller-ref.ts";
import { templateHash } from "../workload/template-hash.ts";
import {
  DESIRED_REPLICAS,
  integerAnnotation,
  isRollingUpdate,
  MAX_REPLICAS,
  REVISION,
  REVISION_HISTORY,
  rolloutBounds,
  sumReplicas,
  TEMPLATE_HASH_LABEL,
  wantedReplicas,
  withoutHash,
} from "./replica-sets.ts";

/** Annotations that stay with the Deployment. Source: kubernetes deployment util annotationsToSkip. */
const NOT_COPIED = new Set([
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]);

/** Longest revision history kept in an annotation. */
const HISTORY_LENGTH_MAX = 2_000;

/** The ReplicaSet for the Deployment's present template. `others` are the ReplicaSets that exist. */
export function newReplicaSet(
  deployment: Deployment,
  others: readonly ReplicaSet[],
  revision: number,
): Fresh<ReplicaSet> {
  const { metadata, spec, status } = deployment;
  const hash = templateHash(withoutHash(spec.template), status?.collisionCount ?? 0);
  const labels = { ...spec.template.metadata?.labels, [TEMPLATE_HASH_LABEL]: hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${metadata.name}-${hash}`,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...replicaAnnotations(deployment),
        [REVISION]: String(revision),
      },
      ownerReferences: [controllerRef(deployment)],
    },
    spec: {
      replicas: newReplicas(deployment, others, 0),
      ...(spec.minReadySeconds === undefined ? {} : { minReadySeconds: spec.minReadySeconds }),
      selector: withHash(spec.selector, hash),
      template: { ...spec.template, metadata: { ...spec.template.metadata, labels } },
    },
  };
}

function withHash(selector: LabelSelector, hash: string): LabelSelector {
  return { ...selector, matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH_LABEL]: hash } };
}

/** Size the new ReplicaSet may grow to now. Source: kubernetes deployment util NewRSNewReplicas. */
export function newReplicas(deployment: Deployment, all: readonly ReplicaSet[], current: number): number {
  const wanted = wantedReplicas(deployment);
  if (!isRollingUpdate(deployment)) return wanted;
  const total = sumReplicas(all);
  const totalMax = wanted + rolloutBounds(deployment).maxSurge;
  return total >= totalMax ? current : current + Math.min(totalMax - total, wanted - current);
}

/** What a ReplicaSet must know for proportional scaling: the size its Deployment had and the surge it allowed. */
export function replicaAnnotations(deployment: Deployment): Readonly<Record<string, string>> {
  const wanted = wantedReplicas(deployment);
  return {
    [DESIRED_REPLICAS]: String(wanted),
    [MAX_REPLICAS]: String(wanted + rolloutBounds(deployment).maxSurge),
  };
}

function copiedAnnotations({ metadata }: Deployment): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(metadata.annotations ?? {}).filter(([key]) => !NOT_COPIED.has(key)));
}

/** The existing new ReplicaSet brought up to date, or undefined when it is: annotations, revision with its history, minReadySeconds. */
export function refreshedReplicaSet(
  deployment: Deployment,
  replicaSet: ReplicaSet,
  revision: number,
): ReplicaSet | undefined {
  const old = replicaSet.metadata.annotations ?? {};
  const annotations: Record<string, string> = { ...old, ...copiedAnnotations(deployment) };
  const oldRevision = integerAnnotation(old[REVISION]) ?? 0;
  if (oldRevision < revision) {
    annotations[REVISION] = String(revision);
    if (oldRevision > 0) annotations[REVISION_HISTORY] = extendedHistory(old[REVISION_HISTORY], String(oldRevision));
  }
  const minReadySeconds = deployment.spec.minReadySeconds ?? 0;
  const unchanged =
    (replicaSet.spec.minReadySeconds ?? 0) === minReadySeconds &&
    Object.entries(annotations).every(([key, value]) => old[key] === value);
  if (unchanged) return undefined;
  return {
    ...replicaSet,
    metadata: { ...replicaSet.metadata, annotations },
    spec: { ...replicaSet.spec, minReadySeconds },
  };
}

function extendedHistory(history: string | undefined, revision: string): string {
  if (history === undefined || history === "") return revision;
  const parts = [...history.split(",").filter((part) => part !== revision), revision];
  while (parts.join(",").length > HISTORY_LENGTH_MAX) parts.shift();
  return parts.join(",");
}
