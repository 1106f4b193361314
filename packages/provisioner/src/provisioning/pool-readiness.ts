import { type FieldError, validateNodePool } from "@nodeless/api";
import { unsupportedFields } from "../node-pool/unsupported-fields.ts";
import type { EffectivePool, Readiness } from "../state/effective-pools.ts";

/** Field mistakes of a pool, and what its text asks for that we do not do (refused rather than ignored). */
export function poolFieldErrors({ pool, problem }: EffectivePool): readonly FieldError[] {
  return [
    ...(problem === undefined ? [] : [{ path: "spec.limits.resources", message: problem }]),
    ...validateNodePool(pool),
    ...unsupportedFields(pool),
  ];
}

/** Whether a pool may launch nodes now; the same judgement as its Ready condition, without waiting for that to be written. */
export function poolReadiness(effective: EffectivePool, nodeClass: Readiness): Readiness {
  const { pool } = effective;
  if (pool.metadata.deletionTimestamp !== undefined)
    return { ready: false, reason: "Terminating", message: "it is being deleted" };
  const [error, ...more] = poolFieldErrors(effective);
  if (error !== undefined) {
    const others = more.length === 0 ? "" : ` (and ${more.length} more problems)`;
    return { ready: false, reason: "ValidationFailed", message: `${error.path} ${error.message}${others}` };
  }
  if (!nodeClass.ready) return nodeClass;
  return { ready: true, reason: "Ready", message: "" };
}
