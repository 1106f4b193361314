import type { ChangeEvent } from "../cache/collection.ts";
import type { FieldError, KindDefinition } from "../kinds/kind.ts";
import { parseRevision, waitForRevision } from "../read/revision-wait.ts";
import type { Selection } from "../read/selection.ts";
import type { Representation } from "../request/media-types.ts";
import { queryFlag } from "../request/request-info.ts";
import type { ServerContext } from "../server-context.ts";
import { expired, invalid } from "../status.ts";
import { EventStream } from "./event-stream.ts";
import { errorFrame, WatchFrames } from "./watch-frames.ts";
import type { WatchHub } from "./watch-hub.ts";

/** Durations of watches in milliseconds. Source: k8s.io/apiserver defaults (min-request-timeout 1800 s, bookmarks each minute). */
export interface WatchTimings {
  readonly bookmarkIntervalMs: number;
  /** A watch without timeoutSeconds ends at random between this and twice this. */
  readonly minimumTimeoutMs: number;
}

export const WATCH_TIMINGS: WatchTimings = { bookmarkIntervalMs: 60_000, minimumTimeoutMs: 1_800_000 };

export interface WatchRequest {
  readonly definition: KindDefinition;
  readonly selection: Selection;
  readonly representation: Representation;
  readonly query: URLSearchParams;
  readonly signal: AbortSignal | undefined;
}

/** All running watches of a server. */
export class Watches {
  readonly #server: ServerContext;
  readonly #hub: WatchHub;
  readonly #timings: WatchTimings;
  readonly #running = new Set<EventStream>();

  constructor(options: { readonly server: ServerContext; readonly hub: WatchHub; readonly timings: WatchTimings }) {
    this.#server = options.server;
    this.#hub = options.hub;
    this.#timings = options.timings;
  }

  get count(): number {
    return this.#running.size;
  }

  /** Ends every watch at once; clients reconnect elsewhere or later. */
  close(): void {
    for (const stream of this.#running) stream.end();
  }

  /** Starts a watch. Throws StatusError for parameters that contradict each other. */
  async start(request: WatchRequest): Promise<AsyncIterable<Uint8Array>> {
    const { query, definition, selection, representation } = request;
    checkWatchOptions(query);
    const from = parseRevision(query.get("resourceVersion")) ?? 0;
    if (from > 0) await waitForRevision(this.#server, from);
    const frames = new WatchFrames({ definition, representation, now: () => this.#server.clock.now() });
    const streaming = queryFlag(query, "sendInitialEvents");
    // From here to the subscription nothing awaits: no change falls between the initial state and the first live event.
    const wantsState = streaming || (from === 0 && query.get("sendInitialEvents") === null);
    const initial = wantsState
      ? this.#presentState(frames, request, streaming)
      : this.#missedChanges(frames, request, from === 0 ? this.#server.cache.revision : from);
    if (initial === undefined) return tooOld(from, this.#server.cache.revision);
    return this.#open(request, frames, (sink) => this.#hub.add(definition.storagePrefix, selection, sink), initial);
  }

  #presentState(
    frames: WatchFrames,
    { definition, selection }: WatchRequest,
    streaming: boolean,
  ): Iterable<Uint8Array> {
    const { cache } = this.#server;
    const revision = cache.revision;
    const objects = cache.collection(definition.storagePrefix).list(selection.namespace);
    return (function* (): Iterable<Uint8Array> {
      for (const stored of objects)
        if (selection.everything || selection.matches(stored.object)) yield frames.initial(stored);
      if (streaming) yield frames.bookmark(revision, { "k8s.io/initial-events-end": "true" });
    })();
  }

  #missedChanges(
    frames: WatchFrames,
    { definition, selection }: WatchRequest,
    from: number,
  ): readonly Uint8Array[] | undefined {
    const changes = this.#server.cache.collection(definition.storagePrefix).changesAfter(from);
    return changes?.flatMap((event) => translate(frames, selection, event) ?? []);
  }

  #open(
    { selection, query, signal }: WatchRequest,
    frames: WatchFrames,
    subscribe: (sink: (event: ChangeEvent) => void) => () => void,
    initial: Iterable<Uint8Array>,
  ): AsyncIterable<Uint8Array> {
    const { clock } = this.#server;
    const stops: (() => void)[] = [];
    const stream = new EventStream({
      initial,
      onEnd: () => {
        this.#running.delete(stream);
        for (const stop of stops) stop();
      },
    });
    this.#running.add(stream);
    stops.push(
      subscribe((event) => {
        const frame = translate(frames, selection, event);
        if (frame !== undefined) stream.push(frame);
      }),
    );
    const bookmarks = queryFlag(query, "allowWatchBookmarks");
    const bookmark = (): void => stream.push(frames.bookmark(this.#server.cache.revision));
    const timeout = clock.setTimer(this.#timeoutMs(query), () => {
      if (bookmarks) bookmark();
      stream.end();
    });
    stops.push(() => timeout.cancel());
    if (bookmarks) stops.push(this.#everyInterval(bookmark));
    const onAbort = (): void => stream.end();
    signal?.addEventListener("abort", onAbort, { once: true });
    stops.push(() => signal?.removeEventListener("abort", onAbort));
    if (signal?.aborted === true) stream.end();
    return stream;
  }

  #everyInterval(action: () => void): () => void {
    const again = (): { cancel(): void } =>
      this.#server.clock.setTimer(this.#timings.bookmarkIntervalMs, () => {
        action();
        timer = again();
      });
    let timer = again();
    return () => timer.cancel();
  }

  #timeoutMs(query: URLSearchParams): number {
    const seconds = Number(query.get("timeoutSeconds") ?? 0);
    if (seconds > 0) return seconds * 1_000;
    return this.#timings.minimumTimeoutMs * (1 + this.#server.random.next());
  }
}

/** What a change means to a watch: entering the selection is ADDED, leaving it DELETED. */
function translate(frames: WatchFrames, selection: Selection, event: ChangeEvent): Uint8Array | undefined {
  const { current, previous, deleted } = event;
  if (selection.namespace !== undefined && event.namespace !== selection.namespace) return undefined;
  const matched = previous !== undefined && (selection.everything || selection.matches(previous.object));
  if (deleted) return matched ? frames.change("DELETED", event) : undefined;
  const matches = selection.everything || selection.matches(current.object);
  if (matches) return frames.change(matched ? "MODIFIED" : "ADDED", event);
  return matched ? frames.left(event, previous) : undefined;
}

/** One ERROR event, then the end: client-go lists again. */
async function* tooOld(from: number, current: number): AsyncIterable<Uint8Array> {
  yield errorFrame(expired(`too old resource version: ${from} (${current})`));
}

function checkWatchOptions(query: URLSearchParams): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const initial = query.get("sendInitialEvents") !== null;
  const errors: FieldError[] = [];
  const forbid = (field: string, why: string): void => {
    errors.push({ field, reason: "FieldValueForbidden", message: `Forbidden: ${why}` });
  };
  if (initial && match === "")
    forbid("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  if (!initial && match !== "")
    forbid("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
  if (initial && match !== "" && match !== "NotOlderThan")
    errors.push({
      field: "resourceVersionMatch",
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ${JSON.stringify(match)}: supported values: "NotOlderThan"`,
    });
  if (queryFlag(query, "sendInitialEvents") && !queryFlag(query, "allowWatchBookmarks"))
    forbid("allowWatchBookmarks", "sendInitialEvents requires setting allowWatchBookmarks to true");
  if (errors.length > 0) throw invalid({ group: "meta.k8s.io", kind: "ListOptions" }, "", errors);
}
