/** What a slow start did. */
export interface SlowStartResult {
  readonly succeeded: number;
  /** Calls that were never made because an earlier batch failed. */
  readonly skipped: number;
  /** The first failure, if any. */
  readonly error: unknown;
}

/** Calls at the same time; bounds what waits in the server. */
const BATCH_MAX = 512;

/**
 * Calls `attempt` `count` times in batches of 1, 2, 4, …, each batch at once, and stops after the first batch with a failure: when the
 * server refuses (quota, admission), one refusal is enough to know. Source: kubernetes pkg/controller/replicaset slowStartBatch.
 */
export async function slowStart(count: number, attempt: (index: number) => Promise<void>): Promise<SlowStartResult> {
  let done = 0;
  let succeeded = 0;
  for (let size = Math.min(1, count); size > 0; size = Math.min(2 * size, BATCH_MAX, count - done)) {
    const first = done;
    const results = await Promise.allSettled(Array.from({ length: size }, (_, offset) => attempt(first + offset)));
    done += size;
    const failure = results.find((result) => result.status === "rejected");
    succeeded += results.filter((result) => result.status === "fulfilled").length;
    if (failure !== undefined) return { succeeded, skipped: count - done, error: failure.reason };
  }
  return { succeeded, skipped: 0, error: undefined };
}
