import { ApiStatusError } from "@nodeless/runtime";

/** The server refused a creation because the namespace is going away: whoever wanted the object need not retry. */
export function isNamespaceTerminating(error: unknown): boolean {
  return (
    error instanceof ApiStatusError &&
    error.details?.causes?.some(({ reason }) => reason === "NamespaceTerminating") === true
  );
}
