/** The directory holds something this store did not write. Caller: stop, tell the user, touch nothing. */
export class StoreCorruptError extends Error {
  override readonly name = "StoreCorruptError";
  readonly file: string;
  /** Byte position of the first bad record. */
  readonly offset: number;

  constructor(options: { readonly file: string; readonly offset: number; readonly what: string }) {
    super(
      `${options.file}: ${options.what} at byte ${options.offset}; nothing was changed: restore the directory from a backup, ` +
        "or move it away to start empty",
    );
    this.file = options.file;
    this.offset = options.offset;
  }
}

/** The disk refused a write. The store takes no more writes. Caller: stop, fix the disk, open again; acknowledged writes are safe. */
export class StoreFailedError extends Error {
  override readonly name = "StoreFailedError";
}

/** One record is larger than the store accepts. Caller: refuse the write; the store goes on. */
export class RecordTooLargeError extends Error {
  override readonly name = "RecordTooLargeError";
  readonly key: string;
  readonly sizeBytes: number;

  constructor(options: { readonly key: string; readonly sizeBytes: number; readonly limitBytes: number }) {
    super(`record ${options.key} has ${options.sizeBytes} bytes, the limit is ${options.limitBytes}`);
    this.key = options.key;
    this.sizeBytes = options.sizeBytes;
  }
}
