import type { KubernetesObject } from "@nodeless/api";
import type { CapacityType, InstanceType, Requirements } from "@nodeless/scheduling";

/** An instance that the cloud runs for a NodeClaim. */
export interface CloudInstance {
  /** `aws:///<zone>/<instance id>`. */
  readonly providerId: string;
  readonly instanceId: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: CapacityType;
  readonly imageId: string;
  /** Tags as the cloud holds them. */
  readonly tags: ReadonlyMap<string, string>;
  readonly launchTime: Date;
  readonly state: "pending" | "running" | "shutting-down" | "terminated" | "stopping" | "stopped";
  readonly privateDnsName: string;
}

/** What to launch; the provider picks type, zone and capacity type inside it. */
export interface LaunchRequest {
  /** UID of the NodeClaim: the idempotency token, so that a restarted controller does not launch twice. */
  readonly claimUid: string;
  readonly claimName: string;
  readonly nodePool: string;
  /** Name of the node class object (EC2NodeClass). */
  readonly nodeClass: string;
  readonly requirements: Requirements;
  /** Cheapest first; never empty. */
  readonly instanceTypes: readonly InstanceType[];
  /** Labels and taints the node must register with (startup taints and `karpenter.sh/unregistered` included). */
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
}

/**
 * The port to a cloud. A node class must have been reconciled in this process before it can be launched from. Implementations: `@nodeless/aws` and `@nodeless/cloud/fake`; both pass
 * `@nodeless/cloud/conformance`.
 */
export interface CloudProvider {
  /** Types launchable for a pool with this node class, offerings with current prices. Throws NodeClassNotReadyError. */
  instanceTypes(nodeClass: string, signal?: AbortSignal): Promise<readonly InstanceType[]>;
  /** Throws InsufficientCapacityError, NodeClassNotReadyError, or CloudError for anything else. Idempotent by claimUid. */
  launch(request: LaunchRequest, signal?: AbortSignal): Promise<CloudInstance>;
  /** Asks for termination. Throws InstanceNotFoundError once it is gone. */
  terminate(providerId: string, signal?: AbortSignal): Promise<void>;
  /** Throws InstanceNotFoundError. */
  get(providerId: string, signal?: AbortSignal): Promise<CloudInstance>;
  /** Every instance of this cluster that carries our tags and is not terminated. */
  list(signal?: AbortSignal): Promise<readonly CloudInstance[]>;
  /** Tags with the node's and claim's name after registration. */
  tagRegistered(
    providerId: string,
    names: { readonly nodeName: string; readonly claimName: string },
    signal?: AbortSignal,
  ): Promise<void>;
  /** Resolves selectors into the node class's status; `undefined` when nothing changed. */
  reconcileNodeClass(nodeClass: KubernetesObject, signal?: AbortSignal): Promise<NodeClassStatus>;
  /** Removes what `reconcileNodeClass` and `launch` made for a node class (launch templates, instance profile). */
  deleteNodeClass(nodeClass: KubernetesObject, signal?: AbortSignal): Promise<void>;
}

/** The status of an EC2NodeClass: resolved objects and conditions (karpenter.md §1.6). */
export interface NodeClassStatus {
  readonly subnets: readonly { readonly id: string; readonly zone: string; readonly zoneID?: string }[];
  readonly securityGroups: readonly { readonly id: string; readonly name: string }[];
  readonly amis: readonly {
    readonly id: string;
    readonly name: string;
    readonly requirements: readonly {
      readonly key: string;
      readonly operator: string;
      readonly values?: readonly string[];
    }[];
  }[];
  readonly instanceProfile?: string;
  /** Conditions in order; `Ready` is derived by the caller. */
  readonly conditions: readonly {
    readonly type: string;
    readonly status: "True" | "False" | "Unknown";
    readonly reason: string;
    readonly message: string;
  }[];
}
