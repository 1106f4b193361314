import { parseMilli, parseUnits } from "@nodeless/api";
import type { Quantities } from "../contract.ts";
import { HOURS_PER_MONTH } from "../plan/plan-document.ts";

/** `0.1720`; `~` before an estimate. */
export function hourly(usdPerHour: number, isEstimate = false): string {
  return `${isEstimate ? "~" : ""}${usdPerHour.toFixed(4)}`;
}

/** `125.56`, for 730 hours; `~` before an estimate. */
export function monthly(usdPerHour: number, isEstimate = false): string {
  const usd = usdPerHour * HOURS_PER_MONTH;
  const text = Math.abs(usd) >= 10_000 ? Math.round(usd).toLocaleString("en-US") : usd.toFixed(2);
  return `${isEstimate ? "~" : ""}${text}`;
}

/** `12.3 %`; small shares keep a digit more. */
export function percentText(ratio: number): string {
  const value = ratio * 100;
  if (Math.abs(value) < 0.005) return "0 %";
  const digits = Math.abs(value) < 0.095 && value !== 0 ? 2 : Math.abs(value) < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)} %`;
}

/** Millicores of a requested cpu. */
export const millicoresOf = (quantities: Quantities): number => parseMilli(quantities["cpu"] ?? "0");

/** Bytes of a requested memory. */
export const memoryBytesOf = (quantities: Quantities): number => parseUnits(quantities["memory"] ?? "0");

/** `0.125vCPU` */
export const vcpuText = (millicores: number): string => `${Math.round(millicores) / 1000}vCPU`;

/** Whole Mi, or Gi where it is a round number. */
export function memoryText(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  if (mebibytes >= 1024 && Number.isInteger((mebibytes / 1024) * 4)) return `${mebibytes / 1024}Gi`;
  return mebibytes >= 10_240 ? `${decimals(mebibytes / 1024)}Gi` : `${Math.round(mebibytes)}Mi`;
}

/** An exact quantity of a resource as somebody reads it: memory in round units, others as they are. */
export function amountText(resource: string, quantity: string): string {
  return resource === "memory" ? memoryText(parseUnits(quantity)) : quantity;
}

/** `500m 512Mi`: what a pod asks for, in the order everyone reads it; `64 cpu` when it asks for that alone. */
export function requestText(quantities: Quantities): string {
  const { cpu, memory, ...others } = quantities;
  const more = Object.entries(others)
    .filter(([name]) => name !== "pods" && name !== "ephemeral-storage")
    .map(([name, amount]) => `${amount} ${name.slice(name.indexOf("/") + 1)}`);
  const main =
    cpu !== undefined && memory !== undefined
      ? [cpu, memory]
      : [...(cpu === undefined ? [] : [`${cpu} cpu`]), ...(memory === undefined ? [] : [`${memory} memory`])];
  return [...main, ...more].join(" ") || "nothing";
}

/** `3 nodes` */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}

const decimals = (value: number): string => String(Math.round(value * 100) / 100);
