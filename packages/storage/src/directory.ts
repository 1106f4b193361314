import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { StoreCorruptError } from "./errors.ts";
import { decodeFrame, FILE_HEADER, type FramePayload, frameEnd, wasSynced } from "./frame.ts";
import { LiveRecords } from "./live-records.ts";

/*
 * `log-N` holds the writes of generation N; `snapshot-N` everything before `log-N`. State = newest snapshot + its log and all later ones.
 * A generation starts when compaction does, so writes go on in the new log while the snapshot is being written.
 */
const FILE_NAME = /^(log|snapshot)-(\d{8})$/;

export function logPath(directory: string, generation: number): string {
  return join(directory, `log-${String(generation).padStart(8, "0")}`);
}

export function snapshotPath(directory: string, generation: number): string {
  return join(directory, `snapshot-${String(generation).padStart(8, "0")}`);
}

/** What a directory held. */
export interface LoadedDirectory {
  readonly live: LiveRecords;
  /** Generation to append to. */
  readonly generation: number;
  /** Where the next frame of that log goes: what stands behind it never reached the disk as a whole. */
  readonly logEnd: number;
  /** Bytes of all logs that the newest snapshot does not cover. */
  readonly logBytes: number;
  /** Bytes behind the ends of logs, as a power cut leaves them. */
  readonly tornBytes: number;
}

/** Reads everything, removing only files that a finished compaction made superfluous. Throws StoreCorruptError. */
export async function loadDirectory(directory: string): Promise<LoadedDirectory> {
  await mkdir(directory, { recursive: true });
  const { logs, snapshot } = await tidyFiles(directory);
  const live = new LiveRecords();
  if (snapshot !== undefined) {
    const file = snapshotPath(directory, snapshot);
    await loadSnapshot(file, live);
    if (logs.length === 0)
      throw new StoreCorruptError({ file, offset: 0, what: `log-${snapshot} beside it is missing; unreadable` });
  }
  const first = snapshot ?? 0;
  let end = 0;
  let logBytes = 0;
  let tornBytes = 0;
  for (const [index, generation] of logs.entries()) {
    const file = logPath(directory, generation);
    if (generation !== first + index)
      throw new StoreCorruptError({ file, offset: 0, what: `log-${first + index} before it is missing; unreadable` });
    const bytes = await readFile(file);
    end = replay(file, bytes, index === logs.length - 1, (frame) => applyFrame(live, frame));
    logBytes += end;
    tornBytes += bytes.length - end;
  }
  return { live, generation: first + Math.max(0, logs.length - 1), logEnd: end, logBytes, tornBytes };
}

async function tidyFiles(directory: string): Promise<{ logs: readonly number[]; snapshot: number | undefined }> {
  const found = (await readdir(directory)).map((name) => ({ name, match: FILE_NAME.exec(name) }));
  const generations = (kind: string): number[] =>
    found.flatMap(({ match }) => (match?.[1] === kind ? [Number(match[2])] : [])).sort((a, b) => a - b);
  const snapshot = generations("snapshot").at(-1);
  for (const { name, match } of found) {
    const superseded = match !== null && snapshot !== undefined && Number(match[2]) < snapshot;
    if (superseded || name.endsWith(".partial")) await rm(join(directory, name), { force: true });
  }
  return { logs: generations("log").filter((generation) => generation >= (snapshot ?? 0)), snapshot };
}

async function loadSnapshot(file: string, live: LiveRecords): Promise<void> {
  const bytes = await readFile(file);
  let count = 0;
  let complete = false;
  const end = replay(file, bytes, false, (frame) => {
    applyFrame(live, frame);
    if (frame.kind === "records") count += frame.records.length;
    else if (frame.kind === "end") complete = frame.count === count;
  });
  if (!complete) throw new StoreCorruptError({ file, offset: end, what: "the snapshot ends early" });
}

function applyFrame(live: LiveRecords, frame: FramePayload): void {
  if (frame.kind === "end") live.raiseRevision(frame.revision);
  else if (frame.kind === "records") for (const record of frame.records) live.apply(record);
}

/** Feeds every sound frame to `visit`; returns where they end. Only the last log may have a torn tail. */
function replay(file: string, bytes: Buffer, mayBeTorn: boolean, visit: (frame: FramePayload) => void): number {
  const header = bytes.subarray(0, FILE_HEADER.length);
  if (!header.equals(FILE_HEADER)) {
    if (mayBeTorn && FILE_HEADER.subarray(0, header.length).equals(header)) return 0;
    throw new StoreCorruptError({ file, offset: 0, what: "not a file of this store (bad header)" });
  }
  let offset = FILE_HEADER.length;
  while (offset < bytes.length) {
    const end = frameEnd(bytes, offset);
    if (end === undefined) {
      // A power cut leaves what the disk had not got yet in any state, and nothing else.
      if (mayBeTorn && !wasSynced(bytes, offset)) return offset;
      throw new StoreCorruptError({ file, offset, what: "damaged record" });
    }
    visit(decodeFrame(bytes, offset, end));
    offset = end;
  }
  return offset;
}

/** Writes a file so that it is there completely or not at all, also after a power cut. */
export async function writeFileAtomically(path: string, directory: string, chunks: Iterable<Buffer>): Promise<void> {
  const partial = `${path}.partial`;
  const handle = await open(partial, "w");
  try {
    for (const chunk of chunks) await handle.writeFile(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, path);
  await syncDirectory(directory);
}

export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
