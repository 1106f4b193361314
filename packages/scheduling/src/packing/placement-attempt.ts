import type { Pod } from "@nodeless/api";
import type { TopologyState } from "../topology/topology-state.ts";
import { decideDomains, fitOnClaim, placeOnClaim } from "./claim-placement.ts";
import type { ClaimOrder, ClaimQueue } from "./claim-queue.ts";
import { claimQueue } from "./claim-queue.ts";
import type { NodeState } from "./node-placement.ts";
import { fitOnNode, placeOnNode } from "./node-placement.ts";
import type { LimitRoom, OpenClaim } from "./open-claim.ts";
import { claimPriceUsdPerHour, emptyClaim, lowerCeiling, survivingTypes } from "./open-claim.ts";
import type { PlanningModel, ShapeModel, VariantModel } from "./planning-model.ts";
import { podKeyOf } from "./pod-shape.ts";
import type { PoolCatalog, PricedType } from "./pool-catalog.ts";
import { fits } from "./resource-table.ts";

/** How one attempt fills nodes. Every strategy keeps every rule; they differ in cost only. */
export interface PackingStrategy {
  readonly order: ClaimOrder;
  /** The order in which shapes are placed, made from Karpenter's. */
  arrange(shapes: readonly ShapeModel[]): readonly ShapeModel[];
  /** Dearest type into which a claim opened for this pod may grow; infinite for no bound. */
  growthLimitUsdPerHour(claim: OpenClaim, attempt: PlacementAttempt): number;
}

/** What a pool's limits still allow in this attempt. */
interface PoolRoom {
  readonly amounts: Float64Array | undefined;
  nodes: number;
}

/** One complete placement of all pods under one strategy. Private to the planner: nothing of it escapes but the result. */
export class PlacementAttempt {
  readonly model: PlanningModel;
  readonly topology: TopologyState;
  readonly claims: OpenClaim[] = [];
  readonly nodes: readonly NodeState[];
  readonly onNodes: Map<string, string> = new Map();
  /** Pods that found no place, by shape. */
  readonly unplaced: Map<ShapeModel, readonly Pod[]> = new Map();
  /** Requests of pods that are not placed yet. */
  readonly outstanding: Float64Array;
  /** Claims with room for some pod that is still to come, in opening order. */
  #live: OpenClaim[] = [];
  readonly #strategy: PackingStrategy;
  readonly #rooms: readonly PoolRoom[];

  constructor(model: PlanningModel, strategy: PackingStrategy) {
    this.model = model;
    this.#strategy = strategy;
    this.topology = model.topology.fork();
    const dimensions = model.resources.names.length;
    this.nodes = model.nodes.map((node) => ({
      model: node,
      used: new Float64Array(dimensions),
      ports: node.ports,
    }));
    this.#rooms = model.catalogs.map(({ pool }) => roomOf(pool.remainingLimits, model));
    this.outstanding = new Float64Array(dimensions);
    for (const { shape, requests } of model.shapes)
      for (let index = 0; index < dimensions; index += 1)
        this.outstanding[index] = (this.outstanding[index] ?? 0) + shape.pods.length * (requests[index] ?? 0);
  }

  /** Places shape after shape; shapes with topology rules are tried again while others make progress. */
  run(): this {
    let queue = this.#strategy.arrange(this.model.shapes).map((shape) => ({ shape, pods: shape.shape.pods }));
    for (let progress = true; progress && queue.length > 0; ) {
      progress = false;
      const failed: { shape: ShapeModel; pods: readonly Pod[] }[] = [];
      const smallest = smallestRequests(queue.map(({ shape }) => shape.requests));
      this.#live = [...this.claims];
      for (const [index, { shape, pods }] of queue.entries()) {
        const least = smallest[index];
        // Claims without room for the smallest pod to come need not be looked at again.
        if (least !== undefined && index % SHAPES_PER_SWEEP === 0)
          this.#live = this.#live.filter(({ ceiling, used }) => fits(ceiling, used, least));
        const left = this.#placeRun(shape, pods);
        if (left.length < pods.length) progress = true;
        if (left.length > 0) failed.push({ shape, pods: left });
      }
      for (const { shape, pods } of failed) this.unplaced.set(shape, pods);
      queue = failed.filter(({ shape }) => shape.variants.some(({ rules }) => rules.owned.length > 0));
      for (const { shape } of progress ? queue : []) this.unplaced.delete(shape);
    }
    return this;
  }

  /** Sum of the cheapest prices of all claims. */
  get priceUsdPerHour(): number {
    return this.claims.reduce((sum, claim) => sum + claimPriceUsdPerHour(claim), 0);
  }

  get unplacedPods(): number {
    let pods = 0;
    for (const list of this.unplaced.values()) pods += list.length;
    return pods;
  }

  /** Room that a pool's limits leave now; undefined without limits. */
  limitRoom(poolIndex: number): { readonly amounts: Float64Array | undefined; readonly nodes: number } {
    return this.#rooms[poolIndex] ?? { amounts: undefined, nodes: Number.POSITIVE_INFINITY };
  }

  /** Places equal pods one after the other; the first that fits nowhere ends the run, since the others would not either. */
  #placeRun(shape: ShapeModel, pods: readonly Pod[]): readonly Pod[] {
    const runs = shape.variants.map((): VariantRun => ({ nodes: undefined, claims: undefined }));
    for (const [index, pod] of pods.entries()) {
      const placed = shape.variants.some((variant, position) => {
        const run = runs[position];
        return run !== undefined && this.#placePod(pod, { shape, variant, run, runs });
      });
      if (!placed) return pods.slice(index);
      const { outstanding } = this;
      for (let at = 0; at < outstanding.length; at += 1)
        outstanding[at] = (outstanding[at] ?? 0) - (shape.requests[at] ?? 0);
    }
    return [];
  }

  #placePod(pod: Pod, run: RunContext): boolean {
    return this.#placeOnNode(pod, run) || this.#placeOnOpenClaim(pod, run) || this.#placeOnNewClaim(pod, run);
  }

  #placeOnNode(pod: Pod, { shape, variant, run }: RunContext): boolean {
    run.nodes ??= [...this.nodes];
    const { nodes } = run;
    const { topology } = this;
    let kept = 0;
    let found: NodeState | undefined;
    let index = 0;
    for (; index < nodes.length && found === undefined; index += 1) {
      const node = nodes[index];
      if (node === undefined) continue;
      const fit = fitOnNode(node, shape, { variant, topology });
      if (fit === "fits") found = node;
      if (fit === "for-good") continue;
      nodes[kept] = node;
      kept += 1;
    }
    // Nodes that refuse for good leave the list, so that a run looks at each of them once.
    if (kept < index) nodes.splice(kept, index - kept);
    if (found === undefined) return false;
    placeOnNode(found, { shape, variant, topology });
    this.onNodes.set(podKeyOf(pod), found.model.node.name);
    return true;
  }

  #placeOnOpenClaim(pod: Pod, context: RunContext): boolean {
    const { shape, variant, run } = context;
    run.claims ??= claimQueue(this.#strategy.order, this.#live);
    const waiting: OpenClaim[] = [];
    let placed = false;
    for (let claim = run.claims.pop(); claim !== undefined && !placed; ) {
      const poolIndex = this.model.catalogs.indexOf(claim.catalog);
      const fit = fitOnClaim(claim, shape, { variant, poolIndex, topology: this.topology });
      if (fit === "for-good") {
        claim = run.claims.pop();
        continue;
      }
      waiting.push(claim);
      if (fit === "for-now") {
        claim = run.claims.pop();
        continue;
      }
      placeOnClaim(claim, fit, { shape, variant, topology: this.topology, domainKeys: this.model.domainKeys });
      claim.pods.push(pod);
      placed = true;
    }
    run.claims.restore(waiting);
    return placed;
  }

  #placeOnNewClaim(pod: Pod, context: RunContext): boolean {
    const { shape, variant, runs } = context;
    for (const [poolIndex, catalog] of this.model.catalogs.entries()) {
      const room = this.#rooms[poolIndex];
      if (room === undefined || room.nodes < 1 || typeof variant.pools[poolIndex] === "string") continue;
      const claim = this.emptyClaim(catalog, poolIndex);
      const fit = fitOnClaim(claim, shape, { variant, poolIndex, topology: this.topology });
      if (typeof fit === "string") continue;
      decideDomains(claim, this.topology, this.model.domainKeys);
      placeOnClaim(claim, fit, { shape, variant, topology: this.topology, domainKeys: this.model.domainKeys });
      claim.pods.push(pod);
      claim.priceLimitUsdPerHour = Math.max(
        this.#strategy.growthLimitUsdPerHour(claim, this),
        claimPriceUsdPerHour(claim),
      );
      lowerCeiling(claim);
      this.claims.push(claim);
      this.#live.push(claim);
      for (const other of runs) other.claims?.add(claim);
      room.nodes -= 1;
      if (room.amounts !== undefined) book(room.amounts, survivingTypes(claim, claim.set, claim.used));
      return true;
    }
    return false;
  }

  /** A new claim of a pool within its limits, not yet part of the attempt. */
  emptyClaim(catalog: PoolCatalog, poolIndex: number): OpenClaim {
    const amounts = this.#rooms[poolIndex]?.amounts;
    const limit: LimitRoom | undefined = amounts === undefined ? undefined : { amounts: amounts.slice() };
    return emptyClaim(catalog, {
      order: this.claims.length,
      dimensions: this.model.resources.names.length,
      limit,
    });
  }
}

/** Shapes between two sweeps of full claims: a sweep costs about as much as one walk over the claims. */
const SHAPES_PER_SWEEP = 16;

/** For each position the least of every resource that any request from there on asks. */
function smallestRequests(requests: readonly Float64Array[]): readonly Float64Array[] {
  const smallest: Float64Array[] = [];
  let least: Float64Array | undefined;
  for (const one of [...requests].reverse()) {
    const previous = least;
    least = previous === undefined ? one : one.map((amount, index) => Math.min(amount, previous[index] ?? 0));
    smallest.push(least);
  }
  return smallest.reverse();
}

interface VariantRun {
  /** Nodes that have not refused the variant for good. Undefined until first needed. */
  nodes: NodeState[] | undefined;
  claims: ClaimQueue | undefined;
}

interface RunContext {
  readonly shape: ShapeModel;
  readonly variant: VariantModel;
  readonly run: VariantRun;
  /** Of all variants: a claim opened for one may serve the others. */
  readonly runs: readonly VariantRun[];
}

function roomOf(remaining: ReadonlyMap<string, number>, { resources }: PlanningModel): PoolRoom {
  const amounts = new Map(remaining);
  amounts.delete("nodes");
  return {
    amounts: amounts.size === 0 ? undefined : resources.vector(amounts, Number.POSITIVE_INFINITY),
    nodes: remaining.get("nodes") ?? Number.POSITIVE_INFINITY,
  };
}

/** Charges a new claim to the limits with the largest capacity it may turn out to have (karpenter.md §3.7). */
function book(amounts: Float64Array, types: readonly PricedType[]): void {
  for (let index = 0; index < amounts.length; index += 1) {
    let largest = 0;
    for (const { capacity } of types) largest = Math.max(largest, capacity[index] ?? 0);
    amounts[index] = (amounts[index] ?? 0) - largest;
  }
}
