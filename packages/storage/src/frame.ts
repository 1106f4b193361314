import { crc32 } from "node:zlib";
import type { StoreRecord } from "./store.ts";

/**
 * Files are a header and frames. A frame is what was written at once: `FRAME_MARK`, payload length, CRC32 of the payload,
 * payload. Its first payload byte tells records from the end mark of a snapshot, and from the word of a log that the disk has its beginning.
 */
export const FILE_HEADER: Buffer = Buffer.from("nodeless-store-1\n", "latin1");

const FRAME_MARK = Buffer.from([0xf7, 0x4e, 0x44, 0x1b]);
const FRAME_HEAD_BYTES = 12;
const RECORD_HEAD_BYTES = 16;
const KIND_RECORDS = 1;
const KIND_END = 2;
const KIND_SYNCED = 3;
/** Length that stands for a deletion. */
const TOMBSTONE = 0xffffffff;

export type FramePayload =
  | { readonly kind: "records"; readonly records: readonly StoreRecord[] }
  | { readonly kind: "end"; readonly revision: number; readonly count: number }
  /** When this was written the disk had so many bytes of the log. */
  | { readonly kind: "synced"; readonly bytes: number };

/** Bytes a record takes inside a frame. */
export function recordBytes(record: StoreRecord): number {
  return RECORD_HEAD_BYTES + Buffer.byteLength(record.key) + (record.value?.byteLength ?? 0);
}

export function encodeRecords(records: readonly StoreRecord[]): Buffer {
  let size = FRAME_HEAD_BYTES + 1;
  for (const record of records) size += recordBytes(record);
  const frame = Buffer.allocUnsafe(size);
  let offset = FRAME_HEAD_BYTES;
  frame[offset] = KIND_RECORDS;
  offset += 1;
  for (const { revision, key, value } of records) {
    const keyBytes = frame.write(key, offset + RECORD_HEAD_BYTES);
    writeUint64(frame, revision, offset);
    frame.writeUInt32LE(keyBytes, offset + 8);
    frame.writeUInt32LE(value === null ? TOMBSTONE : value.byteLength, offset + 12);
    offset += RECORD_HEAD_BYTES + keyBytes;
    if (value === null) continue;
    frame.set(value, offset);
    offset += value.byteLength;
  }
  return sealFrame(frame);
}

/** The last frame of a snapshot: without it the file is incomplete. */
export function encodeEnd({ revision, count }: { readonly revision: number; readonly count: number }): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + 17);
  frame[FRAME_HEAD_BYTES] = KIND_END;
  writeUint64(frame, revision, FRAME_HEAD_BYTES + 1);
  writeUint64(frame, count, FRAME_HEAD_BYTES + 9);
  return sealFrame(frame);
}

/** Says that the disk has so many bytes of this log. */
export function encodeSynced(bytes: number): Buffer {
  const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + 9);
  frame[FRAME_HEAD_BYTES] = KIND_SYNCED;
  writeUint64(frame, bytes, FRAME_HEAD_BYTES + 1);
  return sealFrame(frame);
}

function sealFrame(frame: Buffer): Buffer {
  frame.set(FRAME_MARK, 0);
  frame.writeUInt32LE(frame.length - FRAME_HEAD_BYTES, 4);
  frame.writeUInt32LE(crc32(frame.subarray(FRAME_HEAD_BYTES)), 8);
  return frame;
}

/** End of the sound frame that starts at `offset`, or undefined. */
export function frameEnd(file: Buffer, offset: number): number | undefined {
  if (offset + FRAME_HEAD_BYTES > file.length || file.compare(FRAME_MARK, 0, 4, offset, offset + 4) !== 0)
    return undefined;
  const end = offset + FRAME_HEAD_BYTES + file.readUInt32LE(offset + 4);
  if (end > file.length) return undefined;
  return crc32(file.subarray(offset + FRAME_HEAD_BYTES, end)) === file.readUInt32LE(offset + 8) ? end : undefined;
}

/** True if a sound frame behind `offset` says that the disk had the bytes there: then the damage is no torn tail. */
export function wasSynced(file: Buffer, offset: number): boolean {
  for (let at = file.indexOf(FRAME_MARK, offset + 1); at >= 0; at = file.indexOf(FRAME_MARK, at + 1)) {
    const end = frameEnd(file, at);
    const frame = end === undefined ? undefined : decodeFrame(file, at, end);
    if (frame?.kind === "synced" && frame.bytes > offset) return true;
  }
  return false;
}

/** Reads a frame that {@link frameEnd} found sound. Values are copies, so that the file's buffer can be freed. */
export function decodeFrame(file: Buffer, start: number, end: number): FramePayload {
  let offset = start + FRAME_HEAD_BYTES;
  const kind = file[offset];
  offset += 1;
  if (kind === KIND_END)
    return { kind: "end", revision: readUint64(file, offset), count: readUint64(file, offset + 8) };
  if (kind === KIND_SYNCED) return { kind: "synced", bytes: readUint64(file, offset) };
  const records: StoreRecord[] = [];
  while (offset < end) {
    const keyStart = offset + RECORD_HEAD_BYTES;
    const valueStart = keyStart + file.readUInt32LE(offset + 8);
    const length = file.readUInt32LE(offset + 12);
    const valueEnd = length === TOMBSTONE ? valueStart : valueStart + length;
    records.push({
      revision: readUint64(file, offset),
      key: file.toString("utf8", keyStart, valueStart),
      value: length === TOMBSTONE ? null : Buffer.from(file.subarray(valueStart, valueEnd)),
    });
    offset = valueEnd;
  }
  return { kind: "records", records };
}

/** Revisions are safe integers, so two halves avoid BigInt. */
function writeUint64(buffer: Buffer, value: number, offset: number): void {
  buffer.writeUInt32LE(value % 2 ** 32, offset);
  buffer.writeUInt32LE(Math.floor(value / 2 ** 32), offset + 4);
}

function readUint64(buffer: Buffer, offset: number): number {
  return buffer.readUInt32LE(offset) + buffer.readUInt32LE(offset + 4) * 2 ** 32;
}
