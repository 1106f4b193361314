import { createHash } from "node:crypto";
import type { Clock, Random } from "@nodeless/environment";
import { uuid } from "@nodeless/environment";
import type { MessageAttributes } from "./message-attributes.ts";

/** A message in a queue. */
export interface QueuedMessage {
  readonly messageId: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly sentAtMs: number;
  /** Monotonic time from which it may be received. */
  visibleAtMs: number;
  receiveCount: number;
  firstReceivedAtMs: number | undefined;
  receiptHandle: string | undefined;
}

/** More than AWS keeps in flight (120,000 visible per standard queue in practice); bounds memory when nobody reads. */
const MESSAGES_MAX = 120_000;

/** The messages of one queue, in memory: interruption notices are worthless after a restart. */
export class MessageQueue {
  readonly #messages: QueuedMessage[] = [];
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #waiters = new Set<() => void>();
  #closed = false;

  constructor(options: { readonly clock: Clock; readonly random: Random }) {
    this.#clock = options.clock;
    this.#random = options.random;
  }

  /** Waiting and in-flight messages, under the names of the queue attributes. */
  counts(): Readonly<Record<string, string>> {
    const now = this.#clock.monotonicMs();
    const hidden = this.#messages.filter(({ visibleAtMs }) => visibleAtMs > now);
    const delayed = hidden.filter(({ receiveCount }) => receiveCount === 0).length;
    return {
      ApproximateNumberOfMessages: String(this.#messages.length - hidden.length),
      ApproximateNumberOfMessagesNotVisible: String(hidden.length - delayed),
      ApproximateNumberOfMessagesDelayed: String(delayed),
    };
  }

  /** Puts a message at the end, visible after `delayMs`. */
  send(message: {
    readonly body: string;
    readonly attributes: MessageAttributes;
    readonly delayMs: number;
  }): QueuedMessage {
    const { body, attributes, delayMs } = message;
    const now = this.#clock.monotonicMs();
    const queued: QueuedMessage = {
      messageId: uuid(this.#random),
      body,
      attributes,
      sentAtMs: this.#clock.now().getTime(),
      visibleAtMs: now + delayMs,
      receiveCount: 0,
      firstReceivedAtMs: undefined,
      receiptHandle: undefined,
    };
    if (this.#messages.length >= MESSAGES_MAX) this.#messages.shift();
    this.#messages.push(queued);
    for (const wake of [...this.#waiters]) wake();
    return queued;
  }

  /** Takes up to `max` visible messages; with none, waits up to `waitMs` for one. */
  async receive(options: {
    readonly max: number;
    readonly waitMs: number;
    readonly visibilityMs: number;
    readonly retentionMs: number;
  }): Promise<readonly QueuedMessage[]> {
    const deadline = this.#clock.monotonicMs() + options.waitMs;
    for (;;) {
      const taken = this.#take(options);
      const left = deadline - this.#clock.monotonicMs();
      if (taken.length > 0 || left <= 0 || this.#closed) return taken;
      await this.#change(left);
    }
  }

  #take({
    max,
    visibilityMs,
    retentionMs,
  }: {
    readonly max: number;
    readonly visibilityMs: number;
    readonly retentionMs: number;
  }): readonly QueuedMessage[] {
    const now = this.#clock.monotonicMs();
    const oldest = this.#clock.now().getTime() - retentionMs;
    while (this.#messages[0] !== undefined && this.#messages[0].sentAtMs < oldest) this.#messages.shift();
    const taken = this.#messages.filter(({ visibleAtMs }) => visibleAtMs <= now).slice(0, max);
    for (const message of taken) {
      message.visibleAtMs = now + visibilityMs;
      message.receiveCount += 1;
      message.firstReceivedAtMs ??= this.#clock.now().getTime();
      message.receiptHandle = Buffer.from(`${message.messageId}/${message.receiveCount}`).toString("base64");
    }
    return taken;
  }

  /** Resolves at the next message, when one becomes visible again, or after `ms`. */
  #change(ms: number): Promise<void> {
    const now = this.#clock.monotonicMs();
    const nextVisible = this.#messages.reduce(
      (earliest, { visibleAtMs }) => Math.min(earliest, visibleAtMs),
      Number.POSITIVE_INFINITY,
    );
    return new Promise((resolve) => {
      const done = (): void => {
        timer.cancel();
        this.#waiters.delete(done);
        resolve();
      };
      const timer = this.#clock.setTimer(Math.max(1, Math.min(ms, nextVisible - now)), done);
      this.#waiters.add(done);
    });
  }

  /** Deletes by receipt handle; false if the handle names no message. */
  delete(receiptHandle: string): boolean {
    const index = this.#indexOf(receiptHandle);
    if (index >= 0) this.#messages.splice(index, 1);
    return index >= 0;
  }

  /** Changes when a received message becomes visible again; false if the handle names no message. */
  changeVisibility(receiptHandle: string, visibilityMs: number): boolean {
    const message = this.#messages[this.#indexOf(receiptHandle)];
    if (message !== undefined) message.visibleAtMs = this.#clock.monotonicMs() + visibilityMs;
    return message !== undefined;
  }

  /** Any receipt of the message works, as long as the message is there. */
  #indexOf(receiptHandle: string): number {
    const messageId = Buffer.from(receiptHandle, "base64").toString().split("/")[0];
    return this.#messages.findIndex((message) => message.messageId === messageId);
  }

  purge(): void {
    this.#messages.length = 0;
  }

  /** Wakes everyone who waits, so that a shutdown is not held up by a long poll. */
  close(): void {
    this.#closed = true;
    for (const wake of [...this.#waiters]) wake();
  }
}

/** Lower-case hex MD5, which SDKs check. */
export function md5(text: string): string {
  return createHash("md5").update(text).digest("hex");
}
