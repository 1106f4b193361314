export { RECORD_BYTES_MAX } from "./append-check.ts";
export { RecordTooLargeError, StoreCorruptError, StoreFailedError } from "./errors.ts";
export type { FileStoreOptions } from "./file-store.ts";
export { openFileStore } from "./file-store.ts";
export { openMemoryStore } from "./memory-store.ts";
export type { Store, StoreContents, StoreRecord } from "./store.ts";
