import type { Node } from "@nodeless/api";
import { addPod, type NodeInfo, newNodeInfo, removePod, updateNode } from "./node-info.ts";
import type { PodShape } from "./pod-shape.ts";
import { TopologyIndex } from "./topology-index.ts";

/** Rules of pods that are long gone are dropped by counting anew once this many have been seen. */
const TOPOLOGY_GROUPS_MAX = 5_000;

/** Nodes and the pods on them, assumed ones included. Kept event by event, never recomputed per pod. */
export class ClusterState {
  readonly nodes: Map<string, NodeInfo> = new Map();
  /** Nodes that exist, in order of arrival: what the filters walk over. */
  readonly #known: NodeInfo[] = [];
  readonly #nodeOfPod = new Map<string, NodeInfo>();
  readonly #namespaceLabels = new Map<string, Readonly<Record<string, string>>>();
  #topology: TopologyIndex;
  /** Grows with every change that may make room: a refusal found at one version holds until the next. */
  version = 0;

  constructor() {
    this.#topology = new TopologyIndex(this.nodes, this.#namespaceLabels);
  }

  get topology(): TopologyIndex {
    if (this.#topology.size > TOPOLOGY_GROUPS_MAX) this.#countAnew();
    return this.#topology;
  }

  /** Nodes that exist. */
  get known(): readonly NodeInfo[] {
    return this.#known;
  }

  setNode(node: Node): NodeInfo {
    const info = this.#infoOf(node.metadata.name);
    if (info.node === undefined) this.#known.push(info);
    this.#topology.nodeChanged(info, -1);
    updateNode(info, node);
    this.#topology.nodeChanged(info, 1);
    this.version += 1;
    return info;
  }

  removeNode(name: string): void {
    const info = this.nodes.get(name);
    if (info?.node === undefined) return;
    this.#topology.nodeChanged(info, -1);
    updateNode(info, undefined);
    this.#known.splice(this.#known.indexOf(info), 1);
    if (info.pods.size === 0) this.nodes.delete(name);
    this.version += 1;
  }

  /** Puts a pod on a node: bound as observed, or assumed while its binding is on the way. Moving is allowed. */
  addPod(key: string, nodeName: string, shape: PodShape): void {
    const present = this.#nodeOfPod.get(key);
    if (present?.name === nodeName) return;
    if (present !== undefined) this.removePod(key);
    const info = this.#infoOf(nodeName);
    this.#topology.podChanged(info, shape, 1);
    addPod(info, key, shape);
    this.#nodeOfPod.set(key, info);
  }

  /** Takes a pod away: deleted, finished, or its binding failed. True if it was there. */
  removePod(key: string): boolean {
    const info = this.#nodeOfPod.get(key);
    const shape = info?.pods.get(key);
    if (info === undefined || shape === undefined) return false;
    this.#topology.podChanged(info, shape, -1);
    removePod(info, key);
    this.#nodeOfPod.delete(key);
    if (info.node === undefined && info.pods.size === 0) this.nodes.delete(info.name);
    this.version += 1;
    return true;
  }

  /** The node a pod is on or assumed on. */
  nodeOf(key: string): string | undefined {
    return this.#nodeOfPod.get(key)?.name;
  }

  setNamespace(name: string, labels: Readonly<Record<string, string>> | undefined): void {
    if (labels === undefined) this.#namespaceLabels.delete(name);
    else this.#namespaceLabels.set(name, labels);
    this.#countAnew();
    this.version += 1;
  }

  #countAnew(): void {
    this.#topology = new TopologyIndex(this.nodes, this.#namespaceLabels);
  }

  #infoOf(name: string): NodeInfo {
    let info = this.nodes.get(name);
    if (info === undefined) {
      info = newNodeInfo(name);
      this.nodes.set(name, info);
    }
    return info;
  }
}
