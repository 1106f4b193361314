import type { Clock, Timer } from "@nodeless/environment";
import type { ObjectCache } from "../cache/object-cache.ts";
import { parseStorageKey } from "../cache/stored-object.ts";

const EVENT_PREFIX = "core/events";
/** As the real server's --event-ttl. */
const EVENT_TTL_MS = 3_600_000;
/** Events may outlive their hour by a minute. */
const SWEEP_INTERVAL_MS = 60_000;

interface Deadline {
  readonly key: string;
  readonly revision: number;
  readonly dueMs: number;
}

/** Forgets events an hour after they were last written; events found at start live one more hour. Returns the function that stops it. */
export function expireEvents(options: {
  readonly cache: ObjectCache;
  readonly clock: Clock;
  readonly onError: (error: unknown) => void;
}): () => void {
  const { cache, clock, onError } = options;
  const later = (): number => clock.monotonicMs() + EVENT_TTL_MS;
  let deadlines: Deadline[] = cache
    .collection(EVENT_PREFIX)
    .list()
    .map(({ key, revision }) => ({ key, revision, dueMs: later() }));
  const unsubscribe = cache.subscribe(EVENT_PREFIX, ({ key, revision, deleted }) => {
    if (!deleted) deadlines.push({ key, revision, dueMs: later() });
  });
  const sweep = (): void => {
    const now = clock.monotonicMs();
    const firstLater = deadlines.findIndex(({ dueMs }) => dueMs > now);
    const due = firstLater < 0 ? deadlines : deadlines.slice(0, firstLater);
    deadlines = firstLater < 0 ? [] : deadlines.slice(firstLater);
    for (const { key, revision } of due) {
      const parsed = parseStorageKey(key);
      const latest = cache.latest(parsed);
      if (latest?.revision === revision) cache.remove(parsed, latest.object).catch(onError);
    }
    timer = clock.setTimer(SWEEP_INTERVAL_MS, sweep);
  };
  let timer: Timer = clock.setTimer(SWEEP_INTERVAL_MS, sweep);
  return () => {
    unsubscribe();
    timer.cancel();
  };
}
