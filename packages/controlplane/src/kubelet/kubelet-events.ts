import type { Event, Fresh, Node, Pod } from "@nodeless/api";
import { EVENTS } from "@nodeless/api";
import type { Clock, Logger } from "@nodeless/environment";
import { isNotFound, type KubernetesClient, timestamp } from "@nodeless/runtime";
import type { TimerWheel } from "./timer-wheel.ts";

/** What a kubelet says about a pod, one of its containers, or its node. */
export interface KubeletEvent {
  readonly subject: Pod | Node;
  readonly nodeName: string;
  /** Says which container: `spec.containers{web}`. */
  readonly fieldPath?: string;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

/**
 * Events beyond it are dropped: about 20 MB of memory, and the starting events of some 4,000 pods at once. Events are best effort in
 * Kubernetes too (client-go drops beyond 1,000 per process, and here one process plays every node).
 */
const WAITING_MAX = 20_000;
/** Enough to keep a group commit busy, few enough that pod statuses keep most of the server. */
const SENDERS = 8;
/** Sending looks again after this while statuses are being written, or while writes meet a queue... */
const YIELD_MS = 40;
/** ...but not for ever: a cluster that is always busy still gets its events. */
const YIELDS_MAX = 50;
/** A write that takes longer met a queue: the server has better things to do. */
const UNHURRIED_MS = 2;
/** Repetitions (BackOff) are counted on one event as long as it is among the last so many. */
const COUNTED_MAX = 4_096;

interface Counted {
  readonly name: string;
  count: number;
}

/** A report that waits; the event is made of it when it is sent. */
interface Waiting {
  readonly report: Omit<KubeletEvent, "subject"> & { readonly subject: Pick<Pod | Node, "kind" | "metadata"> };
  readonly name: string;
  readonly count: number;
  readonly at: Date;
}

/**
 * Writes the events of all kubelets in the background, after pod statuses. Unlike the runtime's recorder it speaks for many hosts and
 * names the container, as kubelets do.
 */
export class KubeletEvents {
  readonly #client: KubernetesClient;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  readonly #isBusy: () => boolean;
  readonly #waiting: Waiting[] = [];
  #next = 0;
  readonly #counted = new Map<string, Counted>();
  #yields = 0;
  #yielding = false;
  /** The last write met a queue. */
  #isHurried = false;
  readonly #sending = new Set<Promise<void>>();
  #sequence = 0;
  #dropped = 0;

  constructor(options: {
    readonly client: KubernetesClient;
    readonly clock: Clock;
    readonly wheel: TimerWheel;
    readonly logger: Logger;
    readonly signal: AbortSignal;
    /** True while pod statuses wait to be written. */
    readonly isBusy: () => boolean;
  }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#wheel = options.wheel;
    this.#logger = options.logger;
    this.#signal = options.signal;
    this.#isBusy = options.isBusy;
  }

  /** Never blocks, never throws. */
  record(report: KubeletEvent): void {
    if (this.#waiting.length - this.#next >= WAITING_MAX) {
      this.#dropped += 1;
      if (this.#dropped % WAITING_MAX === 1) this.#logger.warn("dropping kubelet events: too many are waiting");
      return;
    }
    const { subject, reason, message, fieldPath = "" } = report;
    const key = [subject.kind, subject.metadata.uid, fieldPath, reason, message].join("\u0000");
    const known = this.#counted.get(key);
    const counted = known ?? { name: this.#newName(subject.metadata.name), count: 0 };
    counted.count += 1;
    this.#counted.delete(key);
    this.#counted.set(key, counted);
    const [oldest] = this.#counted.keys();
    if (this.#counted.size > COUNTED_MAX && oldest !== undefined) this.#counted.delete(oldest);
    // Not the whole pod: what waits here would keep old versions of it in memory.
    const { kind, metadata } = subject;
    const { name, count } = counted;
    this.#waiting.push({ report: { ...report, subject: { kind, metadata } }, name, count, at: this.#clock.now() });
    this.#startSending();
  }

  /** Resolves when what is being sent has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#sending);
  }

  #startSending(): void {
    if (this.#signal.aborted || this.#yielding) return;
    if ((this.#isHurried || this.#isBusy()) && this.#yields < YIELDS_MAX) {
      this.#yielding = true;
      this.#isHurried = false;
      this.#yields += 1;
      this.#wheel.after(YIELD_MS, () => {
        this.#yielding = false;
        this.#startSending();
      });
      return;
    }
    while (this.#sending.size < SENDERS) {
      const next = this.#take();
      if (next === undefined) {
        this.#yields = 0;
        return;
      }
      const startMs = this.#clock.monotonicMs();
      const sending: Promise<void> = this.#send(next)
        .catch((error: unknown) => {
          if (!this.#signal.aborted) this.#logger.debug("gave up on an event", { error, reason: next.reason });
        })
        .finally(() => {
          this.#sending.delete(sending);
          this.#isHurried = this.#clock.monotonicMs() - startMs > UNHURRIED_MS;
          this.#startSending();
        });
      this.#sending.add(sending);
    }
  }

  #take(): Fresh<Event> | undefined {
    const entry = this.#waiting[this.#next];
    if (entry === undefined) return undefined;
    this.#next += 1;
    // Shift in bulk: one shift per event would copy the whole queue each time.
    if (this.#next === this.#waiting.length || this.#next > WAITING_MAX / 2) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
    return eventOf(entry);
  }

  async #send(event: Fresh<Event>): Promise<void> {
    const events = this.#client.resource(EVENTS);
    const signal = this.#signal;
    const { namespace = "default", name = "" } = event.metadata;
    if ((event.count ?? 1) > 1)
      try {
        const { count, lastTimestamp } = event;
        await events.patch({ namespace, name }, "merge", { count, lastTimestamp }, { signal });
        return;
      } catch (error) {
        // Events live for an hour, and the first one may have been dropped.
        if (!isNotFound(error)) throw error;
      }
    await events.create(event, { signal });
  }

  /** `<object>.<hex time>` as client-go names events; the sequence keeps names of one millisecond apart. */
  #newName(object: string): string {
    this.#sequence += 1;
    const time = BigInt(this.#clock.now().getTime()) * 1_000_000n + BigInt(this.#sequence % 1_000_000);
    return `${object}.${time.toString(16)}`;
  }
}

function eventOf({ report, name, count, at }: Waiting): Fresh<Event> {
  const { subject, nodeName, fieldPath, type, reason, message } = report;
  const { kind, metadata } = subject;
  const now = timestamp(at);
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { namespace: metadata.namespace ?? "default", name },
    involvedObject: {
      apiVersion: "v1",
      kind,
      name: metadata.name,
      // A kubelet refers to its own Node by name; `kubectl describe node` looks for that.
      uid: kind === "Node" ? metadata.name : metadata.uid,
      ...(kind === "Node" ? {} : { resourceVersion: metadata.resourceVersion }),
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(fieldPath === undefined ? {} : { fieldPath }),
    },
    type,
    reason,
    message,
    source: { component: "kubelet", host: nodeName },
    reportingComponent: "kubelet",
    reportingInstance: nodeName,
    firstTimestamp: now,
    lastTimestamp: now,
    count,
  };
}
