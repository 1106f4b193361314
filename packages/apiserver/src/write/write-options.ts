import type { FieldValidation } from "../kinds/kind.ts";
import type { UserInfo } from "../server.ts";
import { badRequest, invalid } from "../status.ts";

/** What the query of a write says. */
export interface WriteOptions {
  readonly dryRun: boolean;
  readonly fieldValidation: FieldValidation;
  /** Whether the client asked for a field validation itself. */
  readonly fieldValidationGiven: boolean;
  readonly user: UserInfo;
}

export function writeOptions(query: URLSearchParams, user: UserInfo): WriteOptions {
  const fieldValidation = query.get("fieldValidation") ?? "";
  if (!["", "Strict", "Warn", "Ignore"].includes(fieldValidation))
    throw badRequest(`fieldValidation parameter unsupported: "${fieldValidation}"`);
  return {
    dryRun: isDryRun(query.getAll("dryRun")),
    fieldValidation: fieldValidation === "" ? "Warn" : (fieldValidation as FieldValidation),
    fieldValidationGiven: fieldValidation !== "",
    user,
  };
}

/** Only `All` is known. Throws 422 for anything else. */
export function isDryRun(values: readonly string[]): boolean {
  const wrong = values.find((value) => value !== "All");
  if (wrong !== undefined)
    throw invalid({ group: "meta.k8s.io", kind: "WriteOptions" }, "", [
      {
        field: "dryRun",
        reason: "FieldValueNotSupported",
        message: `Unsupported value: ${JSON.stringify(wrong)}: supported values: "All"`,
      },
    ]);
  return values.length > 0;
}
