import type { KubernetesObject } from "@nodeless/api";
import type { ProvisionerContext } from "./context.ts";

const DEDUPE_MS = 3_600_000;

/** Tells the owner of an object of the old API which of its fields have no effect; said again when the sentence changes, or each hour. */
export function reportLosses(
  { events }: Pick<ProvisionerContext, "events">,
  origin: KubernetesObject,
  losses: readonly string[],
): void {
  if (losses.length === 0) return;
  events.record(origin, {
    type: "Warning",
    reason: "FieldsIgnored",
    message: losses.join("; "),
    dedupeMs: DEDUPE_MS,
  });
}
