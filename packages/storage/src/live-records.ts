import { recordBytes } from "./frame.ts";
import type { StoreContents, StoreRecord } from "./store.ts";

/** The newest record of every key, and how much of a log they would fill. */
export class LiveRecords {
  #revision = 0;
  #bytes = 0;
  readonly #records = new Map<string, StoreRecord>();

  get revision(): number {
    return this.#revision;
  }

  /** Bytes a snapshot would take. */
  get bytes(): number {
    return this.#bytes;
  }

  apply(record: StoreRecord): void {
    const old = this.#records.get(record.key);
    if (old !== undefined) this.#bytes -= recordBytes(old);
    if (record.value === null) this.#records.delete(record.key);
    else {
      this.#records.set(record.key, record);
      this.#bytes += recordBytes(record);
    }
    this.#revision = Math.max(this.#revision, record.revision);
  }

  /** Accounts for deletions that a snapshot left out. */
  raiseRevision(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
  }

  /** A copy that later writes do not change. */
  contents(): StoreContents {
    return { revision: this.#revision, records: new Map(this.#records) };
  }
}
