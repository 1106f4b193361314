import type { Clock, Timer } from "@nodeless/environment";
import type { QueuedPod } from "./scheduling-queue.ts";

/**
 * While nodes come up, the reason why a pod waits changes with each of them, for hundreds of pods that will have a node in a moment. A second
 * later most of these reports have nothing left to say. Nobody reads reasons faster than that.
 */
const NEWER_REASON_MS = 1_000;

/** Newer reasons of pods that are known to wait: the last one of each, after a pause. */
export class LaterReports {
  readonly #clock: Clock;
  readonly #report: (queued: QueuedPod, message: string) => void;
  readonly #messages = new Map<QueuedPod, string>();
  #timer: Timer | undefined;

  constructor(clock: Clock, report: (queued: QueuedPod, message: string) => void) {
    this.#clock = clock;
    this.#report = report;
  }

  add(queued: QueuedPod, message: string): void {
    this.#messages.set(queued, message);
    this.#timer ??= this.#clock.setTimer(NEWER_REASON_MS, () => {
      this.#timer = undefined;
      const due = [...this.#messages];
      this.#messages.clear();
      for (const [pod, newest] of due) this.#report(pod, newest);
    });
  }

  /** The pod needs no report, or had a newer one. */
  drop(queued: QueuedPod): void {
    this.#messages.delete(queued);
  }

  /** Drops everything. */
  shutDown(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#messages.clear();
  }
}
