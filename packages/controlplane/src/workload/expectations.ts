import type { Clock } from "@nodeless/environment";

/** Upper bound of the wait for events that never come. Source: kubernetes pkg/controller ExpectationsTimeout. */
const EXPIRY_MS = 300_000;

interface Expectation {
  creations: number;
  readonly deletions: Set<string>;
  readonly sinceMs: number;
}

/**
 * Remembers what a controller has asked for but not seen in its cache yet, so that a stale cache never makes it act twice. A key whose
 * expectations are open is not acted on; they close when every event has come, or after five minutes.
 */
export class Expectations {
  readonly #clock: Clock;
  readonly #open = new Map<string, Expectation>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True if the controller may count what it sees. */
  satisfied(key: string): boolean {
    const expectation = this.#open.get(key);
    if (expectation === undefined) return true;
    const closed = expectation.creations <= 0 && expectation.deletions.size === 0;
    if (!closed && this.#clock.monotonicMs() - expectation.sinceMs < EXPIRY_MS) return false;
    this.#open.delete(key);
    return true;
  }

  /** Milliseconds until open expectations expire. */
  expiresInMs(key: string): number {
    const expectation = this.#open.get(key);
    return expectation === undefined ? 0 : Math.max(0, expectation.sinceMs + EXPIRY_MS - this.#clock.monotonicMs());
  }

  expect(
    key: string,
    { creations, deletions }: { readonly creations: number; readonly deletions: readonly string[] },
  ): void {
    this.#open.set(key, { creations, deletions: new Set(deletions), sinceMs: this.#clock.monotonicMs() });
  }

  /** One creation was seen, or will never be seen because the request failed. */
  creationObserved(key: string): void {
    const expectation = this.#open.get(key);
    if (expectation !== undefined) expectation.creations -= 1;
  }

  /** The object with this uid is gone (or going), or its deletion failed. */
  deletionObserved(key: string, uid: string): void {
    this.#open.get(key)?.deletions.delete(uid);
  }

  forget(key: string): void {
    this.#open.delete(key);
  }
}
