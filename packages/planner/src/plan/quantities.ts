import type { ResourceAmounts } from "@nodeless/api";
import { formatBytes, formatMilli } from "@nodeless/api";
import type { Quantities } from "../contract.ts";

/** Amounts as exact Kubernetes quantities, sorted by name; what is nothing is left out. */
export function quantitiesOf(amounts: ResourceAmounts): Quantities {
  const entries = [...amounts].filter(([, amount]) => amount !== 0).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([name, amount]) => [name, formatQuantity(name, amount)]));
}

function formatQuantity(name: string, amount: number): string {
  if (name === "cpu") return formatMilli(amount);
  return isBytes(name) ? formatBytes(amount) : String(amount);
}

const isBytes = (name: string): boolean =>
  name === "memory" || name.endsWith("storage") || name.startsWith("hugepages-");
