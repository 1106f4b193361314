import type { Pod } from "@nodeless/api";
import { parseResourceList, podRequests } from "@nodeless/api";
import type { PodFailure } from "./pod-status.ts";

/** What the pods of one node request, against what it offers. */
export class NodeResources {
  readonly #allocatable: ReadonlyMap<string, number>;
  readonly #used = new Map<string, number>();
  readonly #pods = new Map<string, ReadonlyMap<string, number>>();

  constructor(allocatable: Readonly<Record<string, string>>) {
    this.#allocatable = parseResourceList(allocatable);
  }

  /**
   * Takes the pod in, or says why it does not fit: a scheduler (or a user who wrote `nodeName`) was wrong about this node.
   * Resources the node does not report are not checked. Source: kubelet lifecycle/predicate.go and
   * scheduler noderesources/fit.go (release 1.35).
   */
  admit(pod: Pod): PodFailure | undefined {
    const requests = requestsOf(pod);
    for (const [name, requested] of requests) {
      const capacity = this.#allocatable.get(name);
      const used = this.#used.get(name) ?? 0;
      if (capacity === undefined || requested === 0 || used + requested <= capacity) continue;
      return {
        reason: `OutOf${name}`,
        message: `Pod was rejected: Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
      };
    }
    this.#add(pod, requests);
    return undefined;
  }

  /** Takes a pod in that already runs here, fitting or not. */
  adopt(pod: Pod): void {
    this.#add(pod, requestsOf(pod));
  }

  /** Idempotent. */
  release(pod: Pod): void {
    const requests = this.#pods.get(pod.metadata.uid);
    if (requests === undefined) return;
    this.#pods.delete(pod.metadata.uid);
    for (const [name, amount] of requests) this.#used.set(name, (this.#used.get(name) ?? 0) - amount);
  }

  #add(pod: Pod, requests: ReadonlyMap<string, number>): void {
    if (this.#pods.has(pod.metadata.uid)) return;
    this.#pods.set(pod.metadata.uid, requests);
    for (const [name, amount] of requests) this.#used.set(name, (this.#used.get(name) ?? 0) + amount);
  }
}

/** The pod's slot first: a full node says so before it counts cores. */
const requestsOf = (pod: Pod): ReadonlyMap<string, number> => new Map([["pods", 1], ...podRequests(pod.spec)]);
