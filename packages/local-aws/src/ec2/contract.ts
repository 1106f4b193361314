import type { Clock, Logger, Random } from "@nodeless/environment";
import type { AwsTimings, InstanceHost } from "../contract.ts";
import type { EventPublisher } from "../events.ts";
import type { LocalState } from "../state/local-state.ts";
import type { HandlerMap } from "../wire/handlers.ts";

/** An instance profile as EC2 sees it. */
export interface InstanceProfileView {
  readonly arn: string;
  readonly name: string;
  readonly id: string;
  /** Role in it, if any. */
  readonly roleArn: string | undefined;
}

/** What EC2 asks of IAM. */
export interface RoleDirectory {
  /** By name or by ARN; undefined if there is none (EC2 answers `InvalidParameterValue`, "Invalid IAM Instance Profile name"). */
  instanceProfile(nameOrArn: string): InstanceProfileView | undefined;
}

/** Everything `createEc2` needs. Collections are named `ec2/<kind>`. */
export interface Ec2Dependencies {
  readonly state: LocalState;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timings: AwsTimings;
  readonly region: string;
  readonly accountId: string;
  readonly instances: InstanceHost;
  readonly roles: RoleDirectory;
  /** Interruption and state-change events go here; queues that admit EventBridge receive them. */
  readonly events: EventPublisher;
}

/** A subnet as EKS sees it. */
export interface SubnetView {
  readonly subnetId: string;
  readonly vpcId: string;
  readonly cidr: string;
  /** `ap-northeast-2a` */
  readonly zone: string;
  /** `apne2-az1` */
  readonly zoneId: string;
  readonly availableIpCount: number;
}

/** Local EC2: its operations and what EKS and the composition root ask of it in process. */
export interface Ec2Service {
  readonly handlers: HandlerMap;
  subnet(subnetId: string): SubnetView | undefined;
  /** All subnets of a VPC, by id. */
  subnetsOf(vpcId: string): readonly SubnetView[];
  /** Default subnets of a VPC (one per zone); empty if it is not a default VPC. */
  defaultSubnetsOf(vpcId: string): readonly SubnetView[];
  /** True if the subnet's route table (explicit, else the VPC's main one) has a route to an internet gateway. */
  subnetIsPublic(subnetId: string): boolean;
  /** VPC of a security group, or undefined if the group does not exist. */
  securityGroupVpc(groupId: string): string | undefined;
  /**
   * Creates `eks-cluster-sg-<cluster>-<n>` with a self-referencing allow-all ingress rule, allow-all egress, and the tags
   * `kubernetes.io/cluster/<cluster>=owned`, `aws:eks:cluster-name` and `Name`. Returns its id. Synchronous, so that it becomes durable
   * together with the caller's own records.
   */
  createClusterSecurityGroup(vpcId: string, clusterName: string): string;
  /** Removes it whatever refers to it. No-op if it is gone. */
  deleteClusterSecurityGroup(groupId: string): void;
  /** A free address, or undefined when the subnet is full or unknown. The five AWS keeps are never given out. */
  allocateIp(subnetId: string): string | undefined;
  /** Gives an address back. No-op if it is free. */
  releaseIp(ip: string): void;
  /** Marks an address as taken, e.g. one of a Fargate pod that survived a restart. */
  adoptIp(ip: string): void;
  /** Boots the instances that were pending or running when the process died. Timers of LocalState are armed afterwards. */
  resume(): Promise<void>;
}
