import type { Fresh, KubernetesObject } from "@nodeless/api";

/** What an add-on's manifests depend on. */
export interface AddonContext {
  readonly version: string;
  /** The tenth address of the service range, by convention. */
  readonly dnsClusterIp: string;
  readonly configurationValues: Readonly<Record<string, unknown>>;
}

/** An EKS add-on that local mode can install. */
export interface AddonDefinition {
  readonly name: string;
  /** The workload whose readiness is the add-on's health. */
  readonly workload: { readonly kind: "Deployment" | "DaemonSet"; readonly namespace: string; readonly name: string };
  manifests(context: AddonContext): readonly Fresh<KubernetesObject>[];
}

/** One object of an add-on. */
export function addonObject(
  apiVersion: string,
  kind: string,
  metadata: Fresh<KubernetesObject>["metadata"],
  rest: object,
): Fresh<KubernetesObject> {
  return { apiVersion, kind, metadata, ...rest };
}
