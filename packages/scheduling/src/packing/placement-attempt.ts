import type { Pod } from "@nodeless/api";
import type { TopologyState } from "../topology/topology-state.ts";
import { decideDomains, placeOnClaim, updateRoom } from "./claim-placement.ts";
import type { ClaimAnswer } from "./claim-search.ts";
import { ClaimSearch } from "./claim-search.ts";
import type { ClaimOrder } from "./claim-sequence.ts";
import { ClaimSequence } from "./claim-sequence.ts";
import { ClaimTable } from "./claim-table.ts";
import type { NodeState } from "./node-placement.ts";
import { NodeSearch } from "./node-search.ts";
import type { OpenClaim } from "./open-claim.ts";
import { claimPriceUsdPerHour, emptyClaim, minValuesPriceUsdPerHour, survivingTypes } from "./open-claim.ts";
import type { PlanningModel, ShapeModel, VariantModel } from "./planning-model.ts";
import { podKeyOf } from "./pod-shape.ts";
import type { TypeSet } from "./pool-catalog.ts";
import { PoolRoom } from "./pool-room.ts";
import { Reservations } from "./reservations.ts";
import { VariantRun } from "./variant-run.ts";

/** How one attempt fills nodes. Every strategy keeps every rule; they differ in cost only. */
export interface PackingStrategy {
  readonly order: ClaimOrder;
  /** The order in which shapes are placed, made from Karpenter's. */
  arrange(shapes: readonly ShapeModel[]): readonly ShapeModel[];
  /** Dearest type into which a claim opened for this pod may grow; infinite for no bound. */
  growthLimitUsdPerHour(claim: OpenClaim, attempt: PlacementAttempt): number;
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
  readonly reservations: Reservations | undefined;
  readonly #strategy: PackingStrategy;
  readonly #rooms: readonly PoolRoom[];
  readonly #table: ClaimTable;
  readonly #search: ClaimSearch;
  /** Claims with room for some pod that is still to come. */
  readonly #live: ClaimSequence;
  /** Those of them that are offered the pods of a run: all, or, where their order does not change, those with room for such a pod. */
  readonly #offered: ClaimSequence;
  #offeredTo: Float64Array | undefined;
  #shapesOffered = 0;
  readonly #nodeSearch: NodeSearch;
  #stamp = 0;
  readonly #runs = new Map<readonly VariantModel[], readonly VariantRun[]>();

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
    this.#nodeSearch = new NodeSearch(this.nodes, dimensions, this.topology);
    this.#rooms = model.catalogs.map((catalog) => new PoolRoom(catalog, model.resources));
    this.#table = new ClaimTable({ dimensions, keys: this.topology.facts.tables.length, pods: model.pods });
    this.reservations = Reservations.of(model.catalogs);
    this.#search = new ClaimSearch(model, {
      table: this.#table,
      claims: this.claims,
      topology: this.topology,
      reservations: this.reservations,
    });
    this.#live = new ClaimSequence(strategy.order);
    this.#offered = strategy.order === "oldest" ? new ClaimSequence(strategy.order) : this.#live;
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
      this.#reviveAll();
      let nextSweep = 0;
      let interval = SHAPES_PER_SWEEP_MIN;
      for (const [index, { shape, pods }] of queue.entries()) {
        const least = smallest[index];
        if (least !== undefined && index === nextSweep) {
          const dropped = this.#sweep(least);
          interval = dropped < WORTHWHILE_SHARE ? Math.min(2 * interval, SHAPES_PER_SWEEP_MAX) : SHAPES_PER_SWEEP_MIN;
          nextSweep += interval;
        }
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
    if (this.reservations === undefined)
      return this.claims.reduce((sum, claim) => sum + claimPriceUsdPerHour(claim), 0);
    return this.claims.reduce((sum, claim) => {
      const [cheapest] = survivingTypes(claim, this.launchedSet(claim), claim.used);
      return sum + (cheapest?.priceUsdPerHour ?? 0);
    }, 0);
  }

  /** The types as which the claim is launched: a claim that holds reservations, on reserved capacity only. */
  launchedSet(claim: OpenClaim): TypeSet {
    const reserved = this.reservations?.requirementsOf(claim);
    if (reserved === undefined) return claim.set;
    const narrowed = claim.catalog.narrow(claim.set, this.model.requirementIndex.numberOf(reserved));
    if (narrowed === undefined) throw new Error("a claim holds reservations that it cannot use");
    return narrowed;
  }

  get unplacedPods(): number {
    let pods = 0;
    for (const list of this.unplaced.values()) pods += list.length;
    return pods;
  }

  /** Room that a pool's limits leave now. */
  limitRoom(poolIndex: number): PoolRoom | undefined {
    return this.#rooms[poolIndex];
  }

  /** Drops claims and nodes without room for the smallest pod to come: they need not be looked at again. Returns the share dropped. */
  #sweep(least: Float64Array): number {
    const before = this.#live.length + this.#nodeSearch.size;
    this.#live.dropFull(this.#table, least);
    this.#nodeSearch.dropFull(least);
    return 1 - (this.#live.length + this.#nodeSearch.size) / Math.max(1, before);
  }

  /** Before another round: what is full for small pods may have room for large ones that ask for less of something. */
  #reviveAll(): void {
    this.#nodeSearch.revive();
    this.#offeredTo = undefined;
    if (this.#live.length === this.claims.length) return;
    this.#live.clear();
    for (const { order } of this.claims) this.#live.add(order, this.#table.pods);
  }

  /** Shapes of equal size follow each other: what is full for the first is full for all of them. */
  #offerClaims({ requests }: ShapeModel): void {
    if (this.#offered === this.#live) return;
    if (this.#offeredTo !== requests) this.#offered.takeFitting(this.#live, this.#table, requests);
    else if (this.#shapesOffered % SHAPES_PER_OFFER === 0) this.#offered.dropFull(this.#table, requests);
    this.#shapesOffered += 1;
    this.#offeredTo = requests;
  }

  /** Places equal pods one after the other; the first that fits nowhere ends the run, since the others would not either. */
  #placeRun(shape: ShapeModel, pods: readonly Pod[]): readonly Pod[] {
    const runs = this.#startRuns(shape);
    this.#offerClaims(shape);
    const { outstanding } = this;
    for (let index = 0; index < pods.length; index += 1) {
      const pod = pods[index];
      if (pod === undefined || !this.#placeByAny(pod, runs)) return pods.slice(index);
      for (let at = 0; at < outstanding.length; at += 1)
        outstanding[at] = (outstanding[at] ?? 0) - (shape.requests[at] ?? 0);
    }
    return [];
  }

  /** The variants level by level, the first that finds a place. */
  #placeByAny(pod: Pod, runs: readonly VariantRun[]): boolean {
    const [only] = runs;
    if (runs.length === 1 && only !== undefined) return this.#placePod(pod, only, runs);
    for (let from = 0; from < runs.length; ) {
      const level = runs[from]?.variant.variant.level;
      let to = from + 1;
      while (to < runs.length && runs[to]?.variant.variant.level === level) to += 1;
      const by = this.#placeByLevel(pod, runs, { from, to });
      if (by !== undefined) {
        for (const other of runs) if (other !== by) other.restart();
        return true;
      }
      if (runs.slice(from, to).some(({ waits }) => waits)) return false;
      from = to;
    }
    return false;
  }

  #placePod(pod: Pod, run: VariantRun, runs: readonly VariantRun[]): boolean {
    run.refresh(this.topology);
    return this.#placeOnNode(pod, run) || this.#placeOnOpenClaim(pod, run) || this.#placeOnNewClaim(pod, run, runs);
  }

  /** Existing nodes by each variant of the level, then open claims, then new ones. */
  #placeByLevel(
    pod: Pod,
    runs: readonly VariantRun[],
    { from, to }: { readonly from: number; readonly to: number },
  ): VariantRun | undefined {
    for (let index = from; index < to; index += 1) {
      const run = runs[index];
      run?.refresh(this.topology);
      if (run !== undefined && this.#placeOnNode(pod, run)) return run;
    }
    for (let index = from; index < to; index += 1) {
      const run = runs[index];
      if (run !== undefined && this.#placeOnOpenClaim(pod, run)) return run;
    }
    for (let index = from; index < to; index += 1) {
      const run = runs[index];
      if (run !== undefined && this.#placeOnNewClaim(pod, run, runs)) return run;
    }
    return undefined;
  }

  /** The runs of a shape's variants, from the beginning; shapes of one class use the same objects one after the other. */
  #startRuns(shape: ShapeModel): readonly VariantRun[] {
    const { variants } = shape;
    let runs = this.#runs.get(variants);
    if (runs === undefined) {
      runs = variants.map((variant) => new VariantRun(variant, this.#strategy.order, this.topology));
      this.#runs.set(variants, runs);
    }
    for (const run of runs) {
      this.#stamp += 1;
      run.begin(shape, this.#stamp);
    }
    return runs;
  }

  #placeOnNode(pod: Pod, run: VariantRun): boolean {
    const node = this.#nodeSearch.place(run);
    if (node === undefined) return false;
    this.onNodes.set(podKeyOf(pod), node.model.node.name);
    return true;
  }

  #placeOnOpenClaim(pod: Pod, run: VariantRun): boolean {
    if (!run.exhausted) {
      const offered = this.#offered;
      run.claimsSeen = this.#search.first(offered, run.claimsSeen, run);
      if (run.claimsSeen < offered.length) {
        this.#put(pod, run, offered.items[run.claimsSeen] ?? 0);
        offered.moved(run.claimsSeen, this.#table.pods);
        return true;
      }
      run.exhausted = true;
    }
    const { opened } = run;
    if (opened.length === 0) return false;
    const at = this.#search.first(opened, 0, run);
    if (at === opened.length) {
      opened.keep((claim) => this.#table.refusedBy[claim] !== run.stamp);
      return false;
    }
    const claim = opened.items[at] ?? 0;
    const before = this.#live.indexOf(claim, this.#table.pods);
    this.#put(pod, run, claim);
    opened.moved(at, this.#table.pods);
    if (before >= 0) this.#live.moved(before, this.#table.pods);
    return true;
  }

  #put(pod: Pod, run: VariantRun, claim: number): void {
    const open = this.claims[claim];
    if (open === undefined) return;
    this.#place(open, run);
    open.pods.push(pod);
  }

  #place(claim: OpenClaim, run: VariantRun): void {
    placeOnClaim(claim, run, {
      set: this.#search.set,
      position: this.#search.position,
      table: this.#table,
      topology: this.topology,
      sets: this.model.sets,
    });
    this.reservations?.settle(claim);
  }

  #placeOnNewClaim(pod: Pod, run: VariantRun, runs: readonly VariantRun[]): boolean {
    const { model, topology } = this;
    for (const poolIndex of model.catalogs.keys()) {
      const room = this.#rooms[poolIndex];
      if (room === undefined || room.nodes < 1 || typeof run.variant.pools[poolIndex] === "string") continue;
      const claim = this.#emptyClaim(poolIndex, room.limit());
      const answer = claim === undefined ? "for-good" : this.#search.test(claim, run);
      if (answer === "reserved") {
        run.waits = true;
        return false;
      }
      if (claim === undefined || answer !== "fits") continue;
      decideDomains(claim, { table: this.#table, topology, sets: model.sets });
      this.#place(claim, run);
      claim.pods.push(pod);
      claim.priceLimitUsdPerHour = this.#priceLimitOf(claim);
      updateRoom(claim, this.#table);
      this.claims.push(claim);
      this.#live.add(claim.order, this.#table.pods);
      if (this.#offered !== this.#live) this.#offered.add(claim.order, this.#table.pods);
      for (const other of runs)
        if (other.exhausted) other.opened.add(claim.order, this.#table.pods);
        else other.restart();
      room.book(claim);
      return true;
    }
    return false;
  }

  /** What the strategy says, but not below what the claim costs or what its minValues need. */
  #priceLimitOf(claim: OpenClaim): number {
    const bound = this.#strategy.growthLimitUsdPerHour(claim, this);
    const needed = this.model.policies.minValues === "BestEffort" ? 0 : minValuesPriceUsdPerHour(claim);
    return Math.max(bound, claimPriceUsdPerHour(claim), needed);
  }

  /** A claim within these limits, not yet part of the attempt: its row of the table is that of the next claim. */
  #emptyClaim(poolIndex: number, limit: OpenClaim["limit"]): OpenClaim | undefined {
    const catalog = this.model.catalogs[poolIndex];
    if (catalog === undefined) return undefined;
    const order = this.claims.length;
    const dimensions = this.model.resources.names.length;
    this.topology.reserveHosts(this.topology.facts.hosts.names.length + order + 1);
    this.#table.reset(order, this.model.sets.numberOf(catalog.root, poolIndex));
    return emptyClaim(catalog, { order, poolIndex, dimensions, limit });
  }

  /** What a new node of the pool would say to the pod if the pool had no limits. */
  answerWithoutLimits(shape: ShapeModel, variant: VariantModel, poolIndex: number): ClaimAnswer {
    const claim = this.#emptyClaim(poolIndex, undefined);
    const run = this.#startRuns(shape)[shape.variants.indexOf(variant)];
    if (run === undefined || claim === undefined) return "for-good";
    run.refresh(this.topology);
    return this.#search.test(claim, run);
  }
}

/** Shapes between two sweeps of full claims: a sweep costs about as much as one walk over the claims, and is worth it if it drops some. */
const SHAPES_PER_SWEEP_MIN = 16;
const SHAPES_PER_SWEEP_MAX = 512;
/** Shapes of equal size after which claims that have become full for them are left out. */
const SHAPES_PER_OFFER = 8;
const WORTHWHILE_SHARE = 0.05;

/** For each position the least of every resource that any request from there on asks. */
function smallestRequests(requests: readonly Float64Array[]): readonly Float64Array[] {
  const smallest: Float64Array[] = [];
  let least: Float64Array | undefined;
  for (let position = requests.length - 1; position >= 0; position -= 1) {
    const one = requests[position];
    if (one === undefined) continue;
    if (least === undefined) least = one;
    else if (one.some((amount, index) => amount < (least?.[index] ?? 0)))
      least = one.map((amount, index) => Math.min(amount, least?.[index] ?? 0));
    smallest[position] = least;
  }
  return smallest;
}
