import { createHash } from "node:crypto";
import type { Clock } from "@nodeless/environment";
import type { Collection } from "./collection.ts";

/** AWS promises at least some minutes; EC2 documents 24 hours for instant fleets' tokens at most. One hour outlives any client's retries. */
const TOKEN_LIFETIME_MS = 3_600_000;
/** Far above what one person's cluster creates in an hour; the oldest tokens go first. */
const TOKENS_MAX = 10_000;

interface RememberedResult {
  readonly fingerprint: string;
  readonly result: unknown;
  readonly expiresAt: string;
}

/** Results by (operation, client token): a repeated request answers what the first one did, also after a restart. */
export class IdempotencyTokens {
  readonly #table: Collection<RememberedResult>;
  readonly #clock: Clock;

  constructor(table: Collection<RememberedResult>, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  /**
   * Runs `create` unless the token was seen for the operation; then returns the first result (must be JSON; typically a resource id).
   * Throws `mismatch()` if the token came with another input. A result that `isCurrent` denies (the resource was deleted since) does
   * not count: tokens derived from a specification come again when the same thing is built anew. Without a token it just runs. What `create` throws is not remembered.
   */
  once<T>(
    call: {
      readonly operation: string;
      readonly token: string | undefined;
      readonly input: object;
      readonly isCurrent?: (result: T) => boolean;
    },
    create: () => T,
    mismatch: () => Error,
  ): T {
    if (call.token === undefined) return create();
    const key = `${call.operation}/${call.token}`;
    const fingerprint = fingerprintOf(call.input, call.token);
    const now = this.#clock.now().getTime();
    const known = this.#table.get(key);
    if (known !== undefined && Date.parse(known.expiresAt) > now) {
      const result = known.result as T;
      if (call.isCurrent?.(result) !== false) {
        if (known.fingerprint !== fingerprint) throw mismatch();
        return result;
      }
    }
    const result = create();
    this.#table.delete(key);
    this.#table.put(key, { fingerprint, result, expiresAt: new Date(now + TOKEN_LIFETIME_MS).toISOString() });
    this.#dropOld(now);
    return result;
  }

  /** The table is in order of expiry, because every entry is appended with the same lifetime. */
  #dropOld(now: number): void {
    for (const [key, entry] of this.#table.entries()) {
      if (this.#table.size <= TOKENS_MAX && Date.parse(entry.expiresAt) > now) return;
      this.#table.delete(key);
    }
  }
}

/** SHA-256 over the input with sorted keys. The token itself does not count: it is where clients differ by name. */
function fingerprintOf(input: object, token: string): string {
  const text = JSON.stringify(input, (_key, value: unknown) => {
    if (value === token) return undefined;
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return createHash("sha256").update(text).digest("hex");
}
