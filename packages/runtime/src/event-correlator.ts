import type { KubernetesObject } from "@nodeless/api";
import type { Clock } from "@nodeless/environment";

/** What the correlator made of a report. */
export interface CorrelatedEvent {
  /** Events with the same key are one object in the API with a count. */
  readonly key: string;
  readonly count: number;
  readonly message: string;
  readonly firstSeen: Date;
}

/** The part of a report that is correlated. */
export interface CorrelatedReport {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
  readonly dedupeKey?: string;
  readonly dedupeMs?: number;
}

interface Seen {
  count: number;
  readonly firstSeen: Date;
}

interface Group {
  readonly messages: Set<string>;
  lastMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** All but DROPPED_AT_ONCE from client-go tools/record events_cache.go. */
const REMEMBERED_MAX = 4_096;
const DROPPED_AT_ONCE = 512;
const SIMILAR_MESSAGES_MAX = 10;
const SIMILAR_WINDOW_MS = 600_000;
const BURST_PER_OBJECT = 25;
const REFILL_MS = 300_000;

/** Counts repeated events, folds similar ones together and limits chatter per object. Keeps a bounded memory. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #seen = new Map<string, Seen>();
  readonly #groups = new Map<string, Group>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #mutedUntilMs = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined when the event is to be dropped. */
  correlate(
    object: Pick<KubernetesObject, "kind" | "metadata">,
    report: CorrelatedReport,
  ): CorrelatedEvent | undefined {
    const { kind, metadata } = object;
    const subject = [kind, metadata.namespace ?? "", metadata.name, metadata.uid].join("\u0000");
    const group = [subject, report.type, report.reason].join("\u0000");
    if (this.#isMuted(group, report)) return undefined;
    const folded = this.#isSimilarFlood(group, report.message);
    const key = folded ? group : [group, report.message].join("\u0000");
    const message = folded ? `(combined from similar events): ${report.message}` : report.message;
    if (!this.#takeToken(subject)) return undefined;
    const seen = this.#seen.get(key) ?? { count: 0, firstSeen: this.#clock.now() };
    seen.count += 1;
    remember(this.#seen, key, seen);
    return { key, count: seen.count, message, firstSeen: seen.firstSeen };
  }

  #isMuted(group: string, { dedupeKey, dedupeMs = 0, message }: CorrelatedReport): boolean {
    if (dedupeMs <= 0) return false;
    const key = [group, dedupeKey ?? message].join("\u0000");
    const nowMs = this.#clock.monotonicMs();
    if (nowMs < (this.#mutedUntilMs.get(key) ?? 0)) return true;
    remember(this.#mutedUntilMs, key, nowMs + dedupeMs);
    return false;
  }

  #isSimilarFlood(key: string, message: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const known = this.#groups.get(key);
    const group =
      known !== undefined && nowMs - known.lastMs <= SIMILAR_WINDOW_MS
        ? known
        : { messages: new Set<string>(), lastMs: 0 };
    group.lastMs = nowMs;
    if (group.messages.size < SIMILAR_MESSAGES_MAX) group.messages.add(message);
    remember(this.#groups, key, group);
    return group.messages.size >= SIMILAR_MESSAGES_MAX;
  }

  #takeToken(subject: string): boolean {
    const nowMs = this.#clock.monotonicMs();
    const bucket = this.#buckets.get(subject) ?? { tokens: BURST_PER_OBJECT, atMs: nowMs };
    bucket.tokens = Math.min(BURST_PER_OBJECT, bucket.tokens + (nowMs - bucket.atMs) / REFILL_MS);
    bucket.atMs = nowMs;
    remember(this.#buckets, subject, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }
}

/** Puts the entry last and drops the least recently used ones beyond the bound: many at once, since each look for the oldest is a walk. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= REMEMBERED_MAX + DROPPED_AT_ONCE) return;
  for (const oldest of map.keys()) {
    if (map.size <= REMEMBERED_MAX) return;
    map.delete(oldest);
  }
}
