import type { KubernetesObject } from "@nodeless/api";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { Backoff } from "./backoff.ts";
import type { ListOptions, ResourceClient, WatchEvent } from "./client.ts";
import { ApiStatusError, isExpired, isTooLargeResourceVersion } from "./errors.ts";

/** What a reflector feeds: whole states after a list, then single events. */
export interface ReflectorTarget<T> {
  replace(objects: readonly T[]): void;
  apply(event: Extract<WatchEvent<T>, { readonly object: T }>): void;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: Pick<ResourceClient<T>, "list" | "watch">;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly selection: Pick<ListOptions, "namespace" | "labelSelector" | "fieldSelector">;
  readonly target: ReflectorTarget<T>;
}

const FIRST_RETRY_MS = 200;
/** Source: client-go tools/cache reflector (release 1.35) stops doubling at 30 s. */
const RETRY_MS_MAX = 30_000;
/** A watch that ends sooner than this without an event is treated as a failure, so that a broken server is not hammered. */
const SHORT_WATCH_MS = 1_000;
/** Page size when the answer must come from storage and not from the server's cache. Source: client-go tools/pager. */
const PAGE_ITEMS = 500;

/** Keeps a target equal to a resource by list + watch, for ever. */
export class Reflector<T extends KubernetesObject> {
  readonly #options: ReflectorOptions<T>;
  readonly #backoff: Backoff;
  /** Newest state seen; undefined before the first list. */
  #resourceVersion: string | undefined;
  /** The next list must be a consistent read: what we know is too old or too new for the server. */
  #needsConsistentList = false;

  constructor(options: ReflectorOptions<T>) {
    this.#options = options;
    this.#backoff = new Backoff({ firstMs: FIRST_RETRY_MS, maxMs: RETRY_MS_MAX, random: options.random });
  }

  /** Settles when the signal has fired and the last watch is closed. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    let listed = false;
    while (!signal.aborted) {
      try {
        if (!listed) await this.#list(signal);
        listed = true;
        await this.#watch(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (isExpired(error) || isTooLargeResourceVersion(error)) {
          listed = false;
          this.#needsConsistentList = true;
          logger.debug("the watch is too old, listing again", { error });
        } else logger.warn("cannot list or watch", { error });
        const askedMs = error instanceof ApiStatusError ? error.retryAfterSeconds * 1000 : 0;
        const waitMs = Math.max(this.#backoff.nextMs(), askedMs);
        await clock.sleep(waitMs, signal).catch(() => undefined);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, selection, target } = this.#options;
    // "0" accepts the server's cache; the last version seen keeps us from going back to an older replica.
    const list = this.#needsConsistentList
      ? await client.list({ ...selection, limit: PAGE_ITEMS, signal })
      : await client.list({ ...selection, resourceVersion: this.#resourceVersion ?? "0", signal });
    signal.throwIfAborted();
    this.#needsConsistentList = false;
    this.#resourceVersion = list.metadata.resourceVersion ?? "";
    target.replace(list.items);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    const { client, selection, target, clock } = this.#options;
    const startMs = clock.monotonicMs();
    let events = 0;
    const resourceVersion = this.#resourceVersion ?? "";
    for await (const event of client.watch({ ...selection, resourceVersion, allowBookmarks: true, signal })) {
      events += 1;
      if (signal.aborted) return;
      this.#backoff.reset();
      if (event.type === "BOOKMARK") this.#resourceVersion = event.resourceVersion;
      else {
        target.apply(event);
        this.#resourceVersion = event.object.metadata.resourceVersion;
      }
    }
    if (events === 0 && clock.monotonicMs() - startMs < SHORT_WATCH_MS) throw new Error("the watch ended at once");
  }
}
