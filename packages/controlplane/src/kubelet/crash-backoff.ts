/**
 * How long a container that ended waits before it starts again: not at all the first time, then 10 s doubling to 5 min; ten minutes of
 * running clear the record. Source: pkg/kubelet/kuberuntime and util/flowcontrol/backoff.go (release 1.35).
 */
export class CrashBackoff {
  #crashes = 0;

  /** The wait after a run of `ranMs`. */
  nextMs(ranMs: number): number {
    if (ranMs >= RESET_AFTER_MS) this.#crashes = 0;
    this.#crashes += 1;
    if (this.#crashes === 1) return 0;
    return Math.min(FIRST_MS * 2 ** Math.min(this.#crashes - 2, EXPONENT_MAX), MAX_MS);
  }
}

const FIRST_MS = 10_000;
const MAX_MS = 300_000;
/** 10 s × 2^5 exceeds the maximum. */
const EXPONENT_MAX = 5;
const RESET_AFTER_MS = 600_000;
