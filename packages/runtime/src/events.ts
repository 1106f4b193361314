import type { Event, Fresh, KubernetesObject } from "@nodeless/api";
import { EVENTS } from "@nodeless/api";
import type { Clock, Logger } from "@nodeless/environment";
import type { KubernetesClient, ResourceClient } from "./client.ts";
import { timestamp } from "./conditions.ts";
import { ApiStatusError, isNotFound } from "./errors.ts";
import { EventCorrelator } from "./event-correlator.ts";
import { createWakeUp } from "./wake-up.ts";

/** What is said about an object. */
export interface EventReport {
  readonly type: "Normal" | "Warning";
  /** CamelCase, e.g. `FailedScheduling`. */
  readonly reason: string;
  readonly message: string;
  /** The same report (object, reason and this key) is dropped for `dedupeMs`. Default: the message. */
  readonly dedupeKey?: string;
  /** Default 0: every report counts. */
  readonly dedupeMs?: number;
  /** When it happened. Default: now. For what can only be reported once it is sure, after others reported what followed from it. */
  readonly at?: Date;
}

/** Writes events in the background. */
export interface EventRecorder {
  /** Never blocks, never throws; reports beyond the bounds are dropped. */
  record(object: KubernetesObject, report: EventReport): void;
  /** Sends what is recorded until the signal fires; settles when the last request has ended. */
  run(signal: AbortSignal): Promise<void>;
}

/** How a recorder is made. */
export interface EventRecorderOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Shown by kubectl as the source, e.g. `karpenter`. */
  readonly component: string;
  readonly host?: string;
}

/**
 * Events waiting to be sent; beyond it new ones are dropped, as client-go's broadcaster does at 1,000 per process. Here one process plays
 * every component of a cluster: the scheduling events of ten thousand pods at once have room.
 */
const WAITING_EVENTS_MAX = 20_000;
/** Enough that several events share one durable write, few enough that the writes events tell about come first. */
const SENDERS = 8;
/** Attempts per event; an event is worth little once it is late. Source: client-go tools/record (12 tries, 10 s apart). */
const ATTEMPTS_MAX = 5;
const RETRY_MS = 1_000;
/** A write that answers sooner meets no queue: the server has nothing better to do. */
const UNHURRIED_MS = 2;
/** Events tell about work and must not slow it down: a sender that waited rests for many times as long, and sends all the faster afterwards. */
const REST_FACTOR = 25;
/** A cluster that is always busy still gets its events. */
const REST_MS_MAX = 400;

/** Makes a recorder; nothing is sent until `run`. Source of the behaviour: client-go tools/record (release 1.35). */
export function createEventRecorder(options: EventRecorderOptions): EventRecorder {
  return new QueuedEventRecorder(options);
}

/** A report as it came: looked into only when there is time to send it. */
interface Reported {
  readonly subject: Pick<KubernetesObject, "apiVersion" | "kind" | "metadata">;
  readonly report: EventReport & { readonly at: Date };
}

/** Reports looked into at once: repetitions among them become one event. */
const LOOKED_AT_ONCE = 64;

class QueuedEventRecorder implements EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #events: ResourceClient<Event>;
  readonly #correlator: EventCorrelator;
  /** In order; those before {@link #next} were looked into. */
  #reports: Reported[] = [];
  #next = 0;
  /** Newest state of each event that is not sent yet, by correlation key. */
  readonly #waiting = new Map<string, Fresh<Event>>();
  /** Names of events the server has, by correlation key. */
  readonly #sent = new Map<string, string>();
  readonly #wake = createWakeUp();
  readonly #slotFree = createWakeUp();
  /** Correlation keys under way: one event's creation and its counts must not overtake each other. */
  readonly #sending = new Map<string, Promise<void>>();
  #sequence = 0;
  #dropped = 0;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#events = options.client.resource(EVENTS);
    this.#correlator = new EventCorrelator(options.clock);
  }

  record({ apiVersion, kind, metadata }: KubernetesObject, report: EventReport): void {
    const { clock, logger } = this.#options;
    if (this.#reports.length - this.#next + this.#waiting.size >= WAITING_EVENTS_MAX) {
      this.#dropped += 1;
      if (this.#dropped % WAITING_EVENTS_MAX === 1) logger.warn("dropping events: too many are waiting");
      return;
    }
    // Not the whole object: what waits here would keep old versions of it in memory.
    this.#reports.push({
      subject: { apiVersion, kind, metadata },
      report: { ...report, at: report.at ?? clock.now() },
    });
    this.#wake.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#sending.size >= SENDERS) await this.#slotFree.wait(signal);
      else if (!this.#startNext(signal)) await this.#wake.wait(signal);
    }
    await Promise.all(this.#sending.values());
  }

  /** False when nothing can be sent until something is recorded or arrives. */
  #startNext(signal: AbortSignal): boolean {
    this.#lookIntoReports();
    for (const [key, event] of this.#waiting) {
      if (this.#sending.has(key)) continue;
      this.#waiting.delete(key);
      const sending = this.#sendAndRest(key, event, signal).finally(() => {
        this.#sending.delete(key);
        this.#slotFree.wake();
        if (this.#waiting.has(key)) this.#wake.wake();
      });
      this.#sending.set(key, sending);
      return true;
    }
    return false;
  }

  #lookIntoReports(): void {
    let looks = this.#waiting.size;
    // What the correlator drops gives nothing to send: then the next ones are looked into.
    while (this.#next < this.#reports.length && (looks < LOOKED_AT_ONCE || this.#waiting.size === 0)) {
      const reported = this.#reports[this.#next];
      this.#next += 1;
      looks += 1;
      if (reported !== undefined) this.#lookInto(reported);
    }
    // Cut off in bulk: one cut per look would copy the whole queue each time.
    if (this.#next === 0 || (this.#next < this.#reports.length && this.#next < WAITING_EVENTS_MAX / 2)) return;
    this.#reports = this.#reports.slice(this.#next);
    this.#next = 0;
  }

  #lookInto({ subject, report }: Reported): void {
    const correlated = this.#correlator.correlate(subject, report);
    if (correlated === undefined) return;
    const { key, count, message } = correlated;
    const firstSeen = count === 1 ? report.at : correlated.firstSeen;
    this.#sequence += 1;
    const name = this.#waiting.get(key)?.metadata.name ?? eventName(subject, report.at, this.#sequence);
    this.#waiting.set(key, this.#event(subject, { ...report, message }, { name, count, firstSeen }));
  }

  async #sendAndRest(key: string, event: Fresh<Event>, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const startMs = clock.monotonicMs();
    await this.#send(key, event, signal);
    const tookMs = clock.monotonicMs() - startMs;
    if (tookMs <= UNHURRIED_MS || signal.aborted) return;
    await clock.sleep(Math.min(tookMs * REST_FACTOR, REST_MS_MAX), signal).catch(() => undefined);
  }

  async #send(key: string, event: Fresh<Event>, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    for (let attempt = 1; attempt <= ATTEMPTS_MAX && !signal.aborted; attempt += 1) {
      try {
        await this.#createOrCount(key, event, signal);
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (isFinal(error) || attempt === ATTEMPTS_MAX) {
          logger.debug("gave up on an event", { error, reason: event.reason });
          return;
        }
        await clock.sleep(RETRY_MS * attempt, signal).catch(() => undefined);
      }
    }
  }

  async #createOrCount(key: string, event: Fresh<Event>, signal: AbortSignal): Promise<void> {
    const known = this.#sent.get(key);
    if (known !== undefined && (event.count ?? 1) > 1) {
      const patch = { count: event.count, lastTimestamp: event.lastTimestamp, message: event.message };
      try {
        await this.#events.patch({ namespace: event.metadata.namespace, name: known }, "strategic", patch, { signal });
        return;
      } catch (error) {
        // Events live for an hour; a counted one may have gone.
        if (!isNotFound(error)) throw error;
      }
    }
    const created = await this.#events.create(event, { signal });
    this.#sent.delete(key);
    this.#sent.set(key, created.metadata.name);
    const [oldest] = this.#sent.keys();
    if (this.#sent.size > SENT_NAMES_MAX && oldest !== undefined) this.#sent.delete(oldest);
  }

  #event(
    object: Reported["subject"],
    report: EventReport & { readonly at: Date },
    series: { readonly name: string; readonly count: number; readonly firstSeen: Date },
  ): Fresh<Event> {
    const { component, host } = this.#options;
    const { apiVersion, kind, metadata } = object;
    const namespace = metadata.namespace ?? "default";
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: { namespace, name: series.name },
      involvedObject: {
        apiVersion,
        kind,
        name: metadata.name,
        uid: metadata.uid,
        resourceVersion: metadata.resourceVersion,
        ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      },
      type: report.type,
      reason: report.reason,
      message: report.message.slice(0, MESSAGE_CHARACTERS_MAX),
      source: { component, ...(host === undefined ? {} : { host }) },
      reportingComponent: component,
      reportingInstance: host ?? "",
      firstTimestamp: timestamp(series.firstSeen),
      lastTimestamp: timestamp(report.at),
      count: series.count,
    };
  }
}

/** Event validation refuses longer notes. Source: kubernetes pkg/apis/core/validation events.go. */
const MESSAGE_CHARACTERS_MAX = 1_024;
/** Same bound as the correlator's memory. */
const SENT_NAMES_MAX = 4_096;

/** `<object>.<hex>`: nanoseconds since 1970 in client-go; ours are milliseconds with a sequence in the last digits. */
function eventName(object: Reported["subject"], now: Date, sequence: number): string {
  const nanoseconds = BigInt(now.getTime()) * 1_000_000n + BigInt(sequence % 1_000_000);
  return `${object.metadata.name}.${nanoseconds.toString(16)}`;
}

/** Refusals that another attempt cannot change. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiStatusError && error.code >= 400 && error.code < 500 && error.code !== 429;
}
