/**
 * The packing problem in numbers: what remains of a scheduling input once labels, taints and topology have become masks,
 * host rules and counts. Both gears solve it; the lowering writes it and reads the answer (packing.md §1).
 */
export interface PackingProblem {
  /** Length of every resource vector. Dimension 0 is cpu (millicores), 1 memory (bytes), then counts and the rest; `pods` is one of them. */
  readonly dimensions: number;
  readonly shapes: readonly PackingShape[];
  /** Ways to buy a node, in any order; equal classes may repeat with other types. Never empty unless every shape has 0 pods. */
  readonly offerings: readonly PackingOffering[];
  /** Nodes that exist and are paid for. */
  readonly existing: readonly ExistingBin[];
  /** Number of offering classes; existing bins have classes of their own in the same numbering. */
  readonly classes: number;
  /** By mask: which classes pods with the mask may use, 1 or 0 by class. */
  readonly masks: readonly Uint8Array[];
  readonly hostRules: readonly HostRule[];
}

/** Pods that are equal for packing. */
export interface PackingShape {
  /** How many are to be placed. 0: only its fair price is wanted. */
  readonly pods: number;
  /** Requests of one pod, 1 in the `pods` dimension. */
  readonly requests: Float64Array;
  /** Index into {@link PackingProblem.masks}. Some offering of an allowed class holds the pod alone, or some existing bin does. */
  readonly mask: number;
  /** Host rules that count such a pod. */
  readonly countedBy: readonly number[];
  /** Host rules that hold on a node as soon as it has such a pod. */
  readonly owns: readonly number[];
}

/** On a node with at least one pod that owns the rule, at most `max` pods that the rule counts; an owner may be counted itself. */
export interface HostRule {
  readonly max: number;
}

/** One way to buy a node. */
export interface PackingOffering {
  readonly class: number;
  readonly priceUsdPerHour: number;
  /** Allocatable less daemon overhead. */
  readonly free: Float64Array;
}

/** Room on a node that exists. */
export interface ExistingBin {
  readonly class: number;
  readonly free: Float64Array;
  /** Pods already there by host rule: how many are counted, how many own it. Rules without any are left out. */
  readonly hostCounts: readonly { readonly rule: number; readonly counted: number; readonly owners: number }[];
}

/** Pods of one shape on one node. */
export interface ShapeCount {
  readonly shape: number;
  readonly pods: number;
}

export interface PackedNode {
  /** Index into {@link PackingProblem.offerings}. */
  readonly offering: number;
  readonly content: readonly ShapeCount[];
}

/** A feasible placement of all pods, except those that fit nowhere. */
export interface Packing {
  readonly nodes: readonly PackedNode[];
  /** By existing bin. */
  readonly existing: readonly (readonly ShapeCount[])[];
  readonly unplaced: readonly ShapeCount[];
  /** Sum of the prices of `nodes`. */
  readonly costUsdPerHour: number;
}

/**
 * What a pod of each shape is worth, and the bound that follows: for any values ≥ 0 no placement costs less than
 * Σ pods × value / θ − what existing bins can absorb, θ being the most value per dollar that any offering can hold (packing.md §1, §2.6).
 */
export interface FairPrices {
  /** By shape, USD per hour, scaled so that no node's content is worth more than its price (θ ≤ 1). Also for shapes with 0 pods. */
  readonly podUsdPerHour: Float64Array;
  /** Rounded down: floating point never lifts it above the truth. */
  readonly lowerBoundUsdPerHour: number;
  /**
   * By offering: the most that it could hold at these prices relative to what it costs, up to a common factor. The best are near 1; 0 for offerings that others
   * beat. Absent when not known.
   */
  readonly offeringValueRatio?: Float64Array;
}

/** When to stop. The clock is the caller's, so that the core has none. */
export interface SolveLimits {
  /** Milliseconds since the solve began, monotonic. */
  readonly elapsedMs: () => number;
  /** Stop at this time. */
  readonly timeMs: number;
  /** Stop after so many tries of the search as well: makes results independent of the machine. Default: unlimited. */
  readonly triesMax?: number;
  /** Stop once cost / bound − 1 is at most this. Default 0.0005. */
  readonly gapTolerance?: number;
  /** Seed of all choices. Default 1. */
  readonly seed?: number;
}

/** A placement with the proof of how good it is. */
export interface CertifiedPacking {
  readonly packing: Packing;
  /** True if the search began where the fast gear ends: it had the time, and the seed is the same. */
  readonly beganFast: boolean;
  readonly prices: FairPrices;
  /** Cost and bound over time: cost never rises, bound never falls. */
  readonly progress: readonly ProgressPoint[];
}

export interface ProgressPoint {
  readonly ms: number;
  readonly costUsdPerHour: number;
  readonly lowerBoundUsdPerHour: number;
}
