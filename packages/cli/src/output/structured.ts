import { stringify } from "yaml";
import { UsageError } from "../exit-codes.ts";

export type OutputFormat = "table" | "wide" | "json" | "yaml" | "name";

/** Checks an `-o` value against what a command offers. Throws UsageError. */
export function outputFormat<Format extends OutputFormat>(value: string, offered: readonly Format[]): Format {
  if ((offered as readonly string[]).includes(value)) return value as Format;
  throw new UsageError(`unknown output format ${JSON.stringify(value)}: use ${offered.join(", ")}`);
}

/** JSON or YAML text of a value. */
export function formatStructured(format: "json" | "yaml", value: unknown): string {
  return format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value);
}
