import { rm } from "node:fs/promises";
import { type Clock, type Logger, silentLogger, systemClock } from "@nodeless/environment";
import { checkBatch, RECORD_BYTES_MAX } from "./append-check.ts";
import { loadDirectory, logPath, snapshotPath, syncDirectory, writeFileAtomically } from "./directory.ts";
import { StoreFailedError } from "./errors.ts";
import { encodeEnd, encodeRecords, FILE_HEADER, recordBytes } from "./frame.ts";
import type { LiveRecords } from "./live-records.ts";
import { LogFile } from "./log-file.ts";
import type { Store, StoreContents, StoreRecord } from "./store.ts";

export interface FileStoreOptions {
  /** Made if missing. One owner at a time: the caller holds a lock. */
  readonly directory: string;
  /** Hears of torn tails and failed compactions. Default: nobody. */
  readonly logger?: Logger;
  /** Says when the disk is to get what was written. Default: the machine's. */
  readonly clock?: Clock;
  /** Largest record in bytes, default 8 MiB. */
  readonly recordBytesMax?: number;
  /** Logs smaller than this are never compacted, default 16 MiB: rewriting little gains little. */
  readonly compactionBytesMin?: number;
}

/** A batch that waits to be written. */
interface PendingBatch {
  readonly records: readonly StoreRecord[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** 32 MiB per write: a frame is held in memory twice while it is written. */
const FRAME_BYTES_MAX = 32 * 1024 * 1024;
/** Snapshot frames are small, so that writes are served between them. */
const SNAPSHOT_FRAME_BYTES = 1024 * 1024;
/** A log may hold this many times the live bytes before it is rewritten: each byte is then rewritten at most about once. */
const GARBAGE_FACTOR = 2;

/**
 * Opens the append-only log in `directory` and reads it back. A tail that a crash tore is cut; damage before acknowledged records
 * throws StoreCorruptError and changes nothing.
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const { directory, logger = silentLogger, clock = systemClock } = options;
  const { live, generation, logEnd, logBytes, tornBytes } = await loadDirectory(directory);
  if (tornBytes > 0)
    logger.warn("cut a tail off the log that had not reached the disk", { directory, bytes: tornBytes });
  const log = await LogFile.open(logPath(directory, generation), { end: logEnd, clock });
  await syncDirectory(directory);
  return new FileStore({
    ...options,
    logger,
    clock,
    live,
    generation,
    log,
    logBytes: Math.max(logBytes, FILE_HEADER.length),
  });
}

class FileStore implements Store {
  readonly #directory: string;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #recordBytesMax: number;
  readonly #compactionBytesMin: number;
  readonly #live: LiveRecords;
  #generation: number;
  #log: LogFile;
  #logBytes: number;
  /** Highest revision accepted, written or not. */
  #acceptedRevision: number;
  #pending: PendingBatch[] = [];
  #writing: Promise<void> | undefined;
  #compacting: Promise<void> | undefined;
  #failure: StoreFailedError | undefined;

  constructor(
    parts: FileStoreOptions & {
      readonly logger: Logger;
      readonly clock: Clock;
      readonly live: LiveRecords;
      readonly generation: number;
      readonly log: LogFile;
      readonly logBytes: number;
    },
  ) {
    this.#directory = parts.directory;
    this.#logger = parts.logger;
    this.#clock = parts.clock;
    this.#recordBytesMax = parts.recordBytesMax ?? RECORD_BYTES_MAX;
    this.#compactionBytesMin = parts.compactionBytesMin ?? 16 * 1024 * 1024;
    this.#live = parts.live;
    this.#generation = parts.generation;
    this.#log = parts.log;
    this.#logBytes = parts.logBytes;
    this.#acceptedRevision = parts.live.revision;
  }

  get contents(): StoreContents {
    return this.#live.contents();
  }

  append(records: readonly StoreRecord[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) throw this.#failure;
      this.#acceptedRevision = checkBatch(records, this.#acceptedRevision, this.#recordBytesMax);
      this.#pending.push({ records, resolve, reject });
      this.#writing ??= this.#writePending();
    });
  }

  /** Once per turn of the event loop, so that all batches of a turn share one write. */
  async #writePending(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#pending.length > 0 && this.#failure === undefined) {
      const group = this.#takeGroup();
      try {
        await this.#writeGroup(group);
      } catch (cause) {
        this.#fail(cause, group);
      }
    }
    this.#writing = undefined;
  }

  #takeGroup(): readonly PendingBatch[] {
    let bytes = 0;
    let count = 0;
    for (const { records } of this.#pending) {
      for (const record of records) bytes += recordBytes(record);
      if (count > 0 && bytes > FRAME_BYTES_MAX) break;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  async #writeGroup(group: readonly PendingBatch[]): Promise<void> {
    const records = group.flatMap((batch) => batch.records);
    if (records.length > 0) {
      const frame = encodeRecords(records);
      this.#log.append(frame);
      this.#logBytes += frame.length;
      for (const record of records) this.#live.apply(record);
    }
    for (const batch of group) batch.resolve();
    if (this.#isMostlyGarbage()) await this.#startCompaction();
  }

  #fail(cause: unknown, group: readonly PendingBatch[]): void {
    this.#failure = new StoreFailedError(`cannot write ${logPath(this.#directory, this.#generation)}`, { cause });
    for (const { reject } of [...group, ...this.#pending]) reject(this.#failure);
    this.#pending = [];
  }

  #isMostlyGarbage(): boolean {
    if (this.#compacting !== undefined) return false;
    return this.#logBytes > Math.max(this.#compactionBytesMin, GARBAGE_FACTOR * this.#live.bytes);
  }

  /** Switches to a new log, then writes the snapshot beside further appends. */
  async #startCompaction(): Promise<void> {
    const next = this.#generation + 1;
    const log = await LogFile.open(logPath(this.#directory, next), { end: 0, clock: this.#clock });
    await syncDirectory(this.#directory);
    // What is in the old log is on the disk before the new one has a record: a power cut leaves no hole between them.
    await this.#log.close();
    this.#log = log;
    this.#generation = next;
    const coveredBytes = this.#logBytes;
    this.#compacting = this.#writeSnapshot(next, this.#live.contents())
      .then(() => {
        this.#logBytes -= coveredBytes;
      })
      .catch((error: unknown) => {
        // The logs still hold everything: the next compaction tries again.
        this.#logger.warn("could not compact the store", { directory: this.#directory, error });
      })
      .finally(() => {
        this.#compacting = undefined;
      });
  }

  async #writeSnapshot(generation: number, { revision, records }: StoreContents): Promise<void> {
    const path = snapshotPath(this.#directory, generation);
    await writeFileAtomically(path, this.#directory, snapshotChunks(revision, records));
    for (let old = generation - 1; old >= 0; old -= 1) {
      const files = [logPath(this.#directory, old), snapshotPath(this.#directory, old)];
      const removed = await Promise.all(
        files.map((file) =>
          rm(file).then(
            () => true,
            () => false,
          ),
        ),
      );
      if (!removed.includes(true)) break;
    }
  }

  /** Nothing is being written or compacted. */
  async #settled(): Promise<void> {
    while (this.#writing !== undefined || this.#compacting !== undefined) {
      await this.#writing;
      await this.#compacting;
    }
  }

  async close(): Promise<void> {
    await this.#settled();
    // Garbage that came while the last compaction ran.
    if (this.#failure === undefined && this.#isMostlyGarbage()) {
      await this.#startCompaction();
      await this.#settled();
    }
    const isNews = this.#failure === undefined;
    this.#failure ??= new StoreFailedError("the store is closed");
    await this.#log.close().catch((error: unknown) => {
      // Whoever wrote last has heard of it otherwise.
      if (isNews) throw error;
    });
  }
}

function* snapshotChunks(revision: number, records: StoreContents["records"]): Iterable<Buffer> {
  yield FILE_HEADER;
  let chunk: StoreRecord[] = [];
  let bytes = 0;
  for (const record of records.values()) {
    chunk.push(record);
    bytes += recordBytes(record);
    if (bytes < SNAPSHOT_FRAME_BYTES) continue;
    yield encodeRecords(chunk);
    chunk = [];
    bytes = 0;
  }
  if (chunk.length > 0) yield encodeRecords(chunk);
  yield encodeEnd({ revision, count: records.size });
}
