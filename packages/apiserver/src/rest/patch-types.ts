import type { KubernetesObject } from "@nodeless/api";
import type { KindDefinition } from "../kinds/kind.ts";
import { applyJsonPatch, applyMergePatch } from "../patch/index.ts";
import { StatusError } from "../status.ts";

export const JSON_PATCH = "application/json-patch+json";
export const MERGE_PATCH = "application/merge-patch+json";
export const STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json";

/** The patch types a kind takes, in the order messages and OpenAPI documents name them. */
export function patchTypesOf(definition: KindDefinition): readonly string[] {
  return definition.strategicMergePatch === undefined
    ? [JSON_PATCH, MERGE_PATCH]
    : [JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH];
}

/**
 * Chooses how a patch body changes an object. Server-side apply (`application/apply-patch+yaml`) belongs here; until it does, it is
 * refused as the real server refuses an unknown type: 415 naming the accepted ones.
 */
export function patchFunction(
  definition: KindDefinition,
  contentType: string,
): (current: KubernetesObject, patch: unknown) => unknown {
  switch (contentType) {
    case JSON_PATCH:
      return applyJsonPatch;
    case MERGE_PATCH:
      return applyMergePatch;
    case STRATEGIC_MERGE_PATCH:
      if (definition.strategicMergePatch !== undefined) return definition.strategicMergePatch;
      break;
    default:
  }
  throw new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${patchTypesOf(definition).join(", ")}`,
  );
}
