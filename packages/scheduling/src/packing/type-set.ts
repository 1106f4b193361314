import type { InstanceType, Requirements } from "../model.ts";
import type { DaemonOverhead } from "./daemon-overhead.ts";

/** An instance type as one pool may launch it. */
export interface PoolType {
  readonly type: InstanceType;
  /** Capacity − overhead − daemons: what is left for pods. */
  readonly free: Float64Array;
  /** For limits; infinite nowhere. */
  readonly capacity: Float64Array;
  readonly daemons: DaemonOverhead;
}

/** A type in a {@link TypeSet} with the price of its cheapest compatible available offering. */
export interface PricedType extends PoolType {
  readonly priceUsdPerHour: number;
}

/** The types of a pool that meet some requirements and can be bought so, cheapest first. */
export interface TypeSet {
  readonly index: number;
  readonly requirements: Requirements;
  readonly priced: readonly PricedType[];
  /** `priced` without those that a cheaper or equally cheap one covers in every resource: enough to find the cheapest fit. */
  readonly frontier: readonly PricedType[];
  /** Most of each resource that any of the types has. */
  readonly ceiling: Float64Array;
  /** Largest capacity of each resource among the types. */
  readonly largest: Float64Array;
}
