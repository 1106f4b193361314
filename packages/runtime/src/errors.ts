import type { Status } from "@nodeless/api";

/**
 * The API server answered with a Kubernetes `Status` that is a failure. Callers branch on the predicates; the message is the
 * server's own and meant for people.
 */
export class ApiStatusError extends Error {
  override readonly name = "ApiStatusError";
  /** HTTP status. */
  readonly code: number;
  /** `NotFound`, `Conflict`, `Invalid`, ...; empty when the answer had none. */
  readonly reason: string;
  readonly details: Status["details"];

  constructor(status: Pick<Status, "code" | "reason" | "details" | "message">, options?: ErrorOptions) {
    super(status.message ?? `the server answered with status ${status.code ?? 0}`, options);
    this.code = status.code ?? 0;
    this.reason = status.reason ?? "";
    this.details = status.details;
  }

  /** Seconds the server asks us to wait, 0 when it does not say. */
  get retryAfterSeconds(): number {
    return this.details?.retryAfterSeconds ?? 0;
  }
}

/** No answer came: refused, reset, timed out, or not HTTP. Caller: retry with backoff; a write may have happened. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

const hasReason =
  (reason: string, code: number) =>
  (error: unknown): error is ApiStatusError =>
    error instanceof ApiStatusError && (error.reason === reason || (error.reason === "" && error.code === code));

/** The object (or its resource) does not exist. */
export const isNotFound: (error: unknown) => error is ApiStatusError = hasReason("NotFound", 404);
/** Somebody changed the object since it was read. Caller: read again and redo. */
export const isConflict: (error: unknown) => error is ApiStatusError = hasReason("Conflict", 409);
export const isAlreadyExists: (error: unknown) => error is ApiStatusError = hasReason("AlreadyExists", 409);
/** Validation refused the object; retrying the same write is useless. */
export const isInvalid: (error: unknown) => error is ApiStatusError = hasReason("Invalid", 422);
export const isForbidden: (error: unknown) => error is ApiStatusError = hasReason("Forbidden", 403);
export const isUnauthorized: (error: unknown) => error is ApiStatusError = hasReason("Unauthorized", 401);
/** Slow down, or (eviction) a disruption budget forbids it for now. */
export const isTooManyRequests: (error: unknown) => error is ApiStatusError = hasReason("TooManyRequests", 429);

/** The resourceVersion or continue token is too old. Caller: list again. Kubernetes says `Expired` or `Gone`. */
export function isExpired(error: unknown): error is ApiStatusError {
  return (
    error instanceof ApiStatusError && (error.reason === "Expired" || error.reason === "Gone" || error.code === 410)
  );
}

/** We asked for a state newer than the server has (it restarted from older data, or its cache lags). */
export function isTooLargeResourceVersion(error: unknown): error is ApiStatusError {
  if (!(error instanceof ApiStatusError) || error.code !== 504) return false;
  return (
    error.details?.causes?.some((cause) => cause.reason === "ResourceVersionTooLarge") === true ||
    error.message.includes("Too large resource version")
  );
}
