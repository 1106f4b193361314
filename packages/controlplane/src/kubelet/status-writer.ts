import type { Pod } from "@nodeless/api";
import { PODS } from "@nodeless/api";
import type { Logger } from "@nodeless/environment";
import { ApiStatusError, isConflict, isNotFound, isTooManyRequests, type KubernetesClient } from "@nodeless/runtime";
import type { PodStatusPatch } from "./pod-status.ts";
import type { TimerWheel } from "./timer-wheel.ts";

/** A pod with something to report. */
export interface StatusSource {
  readonly pod: Pod;
  /** The status to write now; undefined when there is nothing left to say. Called when the write starts, so it is never stale. */
  statusToWrite(): PodStatusPatch | undefined;
  /** The last one did not arrive; another call of `statusToWrite` follows. */
  statusWasLost(): void;
}

/** Writes under way at once: enough that one commit of the store serves many, few enough to bound memory. */
const IN_FLIGHT_MAX = 128;
/** Of these, statuses of pods that are about to change again: with hundreds of pods starting at once most are overtaken by the next one. */
const INTERIM_IN_FLIGHT_MAX = 2;
const RETRY_MS = 1_000;

/** Writes pod statuses of all kubelets; per pod one at a time and always the newest. */
export class StatusWriter {
  readonly #client: KubernetesClient;
  readonly #wheel: TimerWheel;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  /** Pods that wait, in order; a pod waits at most once. */
  readonly #waiting = new Set<StatusSource>();
  /** Pods on their way to the next state, which need to be heard only if there is time. */
  readonly #interim = new Set<StatusSource>();
  readonly #inFlight = new Set<StatusSource>();
  readonly #idle: (() => void)[] = [];

  constructor(options: {
    readonly client: KubernetesClient;
    readonly wheel: TimerWheel;
    readonly logger: Logger;
    readonly signal: AbortSignal;
  }) {
    this.#client = options.client;
    this.#wheel = options.wheel;
    this.#logger = options.logger;
    this.#signal = options.signal;
  }

  get isBusy(): boolean {
    return this.#inFlight.size > 0 || this.#waiting.size > 0 || this.#interim.size > 0;
  }

  enqueue(source: StatusSource): void {
    this.#interim.delete(source);
    this.#waiting.add(source);
    this.#startWrites();
  }

  /** For a status that lasts only until the next step of the pod: written at once as long as few others are. */
  enqueueInterim(source: StatusSource): void {
    if (!this.#waiting.has(source)) this.#interim.add(source);
    this.#startWrites();
  }

  forget(source: StatusSource): void {
    this.#waiting.delete(source);
    this.#interim.delete(source);
  }

  /** Resolves when no write is under way. */
  async settled(): Promise<void> {
    if (this.#inFlight.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #startWrites(): void {
    if (this.#signal.aborted) return;
    this.#startWritesOf(this.#waiting, IN_FLIGHT_MAX);
    this.#startWritesOf(this.#interim, INTERIM_IN_FLIGHT_MAX);
  }

  #startWritesOf(sources: Set<StatusSource>, inFlightMax: number): void {
    for (const source of sources) {
      if (this.#inFlight.size >= inFlightMax) return;
      if (this.#inFlight.has(source)) continue;
      sources.delete(source);
      const status = source.statusToWrite();
      if (status === undefined) continue;
      this.#inFlight.add(source);
      void this.#write(source, status);
    }
  }

  async #write(source: StatusSource, status: PodStatusPatch): Promise<void> {
    const { namespace, name, uid } = source.pod.metadata;
    try {
      await this.#client.resource(PODS).patch(
        { namespace, name },
        "strategic",
        { metadata: { uid }, status },
        {
          subresource: "status",
          signal: this.#signal,
        },
      );
    } catch (error) {
      this.#afterFailure(source, error);
    }
    this.#inFlight.delete(source);
    if (this.#inFlight.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    this.#startWrites();
  }

  #afterFailure(source: StatusSource, error: unknown): void {
    // Gone, or another pod of the same name: nobody is interested any more.
    if (this.#signal.aborted || isNotFound(error) || isConflict(error)) return;
    const refused = error instanceof ApiStatusError && error.code < 500 && !isTooManyRequests(error);
    const { namespace, name } = source.pod.metadata;
    if (refused) this.#logger.error("the API server refused a pod status", { pod: `${namespace}/${name}`, error });
    else {
      source.statusWasLost();
      this.#wheel.after(RETRY_MS, () => this.enqueue(source));
    }
  }
}
