import type { KubernetesObject } from "@nodeless/api";
import { formatObjectKey } from "@nodeless/api";
import type { Clock, Logger } from "@nodeless/environment";
import { isConflict } from "./errors.ts";
import type { Informer } from "./informer.ts";
import { createWorkQueue, type WorkQueue } from "./work-queue.ts";

/** What one reconcile asks for next: nothing, or to be called again after `requeueAfterMs`. */
export interface ReconcileResult {
  readonly requeueAfterMs?: number;
}

export interface ReconcileContext {
  readonly signal: AbortSignal;
  /** Has controller, object and attempt attached. */
  readonly logger: Logger;
}

/**
 * Makes reality match one object. Level-triggered: `key` is `namespace/name`, never the event.
 * Returning {} forgets the key's failures; throwing retries with exponential backoff (5 ms to 1,000 s, as controller-runtime).
 */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;

/** Something that knows when keys need a look. */
export interface ControllerSource {
  /** Called once, before the workers start; `enqueue` may be called at any time afterwards. */
  subscribe(enqueue: (key: string) => void): void;
  /** Resolves when the caches behind it are complete. */
  synced(signal: AbortSignal): Promise<void>;
}

/** A source that enqueues the keys an informer's objects map to (their own by default), for the new and the previous state. */
export function informerSource<T extends KubernetesObject>(
  informer: Informer<T>,
  keysOf: (object: T) => readonly string[] = (object) => [formatObjectKey(object.metadata)],
): ControllerSource {
  return {
    synced: (signal) => informer.synced(signal),
    subscribe(enqueue) {
      const enqueueAll = (object: T): void => keysOf(object).forEach(enqueue);
      informer.subscribe({
        onAdd: enqueueAll,
        onUpdate(object, previous) {
          enqueueAll(previous);
          enqueueAll(object);
        },
        onDelete: enqueueAll,
      });
    },
  };
}

/** How a controller is run. */
export interface ControllerOptions {
  /** Shown in logs as `controller`. */
  readonly name: string;
  readonly reconcile: Reconcile;
  readonly sources: readonly ControllerSource[];
  /** Keys worked on at the same time. Default 1. */
  readonly concurrency?: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Runs until the signal fires; settles when every worker has stopped. Waits for the sources' caches first. */
export async function runController(options: ControllerOptions): Promise<void> {
  const { name, sources, concurrency = 1, clock, signal } = options;
  const logger = options.logger.with({ controller: name });
  const queue = createWorkQueue({ clock });
  try {
    for (const source of sources) source.subscribe((key) => queue.add(key));
    await Promise.all(sources.map((source) => source.synced(signal)));
    const worker = async (): Promise<void> => {
      for (let key = await queue.take(signal); key !== undefined; key = await queue.take(signal)) {
        const startedMs = clock.monotonicMs();
        const reconciled = reconcileOne({ ...options, logger }, queue, key);
        const lookMs = clock.monotonicMs() - startedMs;
        await reconciled;
        queue.done(key, restMs(lookMs));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    queue.shutDown();
  }
}

/** Below this a reconcile is cheap enough to repeat for every event. */
const CHEAP_MS = 0.1;
/** The look is about half of the work. */
const REST_FACTOR = 20;
/** Longer would be felt by a user who waits for the next step. */
const REST_MS_MAX = 250;

/**
 * How long a key rests after a reconcile that looked around for `lookMs` before it first waited for anything. An owner of ten thousand pods
 * gets an event for each of them and looks at all of them each time: without rest that is quadratic; with it, events in between are answered
 * by one look, and one key takes a tenth of the time at most. Waiting for the server is no work and earns no rest.
 */
function restMs(lookMs: number): number {
  return lookMs < CHEAP_MS ? 0 : Math.min(lookMs * REST_FACTOR, REST_MS_MAX);
}

/**
 * A conflict only says that the cache lags behind. The newer object is on its way and brings the key back by itself; before that another
 * attempt meets the same conflict. This wait is for objects that no source watches, and for a cache that had caught up meanwhile.
 */
const CONFLICT_WAIT_MS = 50;

async function reconcileOne(options: ControllerOptions, queue: WorkQueue, key: string): Promise<void> {
  const { reconcile, signal } = options;
  const logger = options.logger.with({ object: key, attempt: queue.failures(key) + 1 });
  try {
    const { requeueAfterMs } = await reconcile(key, { signal, logger });
    queue.forget(key);
    if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
  } catch (error) {
    if (signal.aborted) return;
    if (isConflict(error)) {
      logger.debug("reconcile met a conflict", { error });
      queue.addAfter(key, CONFLICT_WAIT_MS);
      return;
    }
    logger.error("reconcile failed", { error });
    queue.addRateLimited(key);
  }
}
