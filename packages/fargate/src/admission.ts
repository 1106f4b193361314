import type { KubernetesObject, Pod } from "@nodeless/api";
import { ANNOTATIONS, FARGATE_SCHEDULER, LABELS } from "@nodeless/api";
import type { FargateProfile } from "./contract.ts";
import { matchProfile } from "./matching.ts";
import { capacityProvisionedText, fargateSize } from "./sizing.ts";

/** One admission step; structurally the API server's AdmissionPlugin, so that this package knows no server. */
export interface FargateAdmissionPlugin {
  readonly name: string;
  admit(attributes: {
    readonly operation: "CREATE" | "UPDATE" | "DELETE";
    readonly group: string;
    readonly resource: string;
    readonly subresource: string;
    readonly namespace: string | undefined;
    readonly object: KubernetesObject | undefined;
  }): KubernetesObject | undefined;
}

/** Its place among webhooks is its name: those sorting after it see the profile label. */
export const FARGATE_ADMISSION_NAME = "0500-amazon-eks-fargate-mutation.amazonaws.com";

/** Every Fargate pod gets it, whatever class it had. */
const PRIORITY_CLASS = "system-node-critical";
const PRIORITY = 2_000_001_000;
/** Without the ConfigMap aws-observability/aws-logging, which this side does not read. */
const LOGGING_DISABLED = "LoggingDisabled: LOGGING_CONFIGMAP_NOT_FOUND";

/**
 * Marks pods for Fargate when they are created, as the EKS webhook does: scheduler, priority, profile label, provisioned capacity.
 * Nothing is refused here; what Fargate cannot run is refused by its scheduler.
 * Source: the difference between admitted pods on and off Fargate (fargate.md §3).
 */
export function fargateAdmissionPlugin(profilesOf: () => readonly FargateProfile[]): FargateAdmissionPlugin {
  return {
    name: FARGATE_ADMISSION_NAME,
    admit({ operation, group, resource, subresource, namespace, object }) {
      const isPodCreation = operation === "CREATE" && group === "" && resource === "pods" && subresource === "";
      if (!isPodCreation || object === undefined) return undefined;
      const pod = object as Pod;
      const located = {
        ...pod,
        metadata: { ...pod.metadata, namespace: pod.metadata.namespace ?? namespace ?? "default" },
      };
      const match = matchProfile(profilesOf(), located);
      return match.kind === "matched" ? markedForFargate(pod, match.profile) : undefined;
    },
  };
}

/** The pod as the webhook leaves it. */
export function markedForFargate(pod: Pod, profile: FargateProfile): Pod {
  const sizing = fargateSize(pod);
  // What users write there themselves has no effect; a pod that fits no size carries none.
  const { [ANNOTATIONS.capacityProvisioned]: _replaced, ...annotations } = pod.metadata.annotations ?? {};
  const capacity =
    sizing.kind === "size" ? { [ANNOTATIONS.capacityProvisioned]: capacityProvisionedText(sizing.size) } : {};
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      labels: { ...pod.metadata.labels, [LABELS.fargateProfile]: profile.name },
      annotations: { ...annotations, ...capacity, [ANNOTATIONS.fargateLogging]: LOGGING_DISABLED },
    },
    spec: {
      ...pod.spec,
      schedulerName: FARGATE_SCHEDULER,
      priorityClassName: PRIORITY_CLASS,
      priority: PRIORITY,
    },
  };
}
