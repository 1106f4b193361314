import { writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import type { Clock, Timer } from "@nodeless/environment";
import { encodeSynced, FILE_HEADER } from "./frame.ts";

/** The disk gets what was written after this at the latest: what a power cut may cost. Killing the process costs nothing. */
const SYNC_AFTER_MS = 50;

/**
 * One log, open for appending. What `append` returned from survives the process; the disk follows in the background, and the log itself says
 * how far the disk had come, so that the next start can tell a torn tail from damage.
 */
export class LogFile {
  readonly #file: FileHandle;
  readonly #clock: Clock;
  /** Bytes of the file. */
  #end: number;
  /** Of these the disk has so many. */
  #syncedBytes: number;
  /** And the log says so of so many. */
  #markedBytes = 0;
  #timer: Timer | undefined;
  #syncing: Promise<void> | undefined;
  #failure: unknown;

  private constructor(file: FileHandle, { end, clock }: { readonly end: number; readonly clock: Clock }) {
    this.#file = file;
    this.#clock = clock;
    this.#end = end;
    this.#syncedBytes = end;
  }

  /** Cuts the file at `end`, and begins a new one with its header. What it holds is on the disk then. */
  static async open(path: string, { end, clock }: { readonly end: number; readonly clock: Clock }): Promise<LogFile> {
    const file = await open(path, "a");
    await file.truncate(end);
    if (end === 0) await file.writeFile(FILE_HEADER);
    await file.datasync();
    return new LogFile(file, { end: Math.max(end, FILE_HEADER.length), clock });
  }

  /**
   * Writes at the end. At once, since handing bytes to the operating system takes less time than waiting for another thread to do it. Throws what
   * the disk says, also about what it was to get before.
   */
  append(frame: Uint8Array): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#syncedBytes > this.#markedBytes) {
      this.#markedBytes = this.#syncedBytes;
      this.#write(encodeSynced(this.#syncedBytes));
    }
    this.#write(frame);
    this.#syncSoon();
  }

  /** The disk has everything afterwards, and the log says so. Rejects with what the disk says; the file is closed all the same. */
  async close(): Promise<void> {
    await this.#syncing;
    this.#timer?.cancel();
    try {
      if (this.#failure !== undefined) throw this.#failure;
      await this.#file.datasync();
      this.#write(encodeSynced(this.#end));
      await this.#file.datasync();
    } finally {
      await this.#file.close();
    }
  }

  #write(bytes: Uint8Array): void {
    for (let offset = 0; offset < bytes.byteLength; ) offset += writeSync(this.#file.fd, bytes, offset);
    this.#end += bytes.byteLength;
  }

  #syncSoon(): void {
    if (this.#timer !== undefined || this.#syncing !== undefined) return;
    this.#timer = this.#clock.setTimer(SYNC_AFTER_MS, () => {
      this.#timer = undefined;
      this.#syncing = this.#sync().finally(() => {
        this.#syncing = undefined;
        if (this.#end > this.#syncedBytes && this.#failure === undefined) this.#syncSoon();
      });
    });
  }

  async #sync(): Promise<void> {
    const bytes = this.#end;
    try {
      await this.#file.datasync();
      this.#syncedBytes = bytes;
    } catch (error) {
      this.#failure = error;
    }
  }
}
