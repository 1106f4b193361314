/**
 * A count from a number or a percentage of `total`. Text that is neither counts as 0.
 * Source: apimachinery intstr GetScaledValueFromIntOrPercent.
 */
export function scaledValue(value: number | string | undefined, total: number, rounding: "up" | "down"): number {
  if (value === undefined) return 0;
  if (typeof value === "number") return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  if (percent === undefined) return 0;
  const exact = (Number(percent) * total) / 100;
  return rounding === "up" ? Math.ceil(exact) : Math.floor(exact);
}
