/** One acknowledged write: the newest record of a key wins. */
export interface StoreRecord {
  /** Strictly increasing over the life of a store, across restarts. The owner assigns it. */
  readonly revision: number;
  readonly key: string;
  /** The value's bytes, or null for a deletion. */
  readonly value: Uint8Array | null;
}

/** What a store held when it was opened. */
export interface StoreContents {
  /** Highest revision ever appended, 0 for a new store. */
  readonly revision: number;
  /** Live records by key (deletions are gone). */
  readonly records: ReadonlyMap<string, StoreRecord>;
}

/**
 * A durable map with revisions, for one owner. Implementations: a checksummed append-only log with group commit
 * (`openFileStore`) and memory (`openMemoryStore`); both pass the suite in test/store.conformance.ts.
 */
export interface Store {
  /** Contents at opening. Call once. */
  readonly contents: StoreContents;
  /**
   * Resolves when every record of the batch would survive kill -9: the operating system has it; batches appended in the same tick share one write.
   * The disk has it a moment later, so a power cut may cost the last moment, in call order. Each batch is kept whole or not at all. Rejects with
   * StoreFailedError when the disk refuses; the store is then closed for writing.
   */
  append(records: readonly StoreRecord[]): Promise<void>;
  /** Waits for pending appends, compacts if worth it, and releases the directory. */
  close(): Promise<void>;
}
