import type {
  ControllerRevision,
  Fresh,
  PersistentVolumeClaim,
  Pod,
  PodTemplateSpec,
  StatefulSet,
  Volume,
} from "@nodeless/api";
import { podFromTemplate } from "../workload/pod-from-template.ts";

/** On StatefulSet pods its value is the name of the revision, on DaemonSet pods a bare hash. */
export const REVISION_LABEL = "controller-revision-hash";
const POD_NAME_LABEL = "statefulset.kubernetes.io/pod-name";
const POD_INDEX_LABEL = "apps.kubernetes.io/pod-index";

/** The pod's ordinal, undefined when its name is not one of the set's. */
export function ordinalOf(set: StatefulSet, pod: Pod): number | undefined {
  const prefix = `${set.metadata.name}-`;
  const suffix = pod.metadata.name.startsWith(prefix) ? pod.metadata.name.slice(prefix.length) : "";
  return /^\d+$/.test(suffix) ? Number(suffix) : undefined;
}

export function podName(set: StatefulSet, ordinal: number): string {
  return `${set.metadata.name}-${ordinal}`;
}

export function firstOrdinal({ spec }: StatefulSet): number {
  return spec.ordinals?.start ?? 0;
}

/** The template a revision recorded. */
export function templateOf({ data }: ControllerRevision): PodTemplateSpec | undefined {
  const recorded = data as { readonly spec?: { readonly template?: PodTemplateSpec & { readonly $patch?: string } } };
  if (recorded?.spec?.template === undefined) return undefined;
  const { $patch: _, ...template } = recorded.spec.template;
  return template;
}

/** The pod of an ordinal with its stable identity: name, hostname, subdomain, labels and claims. Source: statefulset newStatefulSetPod. */
export function statefulPod(
  set: StatefulSet,
  ordinal: number,
  { template, revision }: { readonly template: PodTemplateSpec; readonly revision: string },
): Fresh<Pod> {
  const name = podName(set, ordinal);
  const { generateName: _, ...metadata } = podFromTemplate(template, set).metadata;
  const spec = template.spec ?? { containers: [] };
  const { serviceName } = set.spec;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata,
      name,
      labels: {
        ...metadata.labels,
        [POD_NAME_LABEL]: name,
        [POD_INDEX_LABEL]: String(ordinal),
        [REVISION_LABEL]: revision,
      },
    },
    spec: {
      ...spec,
      hostname: name,
      ...(serviceName === undefined || serviceName === "" ? {} : { subdomain: serviceName }),
      ...(claimVolumes(set, ordinal).length === 0 && spec.volumes === undefined
        ? {}
        : { volumes: withClaims(spec.volumes ?? [], claimVolumes(set, ordinal)) }),
    },
  };
}

function claimVolumes(set: StatefulSet, ordinal: number): readonly Volume[] {
  return (set.spec.volumeClaimTemplates ?? []).map(({ metadata }) => ({
    name: metadata.name,
    persistentVolumeClaim: { claimName: claimName(set, metadata.name, ordinal), readOnly: false },
  }));
}

/** A claim replaces a volume of the same name. */
function withClaims(volumes: readonly Volume[], claims: readonly Volume[]): readonly Volume[] {
  const names = new Set(claims.map(({ name }) => name));
  return [...claims, ...volumes.filter(({ name }) => !names.has(name))];
}

function claimName(set: StatefulSet, template: string, ordinal: number): string {
  return `${template}-${podName(set, ordinal)}`;
}

/** The claims of an ordinal. They outlive the pod, and the set too unless its retention policy says otherwise. */
export function claimsOf(set: StatefulSet, ordinal: number): readonly Fresh<PersistentVolumeClaim>[] {
  const { namespace } = set.metadata;
  return (set.spec.volumeClaimTemplates ?? []).map((template) => ({
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: claimName(set, template.metadata.name, ordinal),
      ...(namespace === undefined ? {} : { namespace }),
      labels: { ...template.metadata.labels, ...set.spec.selector.matchLabels },
      ...(template.metadata.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
      ...(whenDeleted(set) === "Delete"
        ? {
            ownerReferences: [
              { apiVersion: set.apiVersion, kind: set.kind, name: set.metadata.name, uid: set.metadata.uid },
            ],
          }
        : {}),
    },
    spec: template.spec,
  }));
}

function whenDeleted({ spec }: StatefulSet): string {
  return spec.persistentVolumeClaimRetentionPolicy?.whenDeleted ?? "Retain";
}
