import { checkBatch, RECORD_BYTES_MAX } from "./append-check.ts";
import { StoreFailedError } from "./errors.ts";
import { LiveRecords } from "./live-records.ts";
import type { Store, StoreRecord } from "./store.ts";

/** A store that forgets: for tests, simulation and clusters nobody wants to keep. */
export function openMemoryStore(options: { readonly recordBytesMax?: number } = {}): Store {
  const { recordBytesMax = RECORD_BYTES_MAX } = options;
  const live = new LiveRecords();
  let closed = false;
  return {
    get contents() {
      return live.contents();
    },
    async append(records: readonly StoreRecord[]): Promise<void> {
      if (closed) throw new StoreFailedError("the store is closed");
      checkBatch(records, live.revision, recordBytesMax);
      for (const record of records) live.apply(record);
    },
    async close(): Promise<void> {
      closed = true;
    },
  };
}
