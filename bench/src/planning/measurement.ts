/** One workload planned by one system, in a process of its own. */
export interface Measurement {
  readonly usdPerHour: number;
  readonly nodes: number;
  readonly unplaced: number;
  /** The first run of the process: the compiler's warm-up is part of it. */
  readonly coldMs: number;
  /** Median of runs in a process that has planned for two seconds, each on new objects. */
  readonly warmMs: number;
  /** Largest resident size of the process, Node itself included. */
  readonly peakMiB: number;
  /** What the plan checker finds; undefined for rivals, whose plans are only sums. */
  readonly violations: number | undefined;
  readonly lowerBoundUsdPerHour: number | undefined;
}
