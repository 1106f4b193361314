import type { Pod } from "@nodeless/api";
import type { Clock, Timer } from "@nodeless/environment";
import type { PodShape } from "./pod-shape.ts";

/** A pod that waits for a node. */
export interface QueuedPod {
  readonly key: string;
  /** The newest object seen. */
  pod: Pod;
  shape: PodShape;
  readonly priority: number;
  /** Order of arrival. */
  readonly order: number;
  /** Attempts that found no node. */
  attempts: number;
  /** Not tried again before this monotonic time. */
  notBeforeMs: number;
  place: "active" | "backoff" | "unschedulable" | "taken";
}

/**
 * Source: kube-scheduler's podInitialBackoffSeconds and podMaxBackoffSeconds. As there (SchedulerPopFromBackoffQ, on since
 * 1.33), a pod that a change released does not sit out its backoff while nothing else is ready.
 */
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 10_000;
/** Safety net for a missed event. Source: kube-scheduler's podMaxInUnschedulablePodsDuration. */
const UNSCHEDULABLE_MAX_MS = 300_000;

/** First in, first out; what lies before `head` was taken. */
interface Line {
  readonly pods: QueuedPod[];
  head: number;
}

/** Pods waiting for a node: ready ones by priority and age, those that back off, and those that wait for a change. */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #wake: () => void;
  readonly #pods = new Map<string, QueuedPod>();
  /** By priority; within one in order of arrival. Pods that left in between are skipped when taken. */
  readonly #active = new Map<number, Line>();
  /** Released pods that back off, in order of release. */
  readonly #backoff: Line = { pods: [], head: 0 };
  readonly #unschedulable = new Map<string, Set<QueuedPod>>();
  readonly #timers = new Set<Timer>();
  #arrivals = 0;
  #activePods = 0;
  #watching = false;

  constructor(clock: Clock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /** Pods that may be tried now. */
  get activePods(): number {
    return this.#activePods;
  }

  get(key: string): QueuedPod | undefined {
    return this.#pods.get(key);
  }

  add(key: string, pod: Pod, shape: PodShape): void {
    this.#arrivals += 1;
    const queued: QueuedPod = {
      key,
      pod,
      shape,
      priority: pod.spec.priority ?? 0,
      order: this.#arrivals,
      attempts: 0,
      notBeforeMs: 0,
      place: "taken",
    };
    this.#pods.set(key, queued);
    this.#activate(queued);
  }

  /** Forgets a pod: bound, deleted or no longer ours. */
  remove(key: string): void {
    const queued = this.#pods.get(key);
    if (queued === undefined) return;
    this.#pods.delete(key);
    if (queued.place === "active") this.#activePods -= 1;
    if (queued.place === "unschedulable") this.#leaveUnschedulable(queued);
    queued.place = "taken";
  }

  /** The next pod to try; it stays known until `remove`, `park` or `retry`. */
  take(): QueuedPod | undefined {
    for (const priority of [...this.#active.keys()].sort((a, b) => b - a)) {
      const line = this.#active.get(priority);
      const queued = line === undefined ? undefined : next(line, "active");
      if (queued === undefined) {
        this.#active.delete(priority);
        continue;
      }
      queued.place = "taken";
      this.#activePods -= 1;
      return queued;
    }
    const early = next(this.#backoff, "backoff");
    if (early !== undefined) early.place = "taken";
    return early;
  }

  /** No node takes the pod: it waits for a change of the cluster. */
  park(queued: QueuedPod): void {
    if (this.#pods.get(queued.key) !== queued) return;
    queued.attempts += 1;
    queued.notBeforeMs = this.#clock.monotonicMs() + backoffMs(queued.attempts);
    queued.place = "unschedulable";
    const waiting = this.#unschedulable.get(queued.shape.key) ?? new Set();
    waiting.add(queued);
    this.#unschedulable.set(queued.shape.key, waiting);
    this.#watchForMissedEvents();
  }

  /** The attempt failed for a reason of its own, e.g. a refused binding: again after the backoff. */
  retry(queued: QueuedPod): void {
    if (this.#pods.get(queued.key) !== queued) return;
    queued.attempts += 1;
    queued.notBeforeMs = this.#clock.monotonicMs() + backoffMs(queued.attempts);
    this.#activate(queued);
  }

  /** Shapes of which pods wait for a change, with how many. */
  *waitingShapes(): Iterable<{ readonly shape: PodShape; readonly pods: number }> {
    for (const waiting of this.#unschedulable.values()) {
      const [first] = waiting;
      if (first !== undefined) yield { shape: first.shape, pods: waiting.size };
    }
  }

  /** Lets up to `count` parked pods of a shape try again, oldest first. */
  release(shape: PodShape, count: number): void {
    const waiting = this.#unschedulable.get(shape.key);
    if (waiting === undefined) return;
    let left = count;
    for (const queued of waiting) {
      if (left <= 0) return;
      left -= 1;
      this.#leaveUnschedulable(queued);
      this.#activate(queued);
      if (queued.place === "backoff") {
        this.#backoff.pods.push(queued);
        this.#wake();
      }
    }
  }

  /** Cancels every timer. */
  shutDown(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #leaveUnschedulable(queued: QueuedPod): void {
    const waiting = this.#unschedulable.get(queued.shape.key);
    waiting?.delete(queued);
    if (waiting?.size === 0) this.#unschedulable.delete(queued.shape.key);
  }

  #activate(queued: QueuedPod): void {
    const waitMs = queued.notBeforeMs - this.#clock.monotonicMs();
    if (waitMs > 0) {
      queued.place = "backoff";
      this.#after(waitMs, () => {
        if (queued.place === "backoff" && this.#pods.get(queued.key) === queued) this.#activate(queued);
      });
      return;
    }
    queued.place = "active";
    this.#activePods += 1;
    const line = this.#active.get(queued.priority);
    if (line === undefined) this.#active.set(queued.priority, { pods: [queued], head: 0 });
    else line.pods.push(queued);
    this.#wake();
  }

  #watchForMissedEvents(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#after(UNSCHEDULABLE_MAX_MS, () => {
      this.#watching = false;
      for (const { shape, pods } of [...this.waitingShapes()]) this.release(shape, pods);
    });
  }

  #after(ms: number, callback: () => void): void {
    const timer = this.#clock.setTimer(ms, () => {
      this.#timers.delete(timer);
      callback();
    });
    this.#timers.add(timer);
  }
}

/** The next pod of a line that is still in that place; the line is emptied behind it. */
function next(line: Line, place: QueuedPod["place"]): QueuedPod | undefined {
  while (line.head < line.pods.length) {
    const queued = line.pods[line.head];
    line.head += 1;
    if (queued?.place === place) return queued;
  }
  line.pods.length = 0;
  line.head = 0;
  return undefined;
}

function backoffMs(attempts: number): number {
  return Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (attempts - 1));
}
