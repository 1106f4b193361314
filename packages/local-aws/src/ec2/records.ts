/** Durable records of local EC2, one type per table. Everything is JSON; tags are kept apart (see resource-tags.ts). */

export interface VpcRecord {
  readonly id: string;
  readonly cidr: string;
  readonly isDefault: boolean;
  readonly dnsSupport: boolean;
  readonly dnsHostnames: boolean;
}

export interface SubnetRecord {
  readonly id: string;
  readonly vpcId: string;
  readonly cidr: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly mapPublicIp: boolean;
  readonly isDefault: boolean;
}

export interface InternetGatewayRecord {
  readonly id: string;
  readonly vpcId: string | undefined;
}

export interface ElasticIpRecord {
  readonly id: string;
  readonly publicIp: string;
  readonly association: { readonly id: string; readonly eniId: string; readonly privateIp: string } | undefined;
}

export interface NatGatewayRecord {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly allocationId: string | undefined;
  readonly publicIp: string | undefined;
  readonly privateIp: string;
  readonly eniId: string;
  readonly state: "pending" | "available" | "deleting" | "deleted";
  readonly createdAt: string;
  readonly deletedAt: string | undefined;
}

export interface RouteRecord {
  /** IPv4 or IPv6 block, canonical. */
  readonly destination: string;
  readonly target: {
    readonly kind: "local" | "gateway" | "nat" | "instance" | "interface" | "peering" | "transit" | "egress";
    readonly id: string;
  };
}

export interface RouteTableRecord {
  readonly id: string;
  readonly vpcId: string;
  readonly routes: readonly RouteRecord[];
  /** `subnetId` undefined = the VPC's main table. */
  readonly associations: readonly { readonly id: string; readonly subnetId: string | undefined }[];
}

export interface SecurityGroupRuleRecord {
  readonly id: string;
  readonly egress: boolean;
  /** `tcp`, `udp`, `icmp`, `-1` or a protocol number. */
  readonly protocol: string;
  readonly fromPort: number | undefined;
  readonly toPort: number | undefined;
  readonly peer: { readonly kind: "ipv4" | "ipv6" | "group" | "prefix-list"; readonly value: string };
  readonly description: string | undefined;
}

export interface SecurityGroupRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly vpcId: string;
  readonly rules: readonly SecurityGroupRuleRecord[];
}

export interface LaunchTemplateRecord {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly defaultVersion: number;
  readonly latestVersion: number;
  readonly versions: readonly LaunchTemplateVersionRecord[];
}

export interface LaunchTemplateVersionRecord {
  readonly version: number;
  readonly createdAt: string;
  readonly createdBy: string;
  readonly description: string | undefined;
  /** RequestLaunchTemplateData as it was given; the SDK's members, JSON. */
  readonly data: Readonly<Record<string, unknown>>;
}

export type InstanceState = "pending" | "running" | "shutting-down" | "terminated";

export interface InstanceRecord {
  readonly id: string;
  readonly reservationId: string;
  readonly clientToken: string | undefined;
  readonly instanceType: string;
  readonly imageId: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly zoneId: string;
  readonly privateIp: string;
  readonly publicIp: string | undefined;
  readonly eniId: string;
  readonly eniAttachmentId: string;
  readonly securityGroupIds: readonly string[];
  /** ARN of the instance profile. */
  readonly profileArn: string | undefined;
  readonly profileId: string | undefined;
  readonly capacityType: "spot" | "on-demand";
  readonly spotRequestId: string | undefined;
  readonly keyName: string | undefined;
  /** base64, as given. */
  readonly userData: string | undefined;
  readonly ebsOptimized: boolean;
  readonly monitoring: boolean;
  readonly metadataOptions: Readonly<Record<string, unknown>>;
  readonly volumes: readonly { readonly deviceName: string; readonly volumeId: string }[];
  readonly launchedAt: string;
  readonly state: InstanceState;
  /** True once the machine was started: it is started again when the local cloud comes back. */
  readonly booted: boolean;
  readonly stateReason: { readonly code: string; readonly message: string } | undefined;
  readonly stateChangedAt: string;
}
