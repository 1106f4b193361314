import { Option } from "commander";
import { stringify } from "yaml";

export type OutputFormat = "table" | "wide" | "json" | "yaml" | "name";

/** `-o` with the formats a command offers; the first is the default. The parser refuses others. */
export function outputOption(...offered: readonly [OutputFormat, ...OutputFormat[]]): Option {
  const text = `${offered.slice(0, -1).join(", ")} or ${offered.at(-1)}`;
  return new Option("-o, --output <format>", text).choices(offered).default(offered[0]);
}

/** JSON or YAML text of a value. */
export function formatStructured(format: "json" | "yaml", value: unknown): string {
  return format === "json" ? `${JSON.stringify(value, null, 2)}\n` : stringify(value);
}
