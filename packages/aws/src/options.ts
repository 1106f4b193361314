import type { EC2Client } from "@aws-sdk/client-ec2";
import type { EKSClient } from "@aws-sdk/client-eks";
import type { IAMClient } from "@aws-sdk/client-iam";
import type { PricingClient } from "@aws-sdk/client-pricing";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { Clock, Logger } from "@nodeless/environment";

/** SDK clients, configured by the caller (region, credentials, retries). They stay the caller's to destroy. */
export interface AwsClients {
  readonly ec2: EC2Client;
  readonly ssm: SSMClient;
  readonly iam: IAMClient;
  readonly eks: EKSClient;
  /** The price list service answers in few regions (us-east-1, eu-central-1, ap-south-1). Absent: the built-in list prices. */
  readonly pricing?: PricingClient;
}

/** Karpenter's settings that concern AWS, with Karpenter's defaults. */
export interface AwsCloudSettings {
  /** Share of memory that the hypervisor is assumed to keep. Default 0.075. */
  readonly vmMemoryOverheadPercent: number;
  /** Network interfaces that pods cannot use. Default 0. */
  readonly reservedEnis: number;
  /** No route to the price list and IAM services: built-in prices, no managed instance profiles. Default false. */
  readonly isolatedVpc: boolean;
  /** Skip the dry runs that check permissions of a node class. Default false. */
  readonly disableDryRun: boolean;
}

export const DEFAULT_AWS_CLOUD_SETTINGS: AwsCloudSettings = {
  vmMemoryOverheadPercent: 0.075,
  reservedEnis: 0,
  isolatedVpc: false,
  disableDryRun: false,
};

/** What {@link createAwsCloudProvider} needs. Cluster facts that are absent are asked of eks:DescribeCluster. */
export interface AwsCloudOptions {
  readonly clients: AwsClients;
  readonly region: string;
  readonly clusterName: string;
  readonly clusterEndpoint?: string | undefined;
  /** base64 of the PEM, as DescribeCluster gives it. */
  readonly clusterCaBundle?: string | undefined;
  /** Minor version, e.g. `1.35`. */
  readonly kubernetesVersion?: string | undefined;
  /** Service addresses, e.g. `172.20.0.0/16`. */
  readonly serviceCidr?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings?: Partial<AwsCloudSettings>;
}
