import type { Condition, NodeSelectorRequirement, ObjectMeta } from "../generated/kubernetes.ts";

/**
 * karpenter.k8s.aws/v1 EC2NodeClass.
 * Source: the documented API of Karpenter's AWS provider 1.14 (karpenter.md §1.6).
 */

/** Terms are OR-ed; tags inside a term are AND-ed, `*` stands for any value; `id` stands alone. */
export interface SubnetSelectorTerm {
  readonly tags?: Readonly<Record<string, string>>;
  readonly id?: string;
}

export interface SecurityGroupSelectorTerm {
  readonly tags?: Readonly<Record<string, string>>;
  readonly id?: string;
  /** The group's name, not its Name tag. */
  readonly name?: string;
}

export interface AmiSelectorTerm {
  /** `family@version`, e.g. `al2023@latest`: then the only field of the only term. */
  readonly alias?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly name?: string;
  /** Account id, `self` or `amazon`. */
  readonly owner?: string;
  readonly ssmParameter?: string;
}

export interface CapacityReservationSelectorTerm {
  readonly tags?: Readonly<Record<string, string>>;
  readonly id?: string;
  readonly ownerID?: string;
  readonly instanceMatchCriteria?: "open" | "targeted";
}

export type AmiFamily = "AL2" | "AL2023" | "Bottlerocket" | "Custom" | "Windows2019" | "Windows2022" | "Windows2025";

/** Kubelet settings that change what a node offers or how it drains. */
export interface KubeletConfiguration {
  readonly clusterDNS?: readonly string[];
  readonly maxPods?: number;
  readonly podsPerCore?: number;
  readonly systemReserved?: Readonly<Record<string, string>>;
  readonly kubeReserved?: Readonly<Record<string, string>>;
  /** Signal → quantity or percentage. */
  readonly evictionHard?: Readonly<Record<string, string>>;
  readonly evictionSoft?: Readonly<Record<string, string>>;
  readonly evictionSoftGracePeriod?: Readonly<Record<string, string>>;
  /** Seconds. */
  readonly evictionMaxPodGracePeriod?: number;
  readonly imageGCHighThresholdPercent?: number;
  readonly imageGCLowThresholdPercent?: number;
  readonly cpuCFSQuota?: boolean;
}

export interface BlockDevice {
  readonly deleteOnTermination?: boolean;
  readonly encrypted?: boolean;
  readonly iops?: number;
  readonly kmsKeyID?: string;
  readonly snapshotID?: string;
  readonly throughput?: number;
  /** A quantity from 1Gi to 64Ti. */
  readonly volumeSize?: string;
  readonly volumeType?: string;
  /** MiB/s, 100..300; needs snapshotID. */
  readonly volumeInitializationRate?: number;
}

export interface BlockDeviceMapping {
  readonly deviceName?: string;
  readonly ebs?: BlockDevice;
  readonly rootVolume?: boolean;
}

export interface MetadataOptions {
  readonly httpEndpoint?: "enabled" | "disabled";
  readonly httpProtocolIPv6?: "enabled" | "disabled";
  readonly httpPutResponseHopLimit?: number;
  readonly httpTokens?: "required" | "optional";
}

export interface EC2NodeClassSpec {
  readonly subnetSelectorTerms: readonly SubnetSelectorTerm[];
  readonly securityGroupSelectorTerms: readonly SecurityGroupSelectorTerm[];
  readonly amiSelectorTerms: readonly AmiSelectorTerm[];
  readonly capacityReservationSelectorTerms?: readonly CapacityReservationSelectorTerm[];
  readonly placementGroupSelector?: { readonly name?: string; readonly id?: string };
  /** Required unless an alias says it. */
  readonly amiFamily?: AmiFamily;
  /** Karpenter makes an instance profile for it. Exclusive with `instanceProfile`. */
  readonly role?: string;
  readonly instanceProfile?: string;
  readonly associatePublicIPAddress?: boolean;
  readonly ipPrefixCount?: number;
  readonly userData?: string;
  readonly context?: string;
  readonly detailedMonitoring?: boolean;
  readonly instanceStorePolicy?: "RAID0";
  readonly tags?: Readonly<Record<string, string>>;
  readonly kubelet?: KubeletConfiguration;
  readonly blockDeviceMappings?: readonly BlockDeviceMapping[];
  readonly networkInterfaces?: readonly {
    readonly networkCardIndex: number;
    readonly deviceIndex: number;
    readonly interfaceType: "interface" | "efa-only";
  }[];
  readonly metadataOptions?: MetadataOptions;
  /** Seconds. */
  readonly connectionTracking?: {
    readonly tcpEstablishedTimeout?: number;
    readonly udpStreamTimeout?: number;
    readonly udpTimeout?: number;
  };
  readonly cpuOptions?: { readonly nestedVirtualization?: "enabled" | "disabled" };
}

export interface EC2NodeClassStatus {
  readonly subnets?: readonly { readonly id: string; readonly zone: string; readonly zoneID?: string }[];
  readonly securityGroups?: readonly { readonly id: string; readonly name?: string }[];
  readonly amis?: readonly {
    readonly id: string;
    readonly name?: string;
    readonly deprecated?: boolean;
    readonly requirements: readonly NodeSelectorRequirement[];
  }[];
  readonly capacityReservations?: readonly Readonly<Record<string, unknown>>[];
  readonly instanceProfile?: string;
  readonly conditions?: readonly Condition[];
}

/** How the instances of a pool are launched on EC2. */
export interface EC2NodeClass {
  readonly apiVersion: "karpenter.k8s.aws/v1";
  readonly kind: "EC2NodeClass";
  readonly metadata: ObjectMeta;
  readonly spec: EC2NodeClassSpec;
  readonly status?: EC2NodeClassStatus;
}
