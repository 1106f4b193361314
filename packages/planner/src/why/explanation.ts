import type { PlanCatalogInfo, Quantities } from "../contract.ts";

/** The stable formats of `nodeless why -o json`. Documented in docs/why.md; fields are only ever added. */
export type Explanation = PodExplanation | NodeExplanation;

/** Why a pod runs where it runs, or nowhere. */
export interface PodExplanation {
  readonly apiVersion: "nodeless.dev/v1alpha1";
  readonly kind: "PodExplanation";
  /** `namespace/name`. */
  readonly pod: string;
  /** `Deployment/web`, in the pod's namespace. */
  readonly workload: string;
  readonly requested: Quantities;
  readonly placement: PodPlacement;
  readonly fargate: FargateVerdict;
  /** Its fair price on EC2 and its price on Fargate; absent where there is none. */
  readonly prices: {
    readonly ec2UsdPerHour?: number;
    readonly fargateUsdPerHour?: number;
    readonly cheaper?: "ec2" | "fargate" | "neither";
  };
  /** Nodes, then pools; empty for a pod that EC2 is not asked about. */
  readonly candidates: readonly Candidate[];
  /** How the type of the pod's node was chosen; only with a new node, or a node of a NodeClaim. */
  readonly choice?: TypeChoice;
  /** The node it shares with others. */
  readonly node?: NodeContent;
  /** Only for a pod that nothing takes. */
  readonly reasons: readonly Reason[];
  readonly catalog: PlanCatalogInfo;
  /** Only on a running cluster. */
  readonly live?: LiveFacts;
}

/** Why a node is of its type. */
export interface NodeExplanation {
  readonly apiVersion: "nodeless.dev/v1alpha1";
  readonly kind: "NodeExplanation";
  readonly node: NodeContent;
  /** Absent for a node that was not bought for its pods: Fargate's, or one of the input. */
  readonly choice?: TypeChoice;
  readonly catalog: PlanCatalogInfo;
  /** Only on a running cluster. */
  readonly live?: LiveFacts;
}

export type PodPlacement =
  | {
      readonly kind: "fargate";
      readonly profile: string;
      readonly vcpu: number;
      readonly memoryGb: number;
      readonly usdPerHour: number;
      readonly priceIsEstimate: boolean;
      /** Only on a running cluster. */
      readonly node?: string;
    }
  | ({ readonly kind: "ec2" } & BoughtNode)
  | { readonly kind: "none" };

/** A node and how it is bought. */
export interface BoughtNode {
  readonly node: string;
  /** Empty for a node that no pool owns. */
  readonly nodePool: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
  /** 0 for a node of the input. */
  readonly usdPerHour: number;
  readonly priceIsEstimate: boolean;
  /** True for a node that is there already. */
  readonly existing: boolean;
}

/** What Fargate says to a pod. */
export interface FargateVerdict {
  /** True if a profile takes it and Fargate can run it. */
  readonly takes: boolean;
  /** The profile that takes the pod, whether Fargate can run it or not. */
  readonly profile?: string;
  /** What of the profile selected the pod: `namespace kube-system, k8s-app=kube-dns`. */
  readonly selector?: string;
  /** Why no profile takes it, or why Fargate refuses it. */
  readonly because?: string;
  readonly remedy?: string;
  /** Every selector that does not match, nearest first. */
  readonly misses: readonly SelectorMiss[];
  /** How the requests would become a size, even where no profile takes the pod. */
  readonly sizing?: FargateSizingSteps;
}

/** A selector that does not match a pod, and what differs. */
export interface SelectorMiss {
  readonly profile: string;
  /** `namespace shop, tier=web`. */
  readonly selector: string;
  /** `namespace is default`, `label tier is missing`, `label tier is db`. */
  readonly differs: readonly string[];
}

export interface FargateSizingSteps {
  readonly askedVcpu: number;
  readonly askedMemoryMib: number;
  /** What Fargate adds for itself. */
  readonly systemMemoryMib: number;
  readonly vcpu: number;
  readonly memoryGb: number;
  readonly ephemeralStorageGib: number;
  readonly usdPerHour: number;
  readonly priceIsEstimate: boolean;
}

/** Who was asked, and what the answer was. */
export interface Candidate {
  readonly kind: "existing-node" | "planned-node" | "node-pool";
  readonly name: string;
  /** True for the node that the pod is on, and for the pool of it. */
  readonly chosen: boolean;
  /** True if it would take the pod, everything else staying in its place. */
  readonly fits: boolean;
  /** Why not. */
  readonly rule?: string;
  /** A sentence: why not, or what it would do. */
  readonly message: string;
}

/** How an instance type is chosen for what a node holds. */
export interface TypeChoice {
  readonly nodePool: string;
  /** What the type has to hold: pods and DaemonSets. */
  readonly content: Quantities;
  /** All types that the pool's node class can have. */
  readonly considered: number;
  /** Types that are out, by reason, most first. */
  readonly rejected: readonly RejectedTypes[];
  /** Purchases that fit, cheapest first; of types and zones at one price one entry each type. */
  readonly fitting: readonly Purchase[];
  /** Number of instance types behind `fitting`, which may be cut. */
  readonly fittingTypes: number;
  /** The cheapest purchase of another type. */
  readonly runnerUp?: Purchase & { readonly dearerUsdPerHour: number; readonly dearerRatio: number };
  /** What some requirement costs here, the dearest first: without it alone, something cheaper would hold the content. */
  readonly restrictions: readonly Restriction[];
  /** The next smaller type of the family, and what it lacks. */
  readonly smaller?: Lacking;
  /** The dearest purchase that costs less than the chosen one, and what it lacks. */
  readonly cheaper?: Lacking & { readonly usdPerHour: number };
}

export interface RejectedTypes {
  readonly rule: "requirements" | "resources" | "offerings" | "limits";
  /** `NodePool default`, a pod, or what the plan adds to them; `content` for resources, `catalog` for offerings that nobody has. */
  readonly by: string;
  /** The label or resource; empty for others. */
  readonly key: string;
  readonly message: string;
  readonly types: number;
  /** A few of them, cheapest first. */
  readonly examples: readonly string[];
}

/** One way to buy an instance type. */
export interface Purchase {
  readonly instanceType: string;
  /** Zones at this price. */
  readonly zones: readonly string[];
  readonly capacityType: string;
  readonly usdPerHour: number;
  readonly priceIsEstimate: boolean;
  /** Share of the allocatable that the content takes. */
  readonly cpuFill: number;
  readonly memoryFill: number;
  readonly chosen: boolean;
}

/** A requirement, and what the node would be without it. */
export interface Restriction {
  /** `NodePool default`, a pod, or what the plan adds to them. */
  readonly by: string;
  /** `kubernetes.io/arch in (amd64)`. */
  readonly requirement: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
  readonly usdPerHour: number;
  readonly priceIsEstimate: boolean;
  readonly savesUsdPerHour: number;
}

/** An instance type that does not hold the content. */
export interface Lacking {
  readonly instanceType: string;
  readonly resource: string;
  /** Kubernetes quantities. */
  readonly needed: string;
  readonly offered: string;
}

/** A node, what is on it, and what of its price is for nothing. */
export interface NodeContent extends BoughtNode {
  readonly allocatable: Quantities;
  readonly requested: Quantities;
  readonly daemonOverhead: Quantities;
  readonly pods: readonly { readonly pod: string; readonly fairUsdPerHour?: number }[];
  /** Price less the fair prices of the pods: what a better packing could save here. Absent for a node that costs nothing here. */
  readonly wasteUsdPerHour?: number;
}

export interface Reason {
  readonly candidate: string;
  readonly rule: string;
  readonly message: string;
  readonly remedy: string;
}

/** What a running cluster says. */
export interface LiveFacts {
  readonly cluster: string;
  /** `Running`, `Pending`; of a node `Ready`, `NotReady`. */
  readonly phase: string;
  /** What happened, in order. */
  readonly history: readonly { readonly at: string; readonly what: string }[];
  /** The claim that the node was bought for. */
  readonly nodeClaim?: {
    readonly name: string;
    /** What it allowed, without the list of instance types. */
    readonly requirements: readonly string[];
    /** Instance types that it allowed. */
    readonly instanceTypes: number;
  };
  /** Where the pod would go if it were placed anew without its node. */
  readonly anew?: string;
}
