import { isDeepStrictEqual } from "node:util";
import { NODE_CLAIMS, type NodeClaim, type NodeClaimStatus } from "@nodeless/api";
import {
  type ConditionReport,
  isConditionTrue,
  isNotFound,
  type KubernetesClient,
  updateCondition,
} from "@nodeless/runtime";

/** Conditions that make a claim Ready, in the order they become True. */
const CLAIM_CONDITIONS = ["Launched", "Registered", "Initialized"] as const;

/** Writes of one claim, in one place. */
export class ClaimWriter {
  readonly #client: KubernetesClient;

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  /** Merges into the status and the conditions; nothing is sent when nothing changes. Returns the newest claim known. */
  async status(
    claim: NodeClaim,
    change: Partial<Omit<NodeClaimStatus, "conditions">> & { readonly reports?: readonly ConditionReport[] },
    { now, signal }: { readonly now: Date; readonly signal: AbortSignal },
  ): Promise<NodeClaim> {
    const { reports = [], ...fields } = change;
    const conditions = withReports(claim, reports, now);
    const changed = Object.entries(fields).filter(
      ([name, value]) => !isDeepStrictEqual(claim.status?.[name as keyof NodeClaimStatus], value),
    );
    if (conditions === claim.status?.conditions && changed.length === 0) return claim;
    const patch = {
      metadata: { resourceVersion: claim.metadata.resourceVersion },
      status: { ...Object.fromEntries(changed), conditions },
    };
    return await this.#client
      .resource(NODE_CLAIMS)
      .patch(claim.metadata, "merge", patch, { subresource: "status", signal });
  }

  /** Adds labels and annotations. */
  async metadata(
    claim: NodeClaim,
    change: {
      readonly labels?: Readonly<Record<string, string>>;
      readonly annotations?: Readonly<Record<string, string>>;
    },
    signal: AbortSignal,
  ): Promise<NodeClaim> {
    const isSet = (
      present: Readonly<Record<string, string>> = {},
      wanted: Readonly<Record<string, string>> = {},
    ): boolean => Object.entries(wanted).every(([key, value]) => Object.hasOwn(present, key) && present[key] === value);
    if (isSet(claim.metadata.labels, change.labels) && isSet(claim.metadata.annotations, change.annotations))
      return claim;
    return await this.#client.resource(NODE_CLAIMS).patch(claim.metadata, "merge", { metadata: change }, { signal });
  }

  /** Replaces the finalizers, guarded by the resourceVersion. */
  async finalizers(claim: NodeClaim, finalizers: readonly string[], signal: AbortSignal): Promise<void> {
    const { resourceVersion } = claim.metadata;
    await ignoringNotFound(
      this.#client
        .resource(NODE_CLAIMS)
        .patch(claim.metadata, "merge", { metadata: { resourceVersion, finalizers } }, { signal }),
    );
  }

  /** Asks for deletion; a claim that is gone is fine. */
  async delete(claim: NodeClaim, signal: AbortSignal): Promise<void> {
    const { uid } = claim.metadata;
    await ignoringNotFound(this.#client.resource(NODE_CLAIMS).delete(claim.metadata, { uid, signal }));
  }
}

export async function ignoringNotFound(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** The reports taken in, and the root condition Ready that follows from them. */
function withReports(
  claim: NodeClaim,
  reports: readonly ConditionReport[],
  now: Date,
): NonNullable<NodeClaimStatus["conditions"]> {
  let conditions = claim.status?.conditions ?? [];
  for (const report of reports) conditions = updateCondition(conditions, report, now);
  const missing = CLAIM_CONDITIONS.filter((type) => !isConditionTrue(conditions, type));
  const root: ConditionReport =
    missing.length === 0
      ? { type: "Ready", status: "True", reason: "Ready", message: "" }
      : { type: "Ready", status: "False", reason: "NotReady", message: `waiting for ${missing.join(", ")}` };
  return updateCondition(conditions, root, now);
}

/** A report that waits. */
export const unknown = (type: string, reason: string, message: string): ConditionReport => ({
  type,
  status: "Unknown",
  reason,
  message,
});
/** A report that holds. */
export const satisfied = (type: string): ConditionReport => ({ type, status: "True", reason: type, message: "" });
