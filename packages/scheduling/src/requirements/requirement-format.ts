import type { Requirement, Requirements } from "../model.ts";

/** Values shown before the rest is only counted: a claim may list hundreds of instance types. */
const VALUES_SHOWN_MAX = 5;

/** `zone in (a,b)`, `arch notin (arm64)`, `team exists`, `!gpu`, `cpu >= 4`, `cpu 4..16 notin (8)`. */
export function formatRequirement(requirement: Requirement): string {
  const { key, complement, values, gte, lte } = requirement;
  if (!complement) return values.size > 0 ? `${key} in (${formatValues(values)})` : `!${key}`;
  const bounds = formatBounds(gte, lte);
  const excluded = values.size > 0 ? ` notin (${formatValues(values)})` : "";
  if (bounds === "" && excluded === "") return `${key} exists`;
  return `${key}${bounds}${excluded}`;
}

function formatBounds(gte: number | undefined, lte: number | undefined): string {
  if (gte !== undefined && lte !== undefined) return gte > lte ? " never" : ` ${gte}..${lte}`;
  if (gte !== undefined) return ` >= ${gte}`;
  return lte === undefined ? "" : ` <= ${lte}`;
}

function formatValues(values: ReadonlySet<string>): string {
  const sorted = [...values].sort();
  const shown = sorted.slice(0, VALUES_SHOWN_MAX).join(",");
  return sorted.length > VALUES_SHOWN_MAX ? `${shown} and ${sorted.length - VALUES_SHOWN_MAX} others` : shown;
}

/** All requirements, sorted by key, separated by `, `. */
export function formatRequirements(requirements: Requirements): string {
  return [...requirements.values()]
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(formatRequirement)
    .join(", ");
}
