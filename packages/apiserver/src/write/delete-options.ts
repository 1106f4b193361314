import { isJsonObject, objectAt } from "../json-value.ts";
import { badRequest, invalid } from "../status.ts";
import { isDryRun } from "./write-options.ts";

export type PropagationPolicy = "Background" | "Foreground" | "Orphan";

export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly propagationPolicy: PropagationPolicy | undefined;
  readonly preconditions: { readonly uid?: string; readonly resourceVersion?: string };
  readonly dryRun: boolean;
}

export const PLAIN_DELETE: DeleteOptions = {
  gracePeriodSeconds: undefined,
  propagationPolicy: undefined,
  preconditions: {},
  dryRun: false,
};

/** From the query and the body (a DeleteOptions object, or undefined). The body wins, as in the real server. */
export function parseDeleteOptions(query: URLSearchParams, body: unknown): DeleteOptions {
  const given = isJsonObject(body) ? body : {};
  if (given["kind"] !== undefined && given["kind"] !== "DeleteOptions")
    throw badRequest(`the body of a delete must be DeleteOptions, not ${JSON.stringify(given["kind"])}`);
  const grace = given["gracePeriodSeconds"] ?? numberOf(query.get("gracePeriodSeconds"));
  if (grace !== undefined && !Number.isInteger(grace))
    throw badRequest("gracePeriodSeconds must be an integer number of seconds");
  const preconditions = objectAt(given, "preconditions");
  const dryRun = Array.isArray(given["dryRun"]) ? given["dryRun"].map(String) : query.getAll("dryRun");
  return {
    gracePeriodSeconds: grace as number | undefined,
    propagationPolicy: policyOf(given["propagationPolicy"] ?? query.get("propagationPolicy"), {
      orphanDependents: given["orphanDependents"] ?? query.get("orphanDependents"),
    }),
    preconditions: {
      ...(typeof preconditions["uid"] === "string" ? { uid: preconditions["uid"] } : {}),
      ...(typeof preconditions["resourceVersion"] === "string"
        ? { resourceVersion: preconditions["resourceVersion"] }
        : {}),
    },
    dryRun: isDryRun(dryRun),
  };
}

function numberOf(text: string | null): number | undefined {
  return text === null ? undefined : Number(text);
}

function policyOf(
  policy: unknown,
  { orphanDependents }: { readonly orphanDependents: unknown },
): PropagationPolicy | undefined {
  if (policy === undefined || policy === null) {
    if (orphanDependents === true || orphanDependents === "true") return "Orphan";
    if (orphanDependents === false || orphanDependents === "false") return "Background";
    return undefined;
  }
  if (policy === "Background" || policy === "Foreground" || policy === "Orphan") return policy;
  throw invalid({ group: "meta.k8s.io", kind: "DeleteOptions" }, "", [
    {
      field: "propagationPolicy",
      reason: "FieldValueNotSupported",
      message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Foreground", "Background", "Orphan", "nil"`,
    },
  ]);
}
