/** A watcher this far behind is not coming back in time: it is cut off and lists again, which costs less than the memory. */
const BUFFERED_EVENTS_MAX = 16_384;
/** Frames are joined up to this size, so that a burst costs few writes. */
const CHUNK_BYTES = 256 * 1024;

/**
 * The bytes of one watch: first the initial state, encoded as it is pulled, then live events as they are pushed. Ends when closed,
 * also when the reader stops or falls too far behind.
 */
export class EventStream implements AsyncIterable<Uint8Array> {
  readonly #initial: Iterator<Uint8Array>;
  #initialDone = false;
  #live: Uint8Array[] = [];
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
    if (this.#live.length >= BUFFERED_EVENTS_MAX) {
      this.#live = [];
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
        const chunk = this.#nextChunk();
        if (chunk !== undefined) yield chunk;
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

  #nextChunk(): Uint8Array | undefined {
    const frames: Uint8Array[] = [];
    let bytes = 0;
    while (!this.#initialDone && bytes < CHUNK_BYTES) {
      const { value, done } = this.#initial.next();
      if (done === true) this.#initialDone = true;
      else {
        frames.push(value);
        bytes += value.byteLength;
      }
    }
    if (this.#initialDone) {
      let taken = 0;
      for (; taken < this.#live.length && bytes < CHUNK_BYTES; taken += 1) {
        const frame = this.#live[taken];
        if (frame === undefined) break;
        frames.push(frame);
        bytes += frame.byteLength;
      }
      this.#live = taken === this.#live.length ? [] : this.#live.slice(taken);
    }
    if (frames.length === 0) return undefined;
    return frames.length === 1 ? frames[0] : Buffer.concat(frames);
  }
}
