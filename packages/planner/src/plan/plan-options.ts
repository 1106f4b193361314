/** Restrictions against optima that look too clever: each keeps instance types or offerings out, for the packing and the bound alike. */
export interface PlanKnobs {
  /** No node has more than this share (0–1] of the cpu that all pods on EC2 request together. A pod that needs a larger node gets it. */
  readonly maxNodeShare?: number;
  /** No node has more vCPUs. */
  readonly maxVcpus?: number;
  /** Only instance types of these generations: the number in the family's name. */
  readonly generations?: readonly number[];
  /** Only these families, such as `c7g`. */
  readonly families?: readonly string[];
  /** Never these families. */
  readonly excludedFamilies?: readonly string[];
  /** At most this share [0–1] of the pods on EC2 may stand on spot capacity; the others are kept on on-demand or reserved nodes. */
  readonly spotShare?: number;
}

/** How to plan. */
export interface PlanOptions {
  /** `fast` is what the provisioner does with every batch; `optimize` searches until its limits. Default fast. */
  readonly gear?: "fast" | "optimize";
  /** How long `optimize` searches. Default 1,000 ms. */
  readonly timeMs?: number;
  /** Stops `optimize` after so many tries as well, whatever the machine's speed: the plan is then the same everywhere. Default: unlimited. */
  readonly triesMax?: number;
  /** Seed of the search. Default 1. */
  readonly seed?: number;
  readonly knobs?: PlanKnobs;
  /** Whether nodes suit what pods only prefer; Karpenter's PREFERENCE_POLICY. Default Respect. */
  readonly preferences?: "Respect" | "Ignore";
  /** Also say what the plan would cost without each family that it uses. Default false. */
  readonly priceFamilies?: boolean;
  /** What the document calls the catalogue: `built-in`, `refreshed` or a file. Default `built-in`. */
  readonly catalogSource?: string;
  /** Milliseconds on a clock that only goes forward; the planner has none of its own. */
  readonly monotonicMs: () => number;
}
