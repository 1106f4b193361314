/** A watcher this far behind is not coming back in time: it is cut off and lists again, which costs less than the memory. */
const BUFFERED_EVENTS_MAX = 16_384;

/**
 * The frames of one watch: first the initial state, encoded as it is pulled, then live events as they are pushed. Ends when closed,
 * also when the reader stops or falls too far behind. Frames come one by one and are the very bytes other watches get: readers in this
 * process decode them once; a socket joins them again.
 */
export class EventStream implements AsyncIterable<Uint8Array> {
  readonly #initial: Iterator<Uint8Array>;
  #initialDone = false;
  #live: Uint8Array[] = [];
  /** Position in #live; taken frames are dropped in bulk. */
  #taken = 0;
  #wake: (() => void) | undefined;
  #ended = false;
  readonly #onEnd: () => void;

  /** `onEnd` runs once, whoever ends the stream. */
  constructor(options: { readonly initial: Iterable<Uint8Array>; readonly onEnd: () => void }) {
    this.#initial = options.initial[Symbol.iterator]();
    this.#onEnd = options.onEnd;
  }

  get ended(): boolean {
    return this.#ended;
  }

  push(frame: Uint8Array): void {
    if (this.#ended) return;
    if (this.#live.length - this.#taken >= BUFFERED_EVENTS_MAX) {
      this.#live = [];
      this.#taken = 0;
      this.end();
      return;
    }
    this.#live.push(frame);
    this.#wake?.();
  }

  /** What was pushed is still delivered. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    try {
      for (;;) {
        const frame = this.#nextFrame();
        if (frame !== undefined) yield frame;
        else if (this.#ended) return;
        else
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        this.#wake = undefined;
      }
    } finally {
      this.end();
    }
  }

  #nextFrame(): Uint8Array | undefined {
    if (!this.#initialDone) {
      const { value, done } = this.#initial.next();
      if (done !== true) return value;
      this.#initialDone = true;
    }
    const frame = this.#live[this.#taken];
    if (frame === undefined) return undefined;
    this.#taken += 1;
    if (this.#taken === this.#live.length || this.#taken >= BUFFERED_EVENTS_MAX) {
      this.#live.splice(0, this.#taken);
      this.#taken = 0;
    }
    return frame;
  }
}
