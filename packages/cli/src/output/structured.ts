import { stringify } from "yaml";
import { UsageError } from "../exit-codes.ts";

export type OutputFormat = "table" | "wide" | "json" | "yaml" | "name";

/** Checks an `-o` value against what a command offers. Throws UsageError. */
export function outputFormat(value: string, offered: readonly OutputFormat[]): OutputFormat {
  if ((offered as readonly string[]).includes(value)) return value as OutputFormat;
  throw new UsageError(`unknown output format ${JSON.stringify(value)}: use ${offered.join(", ")}`);
}

/** JSON or YAML text of a value. */
export function formatStructured(format: "json" | "yaml", value: unknown): string {
  return format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value);
}
