import { STREAM_WINDOW_BYTES } from "./messages.ts";

/** Said in portions: the server need not hear of every event. */
const TAKEN_PORTION_BYTES = STREAM_WINDOW_BYTES / 8;

/** What a stream tells its connection. */
export interface PortStreamListener {
  /** The reader has taken this many bytes. */
  taken(bytes: number): void;
  /** The reader has left before the end. */
  left(): void;
}

/** The chunks of one answer as they come from the other thread. One reader. */
export class PortStream implements AsyncIterableIterator<Uint8Array> {
  readonly #listener: PortStreamListener;
  #chunks: Uint8Array[] = [];
  #next = 0;
  /** Taken by the reader and not yet said. */
  #takenBytes = 0;
  #over: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #onOver: (() => void) | undefined;

  constructor(listener: PortStreamListener) {
    this.#listener = listener;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#wake?.();
  }

  /** What has come is read first; then the stream ends, or breaks with the error. */
  end(error: unknown): void {
    if (this.#over !== undefined) return;
    this.#over = { error };
    this.#onOver?.();
    this.#wake?.();
  }

  /** Calls back once the stream is over. */
  onOver(callback: () => void): void {
    if (this.#over === undefined) this.#onOver = callback;
    else callback();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    for (;;) {
      const chunk = this.#take();
      if (chunk !== undefined) return { done: false, value: chunk };
      if (this.#over !== undefined) {
        if (this.#over.error !== undefined) throw this.#over.error;
        return { done: true, value: undefined };
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#over === undefined) this.#listener.left();
    this.#chunks = [];
    this.#next = 0;
    return Promise.resolve({ done: true, value: undefined });
  }

  #take(): Uint8Array | undefined {
    const chunk = this.#chunks[this.#next];
    if (chunk === undefined) return undefined;
    this.#next += 1;
    this.#takenBytes += chunk.byteLength;
    if (this.#takenBytes >= TAKEN_PORTION_BYTES) {
      this.#listener.taken(this.#takenBytes);
      this.#takenBytes = 0;
    }
    if (this.#next === this.#chunks.length) {
      this.#chunks = [];
      this.#next = 0;
    }
    return chunk;
  }
}
