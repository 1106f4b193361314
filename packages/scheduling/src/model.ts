import type { Pod, ResourceAmounts, Taint } from "@nodeless/api";
import type { PodVolumes } from "./volumes/pod-volumes.ts";

/**
 * A label requirement as a set with complement and bounds (karpenter.md §2.4): In → values; NotIn → complement of values;
 * Exists → complement of nothing; DoesNotExist → no values; Gt/Lt → complement with bounds (inclusive here).
 */
export interface Requirement {
  readonly key: string;
  readonly complement: boolean;
  readonly values: ReadonlySet<string>;
  /** Inclusive integer bounds; only on complements. */
  readonly gte?: number;
  readonly lte?: number;
  /** At least this many distinct values must remain among the instance types. */
  readonly minValues?: number;
}

/** Requirements by label key. */
export type Requirements = ReadonlyMap<string, Requirement>;

export type CapacityType = "spot" | "on-demand" | "reserved";

/** One way to buy an instance type: a zone and a capacity type, with its price. */
export interface Offering {
  readonly zone: string;
  readonly zoneId?: string;
  readonly capacityType: CapacityType;
  readonly priceUsdPerHour: number;
  /** False while the cloud has said that it has none. */
  readonly available: boolean;
  /** The reservation that pays for it; only with capacity type `reserved`. */
  readonly reservationId?: string;
  /** Instances that the reservation still has. Default with a reservationId: 0. */
  readonly reservationsLeft?: number;
}

/** What can be launched. Amounts: millicores for cpu, bytes for memory and storage, counts for the rest (`pods` included). */
export interface InstanceType {
  readonly name: string;
  /** Labels a node of this type would carry, without zone and capacity type (those are the offerings'). */
  readonly requirements: Requirements;
  readonly offerings: readonly Offering[];
  readonly capacity: ResourceAmounts;
  /** kube-reserved + system-reserved + eviction threshold, to be taken off the capacity. */
  readonly overhead: ResourceAmounts;
}

/** The part of a NodePool that scheduling needs, after conversion and validation. */
export interface SchedulingNodePool {
  readonly name: string;
  /** Higher is tried first; ties by name. */
  readonly weight: number;
  /** spec.requirements ∩ labels ∩ {karpenter.sh/nodepool = name}. */
  readonly requirements: Requirements;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly startupTaints: readonly Taint[];
  /** Remaining headroom: limits − live usage; a resource that is absent is unlimited. `nodes` counts nodes. */
  readonly remainingLimits: ResourceAmounts;
  readonly instanceTypes: readonly InstanceType[];
}

/** A node (or launched claim) that already exists, whoever owns it. */
export interface ExistingNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Startup and known ephemeral taints already left out for uninitialized managed nodes. */
  readonly taints: readonly Taint[];
  readonly allocatable: ResourceAmounts;
  /** Pods bound to it that are not finished, DaemonSet pods included. */
  readonly pods: readonly Pod[];
  /** Requests of DaemonSet pods that are expected but not bound yet. */
  readonly pendingDaemonRequests: ResourceAmounts;
  readonly initialized: boolean;
  /** NodePool that owns it, if any. */
  readonly nodePool?: string;
  /** Most volumes that may be attached, by CSI driver (CSINode); an absent driver has no limit. */
  readonly attachLimits?: ReadonlyMap<string, number>;
  /** Names of the volumes that its pods have attached, by CSI driver. */
  readonly attachedVolumes?: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Everything one scheduling pass looks at. */
export interface SchedulingInput {
  readonly nodePools: readonly SchedulingNodePool[];
  readonly existingNodes: readonly ExistingNode[];
  /** Pods to place. */
  readonly pods: readonly Pod[];
  /** One pod per DaemonSet, as it would be made for a new node. */
  readonly daemonSetPods: readonly Pod[];
  /** Namespace labels, for namespaceSelector in pod affinity. */
  readonly namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** What the volumes of pods ask of a node, by `namespace/name`; pods without an entry have no such volumes. */
  readonly volumes?: ReadonlyMap<string, PodVolumes>;
  readonly policies?: SchedulingPolicies;
}

/** Karpenter's settings that change what a plan may do. */
export interface SchedulingPolicies {
  /** Ignore: preferences and ScheduleAnyway spreads are given up from the start. Default Respect. */
  readonly preferences?: "Respect" | "Ignore";
  /** BestEffort: a claim may have fewer distinct values than minValues asks for, if no more exist. Default Strict. */
  readonly minValues?: "Strict" | "BestEffort";
  /**
   * Strict: a pod that could use reserved capacity waits if this pass has used it up; Fallback: it goes on without. Default Strict, as for
   * provisioning; Karpenter uses Fallback when it simulates disruption.
   */
  readonly reservations?: "Strict" | "Fallback";
}

/** A node to be launched: the set of instance types stays open, cheapest first, so that the cloud may choose. */
export interface PlannedClaim {
  /** Stable within the plan: `<nodepool>-<index>`. */
  readonly id: string;
  readonly nodePool: string;
  readonly requirements: Requirements;
  /** Compatible types, cheapest compatible available offering first. Never empty. */
  readonly instanceTypes: readonly InstanceType[];
  /** Pods plus daemon overhead. */
  readonly requests: ResourceAmounts;
  readonly pods: readonly Pod[];
  /** True if minValues in `requirements` were lowered to what exists. */
  readonly minValuesRelaxed?: boolean;
}

/** Why one candidate could not take a pod. */
export interface Rejection {
  /** A NodePool, an existing node or `pod` for rules of the pod itself. */
  readonly candidate: string;
  readonly rule:
    | "taints"
    | "requirements"
    | "resources"
    | "offerings"
    | "topology"
    | "host-ports"
    | "limits"
    | "min-values"
    | "volumes"
    | "unsupported";
  /** A sentence for the user, lower case, with the numbers. */
  readonly message: string;
  /** Of rule `limits`, where one resource is short. */
  readonly limit?: LimitShortfall;
}

/** What a pool's limits leave, and what the cheapest node for the pod would take of it; cpu in millicores, `nodes` by number. */
export interface LimitShortfall {
  readonly resource: string;
  readonly left: number;
  readonly needed: number;
}

export interface UnplacedPod {
  readonly pod: Pod;
  readonly rejections: readonly Rejection[];
}

/** The immutable result of a pass. Execution makes no choices. */
export interface SchedulingPlan {
  readonly claims: readonly PlannedClaim[];
  /** Pods that fit on nodes that exist: pod `namespace/name` → node name. */
  readonly onExistingNodes: ReadonlyMap<string, string>;
  readonly unplaced: readonly UnplacedPod[];
}

/** A violation found by the plan checker: always our bug, never the user's. */
export interface PlanFinding {
  readonly subject: string;
  readonly message: string;
}
