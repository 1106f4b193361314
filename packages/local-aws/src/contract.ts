import type { Clock, Logger, Random } from "@nodeless/environment";
import type { Store } from "@nodeless/storage";
import type { WireRequest, WireResponse } from "./wire/wire-message.ts";

/** How long AWS takes, in milliseconds. */
export interface AwsTimings {
  readonly clusterCreateMs: number;
  readonly clusterDeleteMs: number;
  readonly fargateProfileCreateMs: number;
  readonly fargateProfileDeleteMs: number;
  readonly addonCreateMs: number;
  readonly natGatewayCreateMs: number;
  /** CreateFleet answer to `running`. */
  readonly instanceStartMs: number;
  /** `running` to the kubelet's first contact. */
  readonly instanceBootMs: number;
  readonly instanceStopMs: number;
  /** Terminated instances stay visible this long. */
  readonly terminatedVisibleMs: number;
}

/** What EKS asks of the embedded Kubernetes side when a cluster is created or reopened. */
export interface ClusterLaunch {
  readonly name: string;
  /** Kubernetes minor, e.g. `1.35`. */
  readonly version: string;
  readonly region: string;
  readonly accountId: string;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly serviceIpv4Cidr: string;
  /** `https://oidc.eks.<region>.amazonaws.com/id/<32 hex>`; goes into service account tokens as `iss`. */
  readonly oidcIssuer: string;
  /** ARN that is cluster admin from the start, if bootstrapClusterCreatorAdminPermissions. */
  readonly creatorArn: string | undefined;
}

/** A Kubernetes cluster that answers. */
export interface ClusterEndpoint {
  /** `https://127.0.0.1:6443` */
  readonly endpoint: string;
  readonly certificateAuthorityPem: string;
  /** Public keys of the service account issuer, for AssumeRoleWithWebIdentity. */
  jwks(): Promise<{ readonly keys: readonly Readonly<Record<string, unknown>>[] }>;
}

/** An add-on to be installed into a cluster, with its configuration values parsed. */
export interface AddonInstallation {
  readonly clusterName: string;
  readonly addonName: string;
  readonly addonVersion: string;
  readonly configurationValues: Readonly<Record<string, unknown>>;
}

/** The Kubernetes side of local EKS, implemented by the composition root. */
export interface ClusterHost {
  start(launch: ClusterLaunch): Promise<ClusterEndpoint>;
  stop(name: string, options: { readonly deleteState: boolean }): Promise<void>;
  /** Applies the add-on's manifests; resolves when the objects exist. */
  installAddon(addon: AddonInstallation): Promise<void>;
  removeAddon(addon: Pick<AddonInstallation, "clusterName" | "addonName">): Promise<void>;
  /** Health codes to report, e.g. InsufficientNumberOfReplicas; empty = healthy. */
  addonHealth(
    addon: Pick<AddonInstallation, "clusterName" | "addonName">,
  ): readonly { readonly code: string; readonly message: string }[];
  /** A profile became ACTIVE or is gone: pods of deleted profiles are deleted by EKS. */
  fargateProfileChanged(clusterName: string, profileName: string, change: "active" | "deleted"): void;
}

/** An instance as the simulated machine needs it. */
export interface BootInstance {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly region: string;
  readonly zone: string;
  readonly privateIp: string;
  /** `ip-192-168-12-150.ap-northeast-2.compute.internal` */
  readonly privateDnsName: string;
  readonly subnetId: string;
  /** Decoded user data text: the machine joins the cluster it names, with the labels and taints it lists. */
  readonly userData: string;
  readonly capacityType: "spot" | "on-demand";
  readonly imageId: string;
  /** ARN of the role behind the instance profile, if any: decides whether the node may join. */
  readonly roleArn: string | undefined;
}

/** The machines behind EC2, implemented by the composition root with simulated kubelets. */
export interface InstanceHost {
  boot(instance: BootInstance): void;
  shutDown(instanceId: string): void;
}

export interface LocalAwsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timings: AwsTimings;
  readonly region: string;
  /** 12 digits. */
  readonly accountId: string;
  readonly clusters: ClusterHost;
  readonly instances: InstanceHost;
}

/** What the composition root asks of the local cloud besides HTTP. */
export interface LocalAws {
  /** `http://127.0.0.1:4566` after `listen`. */
  readonly url: string;
  /** Loopback unless told otherwise; port 0 or a taken port picks a free one when `fallback` is true. */
  listen(options: { readonly host?: string; readonly port: number; readonly fallback: boolean }): Promise<void>;
  /** Answers one HTTP request, as the socket does: for clients in this process. Never rejects. */
  handle(request: WireRequest): Promise<WireResponse>;
  /** Boots what was running when the process died: clusters first, then instances. */
  resume(): Promise<void>;
  close(): Promise<void>;
  /** Addresses of a subnet: the five AWS keeps are never given out. Undefined when full or unknown. */
  allocateIp(subnetId: string): string | undefined;
  releaseIp(ip: string): void;
  adoptIp(ip: string): void;
  subnet(subnetId: string): { readonly zone: string; readonly vpcId: string; readonly cidr: string } | undefined;
  fargateProfiles(clusterName: string): readonly {
    readonly name: string;
    readonly status: string;
    readonly podExecutionRoleArn: string;
    readonly subnetIds: readonly string[];
    readonly selectors: readonly { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }[];
  }[];
  /** True if the role exists and its trust policy allows the service principal. */
  roleTrusts(roleArn: string, servicePrincipal: string): boolean;
  /** Who an IAM principal is in a cluster by its access entries, or undefined: nobody. */
  userOf(
    clusterName: string,
    principalArn: string,
  ): { readonly username: string; readonly groups: readonly string[] } | undefined;
  /** Who a `k8s-aws-v1.` token is for this cluster: Kubernetes user and groups by access entries, or undefined. */
  authenticateToken(
    clusterName: string,
    token: string,
  ): { readonly username: string; readonly groups: readonly string[] } | undefined;
}
