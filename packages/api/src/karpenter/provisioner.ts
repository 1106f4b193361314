import type { Condition, NodeSelectorRequirement, ObjectMeta, Taint } from "../generated/kubernetes.ts";
import type { BlockDevice, KubeletConfiguration, MetadataOptions } from "./ec2-node-class.ts";

/**
 * The first generation of the API: karpenter.sh/v1alpha5 Provisioner and karpenter.k8s.aws/v1alpha1 AWSNodeTemplate.
 * Source: the documented API of Karpenter 0.27 (karpenter.md §1.1, §1.3). It is converted at the edge, see convert.ts.
 */

export interface ProvisionerKubeletConfiguration extends KubeletConfiguration {
  /** Dropped by conversion: every supported image runs containerd. */
  readonly containerRuntime?: string;
}

export interface ProvisionerSpec {
  readonly annotations?: Readonly<Record<string, string>>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly startupTaints?: readonly Taint[];
  readonly requirements?: readonly NodeSelectorRequirement[];
  readonly kubeletConfiguration?: ProvisionerKubeletConfiguration;
  /** Deprecated launch parameters in place; exclusive with `providerRef`. */
  readonly provider?: Readonly<Record<string, unknown>>;
  readonly providerRef?: { readonly apiVersion?: string; readonly kind?: string; readonly name: string };
  /** Undefined: empty nodes stay. Exclusive with consolidation. */
  readonly ttlSecondsAfterEmpty?: number;
  /** Undefined: nodes never expire. */
  readonly ttlSecondsUntilExpired?: number;
  readonly limits?: { readonly resources?: Readonly<Record<string, string | number>> };
  readonly weight?: number;
  readonly consolidation?: { readonly enabled?: boolean };
}

export interface ProvisionerStatus {
  readonly lastScaleTime?: string;
  readonly conditions?: readonly Condition[];
  readonly resources?: Readonly<Record<string, string>>;
}

export interface Provisioner {
  readonly apiVersion: "karpenter.sh/v1alpha5";
  readonly kind: "Provisioner";
  readonly metadata: ObjectMeta;
  readonly spec: ProvisionerSpec;
  readonly status?: ProvisionerStatus;
}

export interface AWSNodeTemplateSpec {
  readonly amiFamily?: "AL2" | "Bottlerocket" | "Ubuntu" | "Custom";
  /** Tag → value; `aws-ids`/`aws::ids`, `aws::name` and `aws::owners` are not tags. */
  readonly amiSelector?: Readonly<Record<string, string>>;
  /** Tag → value, `*` for any; `aws-ids` is a comma list of ids. */
  readonly subnetSelector: Readonly<Record<string, string>>;
  readonly securityGroupSelector?: Readonly<Record<string, string>>;
  readonly instanceProfile?: string;
  /** Name of the user's own launch template; has no successor. */
  readonly launchTemplate?: string;
  readonly userData?: string;
  readonly context?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly metadataOptions?: MetadataOptions;
  readonly blockDeviceMappings?: readonly { readonly deviceName?: string; readonly ebs?: BlockDevice }[];
  readonly detailedMonitoring?: boolean;
}

export interface AWSNodeTemplateStatus {
  readonly subnets?: readonly { readonly id: string; readonly zone: string }[];
  readonly securityGroups?: readonly { readonly id: string }[];
}

export interface AWSNodeTemplate {
  readonly apiVersion: "karpenter.k8s.aws/v1alpha1";
  readonly kind: "AWSNodeTemplate";
  readonly metadata: ObjectMeta;
  readonly spec: AWSNodeTemplateSpec;
  readonly status?: AWSNodeTemplateStatus;
}
