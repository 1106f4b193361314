import type { Condition, NodeSelectorRequirement, ObjectMeta, Taint } from "../generated/kubernetes.ts";

/**
 * karpenter.sh/v1 NodePool and NodeClaim.
 * Source: the documented API of Karpenter 1.14 (karpenter.md §1.4, §1.5).
 */

/** A node selector requirement with Karpenter's additions: operators Gt, Lt, Gte and Lte, and `minValues`. */
export interface NodeSelectorRequirementWithMinValues extends NodeSelectorRequirement {
  /** At least this many distinct values (1..50) must remain among the instance types. */
  readonly minValues?: number;
}

/** Which node class a pool or claim launches with. */
export interface NodeClassReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
}

/** How many nodes may be disrupted at once, and when. */
export interface NodePoolBudget {
  /** A whole number or a percentage from `0%` to `100%`. */
  readonly nodes: string;
  /** Five cron fields in UTC or a macro such as `@daily`; given together with `duration`. */
  readonly schedule?: string;
  /** How long a hit of `schedule` lasts, in minutes or hours: `8h`, `1h30m`. */
  readonly duration?: string;
  /** Undefined means every reason. */
  readonly reasons?: readonly DisruptionReason[];
}

export type DisruptionReason = "Underutilized" | "Empty" | "Drifted";

export interface NodePoolDisruption {
  readonly consolidationPolicy?: "WhenEmpty" | "WhenEmptyOrUnderutilized" | "Balanced";
  /** A duration, or `Never`. */
  readonly consolidateAfter: string;
  readonly budgets?: readonly NodePoolBudget[];
}

export interface NodeClaimTemplate {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: NodeClaimTemplateSpec;
}

export interface NodeClaimTemplateSpec {
  readonly taints?: readonly Taint[];
  readonly startupTaints?: readonly Taint[];
  readonly requirements: readonly NodeSelectorRequirementWithMinValues[];
  readonly nodeClassRef: NodeClassReference;
  /** A duration, e.g. `48h`. Undefined: drain for as long as it takes. */
  readonly terminationGracePeriod?: string;
  /** A duration, or `Never`. Default `720h`. */
  readonly expireAfter?: string;
}

export interface NodePoolSpec {
  readonly template: NodeClaimTemplate;
  readonly disruption?: NodePoolDisruption;
  /** Quantities by resource, as text or number (custom resources keep what the user wrote); `nodes` counts nodes. */
  readonly limits?: Readonly<Record<string, string | number>>;
  /** 1..100, higher is tried first. Undefined counts as 0. */
  readonly weight?: number;
  /** Alpha: a fixed number of nodes. */
  readonly replicas?: number;
}

export interface NodePoolStatus {
  /** Sum of the capacity of owned nodes, and `nodes`. */
  readonly resources?: Readonly<Record<string, string>>;
  readonly nodes?: number;
  readonly nodeClassObservedGeneration?: number;
  /** ValidationSucceeded, NodeClassReady, NodeRegistrationHealthy and the root Ready. */
  readonly conditions?: readonly Condition[];
}

export interface NodePool {
  readonly apiVersion: "karpenter.sh/v1";
  readonly kind: "NodePool";
  readonly metadata: ObjectMeta;
  readonly spec: NodePoolSpec;
  readonly status?: NodePoolStatus;
}

export interface NodeClaimSpec extends NodeClaimTemplateSpec {
  /** What the pods and daemons planned for the node request. */
  readonly resources?: { readonly requests?: Readonly<Record<string, string>> };
}

export interface NodeClaimStatus {
  readonly nodeName?: string;
  readonly providerID?: string;
  readonly imageID?: string;
  readonly capacity?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly lastPodEventTime?: string;
  /** Launched, Registered, Initialized, Ready; then advisory ones such as Consolidatable and Drifted. */
  readonly conditions?: readonly Condition[];
}

/** One requested node. Cluster-scoped; its spec never changes. */
export interface NodeClaim {
  readonly apiVersion: "karpenter.sh/v1";
  readonly kind: "NodeClaim";
  readonly metadata: ObjectMeta;
  readonly spec: NodeClaimSpec;
  readonly status?: NodeClaimStatus;
}
