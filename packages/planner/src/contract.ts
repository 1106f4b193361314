import type {
  CSINode,
  DaemonSet,
  EC2NodeClass,
  Node,
  NodePool,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  Service,
  StorageClass,
} from "@nodeless/api";
import type { FargateProfile } from "@nodeless/fargate";
import type { InstanceType } from "@nodeless/scheduling";

/** Where something stands in the user's files; `line` counts from 1. */
export interface SourceLocation {
  readonly file: string;
  readonly line: number;
}

/** Something to tell the user that does not stop the plan. */
export interface InputNotice {
  /** `Deployment default/web`; undefined for a notice about the whole input. */
  readonly subject: string | undefined;
  readonly at: SourceLocation | undefined;
  readonly message: string;
}

/**
 * What the manifests say, validated, defaulted and expanded: workloads have become pods with the names that identify them
 * (`web-0`, `web-1` … for every controller), the old Karpenter API has become the new one.
 */
export interface PlanInput {
  /** Pods to place, Fargate and EC2 alike, in input order; DaemonSet pods are not among them. */
  readonly pods: readonly Pod[];
  /** Existing nodes with the pods bound to them (spec.nodeName), DaemonSet pods included. */
  readonly nodes: readonly Node[];
  readonly boundPods: readonly Pod[];
  readonly daemonSets: readonly DaemonSet[];
  /** Those of the cluster's add-ons that count on nodes like them, although no manifest has them. */
  readonly addonDaemonSets?: readonly DaemonSet[];
  /** Pools of the input, or the default pool of `nodeless up` when it has none. */
  readonly nodePools: readonly NodePool[];
  readonly nodeClasses: readonly EC2NodeClass[];
  /** From ClusterConfig documents (and the profile `nodeless-system`), or those of the default cluster when there is none. Always ACTIVE. */
  readonly fargateProfiles: readonly FargateProfile[];
  /** Region of a ClusterConfig, if any. */
  readonly region: string | undefined;
  /** Zones of the cluster's subnets as a ClusterConfig names them; empty when `nodeless up` chooses; undefined when only node classes know. */
  readonly availabilityZones?: readonly string[];
  readonly namespaceLabels: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly persistentVolumeClaims: readonly PersistentVolumeClaim[];
  readonly persistentVolumes: readonly PersistentVolume[];
  readonly storageClasses: readonly StorageClass[];
  /** How many volumes existing nodes may attach; without one of its name a node has no limit. */
  readonly csiNodes?: readonly CSINode[];
  readonly podDisruptionBudgets: readonly PodDisruptionBudget[];
  readonly services: readonly Service[];
  /** All parsed documents with their places, for lint and for messages. */
  readonly documents: readonly SourceDocument[];
  /** For each pod to place: the document it comes from, by `namespace/name`. */
  readonly podSources: ReadonlyMap<string, SourceDocument>;
  readonly notices: readonly InputNotice[];
}

/** One YAML or JSON document of the input. */
export interface SourceDocument {
  readonly at: SourceLocation;
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The plain object as written, before defaulting. */
  readonly object: Readonly<Record<string, unknown>>;
  /** Line of a field, by path (`spec`, `template`, `spec`, `containers`, 0, `image`); the nearest parent's when the field is absent. */
  lineOf(path: readonly (string | number)[]): number;
}

/** What can be bought, from the built-in catalogue, a refreshed one, or `--catalog FILE`. */
export interface PlanCatalog {
  /** ISO date of the facts. */
  readonly date: string;
  readonly region: string;
  readonly zones: readonly string[];
  /** Types as a node of this class would be; a custom catalogue ignores the class. */
  instanceTypes(nodeClass: EC2NodeClass | undefined): readonly InstanceType[];
  /** True when the price is not a published one; shown as `~`. */
  isEstimate(instanceType: string, capacityType: string): boolean;
  /** Sentences about exactness, for the foot of the table. */
  readonly exactness: readonly string[];
}

/** The stable format of `nodeless plan -o json`. Documented in docs/plan-format.md; fields are only ever added. */
export interface PlanDocument {
  readonly apiVersion: "nodeless.dev/v1alpha1";
  readonly kind: "Plan";
  readonly totals: PlanTotals;
  readonly catalog: PlanCatalogInfo;
  /** DaemonSets of the cluster's add-ons that count on nodes although the input does not have them. */
  readonly addonDaemonSets: readonly PlanAddonDaemonSet[];
  readonly nodes: readonly PlanNode[];
  readonly fargate: readonly PlanFargatePod[];
  readonly unplaced: readonly PlanUnplacedPod[];
  /** For every placed pod of the input: its fair price on EC2 and, where its size exists, its price on Fargate. */
  readonly pods: readonly PlanPodPrice[];
  readonly preferences: PlanPreferences;
  /** What each restriction costs, when asked for. */
  readonly knobs: readonly PlanKnob[];
  readonly notices: readonly string[];
}

export interface PlanTotals {
  /** New nodes plus Fargate pods. Existing nodes count 0. */
  readonly usdPerHour: number;
  /** 730 hours. */
  readonly usdPerMonth: number;
  readonly lowerBoundUsdPerHour: number;
  /** usdPerHour / lowerBoundUsdPerHour − 1; 0 when both are 0, null when only the bound is. */
  readonly gapRatio: number | null;
  /** Pods of the input, DaemonSet pods not among them. */
  readonly pods: number;
  /** New nodes. */
  readonly nodes: number;
  readonly fargatePods: number;
  readonly unplacedPods: number;
  readonly solveSeconds: number;
  readonly gear: "fast" | "optimize";
}

/** What pods prefer but do not insist on: preferred affinity and anti-affinity, spreads with ScheduleAnyway. */
export interface PlanPreferences {
  /** Respect: given up only where a pod would stay Pending otherwise, as Karpenter does by default. Ignore: given up from the start. */
  readonly policy: "Respect" | "Ignore";
  /** Pods for EC2 that have preferences. */
  readonly pods: number;
  /** What the plan costs more than the one of the fast gear without preferences, not below 0. 0 with `Ignore`, and where the bound shows that they cost nothing. */
  readonly costsUsdPerHour: number;
}

export interface PlanCatalogInfo {
  readonly date: string;
  readonly region: string;
  /** `built-in`, `refreshed` or the file given. */
  readonly source: string;
  /** Zones in which nodes can be bought and Fargate runs pods. */
  readonly zones: readonly string[];
}

/** Kubernetes quantities by resource name, exact. */
export type Quantities = Readonly<Record<string, string>>;

export interface PlanAddonDaemonSet {
  /** `namespace/name` */
  readonly daemonSet: string;
  /** What each of its pods asks for. */
  readonly requested: Quantities;
}

export interface PlanNode {
  readonly name: string;
  /** Empty for an existing node without one. */
  readonly nodePool: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
  readonly usdPerHour: number;
  readonly priceIsEstimate: boolean;
  /** True for a Node of the input; its price is 0. */
  readonly existing: boolean;
  readonly allocatable: Quantities;
  /** Sum over `pods`. */
  readonly requested: Quantities;
  readonly daemonOverhead: Quantities;
  /** Only on an existing node: what the pods take that are bound to it already, DaemonSet pods included. */
  readonly boundRequested?: Quantities;
  /** `namespace/name`; on an existing node only the pods that this plan adds. */
  readonly pods: readonly string[];
}

export interface PlanFargatePod {
  readonly pod: string;
  readonly profile: string;
  readonly vcpu: number;
  readonly memoryGb: number;
  readonly usdPerHour: number;
  readonly priceIsEstimate: boolean;
  readonly requested: Quantities;
}

export interface PlanUnplacedPod {
  readonly pod: string;
  readonly reasons: readonly string[];
}

export interface PlanPodPrice {
  readonly pod: string;
  /** `Deployment/web`, in the pod's namespace: what the pod comes from. */
  readonly workload: string;
  /** What a perfectly packed node would charge for it: the price behind the bound. Undefined where no type can hold it. */
  readonly ec2UsdPerHour?: number;
  /** Undefined where Fargate refuses or has no size for it. */
  readonly fargateUsdPerHour?: number;
  readonly cheaper: "ec2" | "fargate" | "neither";
}

/** One restriction, and the bound on the other side of it. */
export interface PlanKnob {
  /** `largest node 2 % of all cpu`, `without family c6g`, `spot share 70 %`. */
  readonly name: string;
  /** True: the plan obeys it, and the bound is what lifting it alone would give. False: the bound is what adding it would give. */
  readonly inForce: boolean;
  readonly lowerBoundUsdPerHour: number;
  /** Relative to the plan's own bound as prices alone give it: what the search of `optimize` adds to that is left out on both sides. */
  readonly changeRatio: number;
}
