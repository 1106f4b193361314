import type { MessagePort } from "node:worker_threads";

/**
 * Sends what was said during one turn of the event loop as one message: waking the other thread costs more than most of what is said.
 * The bytes of `buffers` are moved, not copied: their owner cannot use them afterwards.
 */
export class Outbox<Message> {
  readonly #port: MessagePort;
  #messages: Message[] = [];
  #buffers: ArrayBuffer[] = [];
  #closed = false;

  constructor(port: MessagePort) {
    this.#port = port;
  }

  say(message: Message, ...buffers: readonly ArrayBuffer[]): void {
    if (this.#closed) return;
    if (this.#messages.length === 0) setImmediate(() => this.#send());
    this.#messages.push(message);
    this.#buffers.push(...buffers);
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#messages = [];
    this.#buffers = [];
  }

  #send(): void {
    if (this.#closed) return;
    const messages = this.#messages;
    const buffers = this.#buffers;
    this.#messages = [];
    this.#buffers = [];
    this.#port.postMessage(messages, buffers);
  }
}

/** The bytes of these chunks in a buffer of their own, which can be moved to another thread. */
export function ownBytes(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0;
  for (const chunk of chunks) length += chunk.byteLength;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}
