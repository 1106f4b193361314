import { formatBytes, formatMilli, type ResourceAmounts } from "@nodeless/api";

/** Amounts as a ResourceList: millicores for cpu, binary suffixes for bytes, plain counts else. */
export function formatResources(amounts: ResourceAmounts): Readonly<Record<string, string>> {
  const names = [...amounts.keys()].sort();
  return Object.fromEntries(names.map((name) => [name, formatAmount(name, amounts.get(name) ?? 0)]));
}

/** One amount as a quantity. */
export function formatAmount(name: string, amount: number): string {
  if (name === "cpu") return formatMilli(amount);
  return isBytes(name) ? formatBytes(amount) : String(amount);
}

const isBytes = (name: string): boolean =>
  name === "memory" || name === "ephemeral-storage" || name === "storage" || name.startsWith("hugepages-");

/** a + b by resource. */
export function addAmounts(a: ResourceAmounts, b: ResourceAmounts): Map<string, number> {
  const sum = new Map(a);
  for (const [name, amount] of b) sum.set(name, (sum.get(name) ?? 0) + amount);
  return sum;
}

/** a − b for the resources of a, not below zero. */
export function subtractAmounts(a: ResourceAmounts, b: ResourceAmounts): Map<string, number> {
  return new Map([...a].map(([name, amount]) => [name, Math.max(0, amount - (b.get(name) ?? 0))]));
}
