import type { Logger } from "@nodeless/environment";

/** What one reconcile asks for next: nothing, or to be called again after `requeueAfterMs`. */
export interface ReconcileResult {
  readonly requeueAfterMs?: number;
}

export interface ReconcileContext {
  readonly signal: AbortSignal;
  /** Has controller, object and attempt attached. */
  readonly logger: Logger;
}

/**
 * Makes reality match one object. Level-triggered: `key` is `namespace/name`, never the event.
 * Returning {} forgets the key's failures; throwing retries with exponential backoff (5 ms to 1,000 s, as controller-runtime).
 */
export type Reconcile = (key: string, context: ReconcileContext) => Promise<ReconcileResult>;
