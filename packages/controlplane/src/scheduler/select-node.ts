import type { ClusterState } from "./cluster-state.ts";
import { filterRoom, filterStatic, filterTopology, type Refusal, topologyCheck } from "./filters.ts";
import type { NodeInfo } from "./node-info.ts";
import type { PodShape } from "./pod-shape.ts";
import { bestNode } from "./scores.ts";
import type { Diagnosis } from "./unschedulable-message.ts";

/** What is remembered about a shape: static verdicts per node, and the last failure. */
interface ShapeMemory {
  readonly verdicts: Map<NodeInfo, { readonly generation: number; readonly refusal: Refusal | undefined }>;
  /** Holds as long as the cluster's version: placing more pods makes no room. */
  failure: { readonly version: number; readonly diagnosis: Diagnosis } | undefined;
}

export type Selection =
  | { readonly kind: "node"; readonly name: string }
  | { readonly kind: "unschedulable"; readonly diagnosis: Diagnosis };

/** Shapes remembered; the least recently used are forgotten first. Clusters have as many as they have templates. */
const SHAPES_REMEMBERED_MAX = 2_000;
/** Below this many nodes every node is looked at. Source: kube-scheduler's minFeasibleNodesToFind. */
const FEASIBLE_NODES_MIN = 100;
/** Share of nodes that suffices: 50 % less one point per 125 nodes, at least 5 %. Source: numFeasibleNodesToFind. */
const feasibleNodesWanted = (nodes: number): number =>
  nodes < FEASIBLE_NODES_MIN
    ? nodes
    : Math.max(FEASIBLE_NODES_MIN, Math.floor((nodes * Math.max(5, 50 - nodes / 125)) / 100));

/** Finds the best node for one pod after the other; remembers per shape what need not be found out twice. */
export class NodeSelector {
  readonly #state: ClusterState;
  readonly #memories = new Map<string, ShapeMemory>();
  /** Where the next walk begins, so that all nodes get their turn when a part of them suffices. */
  #start = 0;

  constructor(state: ClusterState) {
    this.#state = state;
  }

  /** `podReason`: a refusal of the pod as a whole, e.g. by its volumes. */
  select(
    shape: PodShape,
    filterVolumes: (info: NodeInfo) => Refusal | undefined,
    podReason: string | undefined,
  ): Selection {
    const { known, version } = this.#state;
    const nodes = known.length;
    if (podReason !== undefined || nodes === 0)
      return {
        kind: "unschedulable",
        diagnosis: { nodes, refusals: new Map(), ...(podReason === undefined ? {} : { podReason }) },
      };
    const memory = this.#memoryOf(shape);
    if (memory.failure?.version === version) return { kind: "unschedulable", diagnosis: memory.failure.diagnosis };
    const { feasible, refusals } = this.#filter(shape, memory, filterVolumes);
    const best = bestNode(shape, feasible, this.#state.topology);
    if (best !== undefined) return { kind: "node", name: best.name };
    const diagnosis: Diagnosis = { nodes, refusals };
    // Rules about other pods may be satisfied by pods that are placed later; everything else only gets worse.
    if (!dependsOnPods(shape)) memory.failure = { version, diagnosis };
    return { kind: "unschedulable", diagnosis };
  }

  #filter(
    shape: PodShape,
    memory: ShapeMemory,
    filterVolumes: (info: NodeInfo) => Refusal | undefined,
  ): { readonly feasible: readonly NodeInfo[]; readonly refusals: ReadonlyMap<Refusal, number> } {
    const { known, topology } = this.#state;
    const check = topologyCheck(shape, topology);
    const wanted = feasibleNodesWanted(known.length);
    const feasible: NodeInfo[] = [];
    const refusals = new Map<Refusal, number>();
    let offset = 0;
    for (; offset < known.length && feasible.length < wanted; offset += 1) {
      const info = known[(this.#start + offset) % known.length];
      if (info === undefined) continue;
      const refusal =
        staticVerdict(shape, memory, info) ??
        filterRoom(shape, info) ??
        filterVolumes(info) ??
        (check === undefined ? undefined : filterTopology(check, info));
      if (refusal === undefined) feasible.push(info);
      else refusals.set(refusal, (refusals.get(refusal) ?? 0) + 1);
    }
    this.#start = (this.#start + offset) % known.length;
    return { feasible, refusals };
  }

  /** True if this node by itself would take a pod of the shape now, topology rules aside. */
  mightFit(shape: PodShape, info: NodeInfo): boolean {
    return staticVerdict(shape, this.#memoryOf(shape), info) === undefined && filterRoom(shape, info) === undefined;
  }

  #memoryOf({ key }: PodShape): ShapeMemory {
    const memory = this.#memories.get(key) ?? { verdicts: new Map(), failure: undefined };
    this.#memories.delete(key);
    this.#memories.set(key, memory);
    const [oldest] = this.#memories.keys();
    if (this.#memories.size > SHAPES_REMEMBERED_MAX && oldest !== undefined) this.#memories.delete(oldest);
    return memory;
  }
}

function staticVerdict(shape: PodShape, { verdicts }: ShapeMemory, info: NodeInfo): Refusal | undefined {
  const known = verdicts.get(info);
  if (known?.generation === info.generation) return known.refusal;
  const refusal = filterStatic(shape, info);
  // Nodes that are gone stay in the map until the shape is forgotten; start over before they pile up.
  if (verdicts.size > VERDICTS_PER_SHAPE_MAX) verdicts.clear();
  verdicts.set(info, { generation: info.generation, refusal });
  return refusal;
}

/** More than twice the nodes a cluster is built for. */
const VERDICTS_PER_SHAPE_MAX = 12_000;

function dependsOnPods({ spec, claimNames }: PodShape): boolean {
  return (
    claimNames.length > 0 ||
    (spec.topologySpreadConstraints ?? []).length > 0 ||
    spec.affinity?.podAffinity !== undefined
  );
}
