import type { Clock } from "@nodeless/environment";

/** More distinct questions than any cluster has node classes and selectors; the oldest answers go first. */
const ENTRIES_MAX = 1000;

/** Answers remembered for a while; callers that ask meanwhile share one request. Failures and rejected answers are not remembered. */
export class ExpiringCache<T> {
  readonly #clock: Clock;
  readonly #lifetimeMs: number;
  readonly #entries = new Map<string, { readonly value: Promise<T>; readonly expiresAtMs: number }>();

  constructor(options: { readonly clock: Clock; readonly lifetimeMs: number }) {
    this.#clock = options.clock;
    this.#lifetimeMs = options.lifetimeMs;
  }

  /** The remembered answer or a new one. `keep` false: the answer is given out but asked again next time. */
  get(key: string, load: () => Promise<T>, keep: (value: T) => boolean = () => true): Promise<T> {
    const now = this.#clock.monotonicMs();
    const known = this.#entries.get(key);
    if (known !== undefined && known.expiresAtMs > now) return known.value;
    const value = load();
    const entry = { value, expiresAtMs: now + this.#lifetimeMs };
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= ENTRIES_MAX) break;
      this.#entries.delete(oldest);
    }
    const forget = (): void => {
      if (this.#entries.get(key) === entry) this.#entries.delete(key);
    };
    value.then((answer) => {
      if (!keep(answer)) forget();
    }, forget);
    return value;
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
