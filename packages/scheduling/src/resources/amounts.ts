import type { ResourceAmounts } from "@nodeless/api";
import { formatBytes } from "@nodeless/api";

/** The sum, resource by resource. */
export function addAmounts(...all: readonly ResourceAmounts[]): ResourceAmounts {
  const total = new Map<string, number>();
  for (const amounts of all) for (const [name, amount] of amounts) total.set(name, (total.get(name) ?? 0) + amount);
  return total;
}

/** `a` minus `b`; may go below zero. Resources of `b` that `a` lacks become negative. */
export function subtractAmounts(a: ResourceAmounts, b: ResourceAmounts): ResourceAmounts {
  const total = new Map(a);
  for (const [name, amount] of b) total.set(name, (total.get(name) ?? 0) - amount);
  return total;
}

/** What a person reads: cores for cpu, a binary quantity for bytes, a plain count otherwise. */
export function formatAmount(resource: string, amount: number): string {
  if (resource === "cpu") return String(amount / 1000);
  if (resource === "memory" || resource.endsWith("storage") || resource.startsWith("hugepages-"))
    return formatBytes(amount);
  return String(amount);
}
