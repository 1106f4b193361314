import type { DomainRule, HostLimit } from "../topology/rule-plan.ts";
import type { TopologyState } from "../topology/topology-state.ts";
import type { ClaimOrder } from "./claim-sequence.ts";
import { ClaimSequence } from "./claim-sequence.ts";
import type { ShapeModel, VariantModel } from "./planning-model.ts";

/** Equal pods that are placed one after the other under one variant: how far the search for places has come. */
export class VariantRun {
  readonly variant: VariantModel;
  /** By domain rule: 1 for the domains that are allowed now. */
  readonly allowed: readonly Uint8Array[];
  /** By host limit: the counters it looks at. */
  readonly hostCounts: Int32Array[] = [];
  /** Distinguishes runs in the table of claims; never 0. */
  stamp = 0;
  /** Existing nodes before this one have refused. */
  nodesSeen = 0;
  /** Claims of the attempt's sequence before this place have refused. */
  claimsSeen = 0;
  /** True once every claim of the sequence has refused: from then on only claims opened since are asked. */
  exhausted = false;
  /** True if the last pod has to wait for reserved capacity: it is neither relaxed nor sent to another pool. */
  waits = false;
  readonly #order: ClaimOrder;
  #shape: ShapeModel | undefined;
  #opened: ClaimSequence | undefined;

  constructor(variant: VariantModel, order: ClaimOrder, topology: TopologyState) {
    this.variant = variant;
    this.#order = order;
    const { tables } = topology.facts;
    this.allowed = variant.plan.domainRules.map(({ keyIndex }) => new Uint8Array(tables[keyIndex]?.names.length ?? 0));
  }

  /** Starts over for the pods of a shape that has the variant. */
  begin(shape: ShapeModel, stamp: number): void {
    this.#shape = shape;
    this.stamp = stamp;
    this.waits = false;
    this.restart();
  }

  get shape(): ShapeModel {
    if (this.#shape === undefined) throw new Error("the run has not begun");
    return this.#shape;
  }

  /** Claims opened since the sequence was exhausted. */
  get opened(): ClaimSequence {
    this.#opened ??= new ClaimSequence(this.#order);
    return this.#opened;
  }

  /** Every claim and node may have changed its mind, except those that refused for good. */
  restart(): void {
    this.nodesSeen = 0;
    this.claimsSeen = 0;
    this.exhausted = false;
    this.#opened?.clear();
  }

  /** Brings the allowed domains and the counters up to date; starts again if a domain has become allowed or a host may have. */
  refresh(topology: TopologyState): void {
    const { domainRules, hostLimits, hostAffinities } = this.variant.plan;
    let widened = hostAffinities.length > 0;
    for (let index = 0; index < domainRules.length; index += 1) {
      const rule = domainRules[index];
      const allowed = this.allowed[index];
      if (rule !== undefined && allowed !== undefined && widen(allowed, rule, topology)) widened = true;
    }
    for (let index = 0; index < hostLimits.length; index += 1) {
      const limit = hostLimits[index];
      if (limit !== undefined) this.hostCounts[index] = countersOf(limit, topology);
    }
    if (widened) this.restart();
  }
}

const NO_COUNTS = new Int32Array(0);

function countersOf({ group, counts }: HostLimit, topology: TopologyState): Int32Array {
  return (counts === "selected" ? topology.counts[group] : topology.owners[group]) ?? NO_COUNTS;
}

function widen(allowed: Uint8Array, rule: DomainRule, topology: TopologyState): boolean {
  let widened = false;
  for (let domain = 0; domain < allowed.length; domain += 1) {
    const now = topology.forbidding(rule, domain) === undefined ? 1 : 0;
    if (now > (allowed[domain] ?? 0)) widened = true;
    allowed[domain] = now;
  }
  return widened;
}
