import { RecordTooLargeError } from "./errors.ts";
import { recordBytes } from "./frame.ts";
import type { StoreRecord } from "./store.ts";

/** 8 MiB: above the API's 3 MiB body limit with room for what the server adds, far below what a frame can hold. */
export const RECORD_BYTES_MAX: number = 8 * 1024 * 1024;

/** Highest revision after the batch. Throws RecordTooLargeError; a revision that does not grow is a bug of the owner. */
export function checkBatch(records: readonly StoreRecord[], revision: number, limitBytes: number): number {
  let last = revision;
  for (const record of records) {
    if (!Number.isSafeInteger(record.revision) || record.revision <= last)
      throw new RangeError(`revision ${record.revision} of ${record.key} does not follow ${last}`);
    const sizeBytes = recordBytes(record);
    if (sizeBytes > limitBytes) throw new RecordTooLargeError({ key: record.key, sizeBytes, limitBytes });
    last = record.revision;
  }
  return last;
}
