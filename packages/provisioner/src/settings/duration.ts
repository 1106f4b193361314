const PART = /(\d+(?:\.\d+)?)(ms|s|m|h)/g;
const WHOLE = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/;
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
]);

/**
 * Milliseconds of a duration as Go and Karpenter write it (`1m30s`, `720h`, `100ms`, `0s`). Throws RangeError for anything else;
 * `Never` is not a duration, see {@link parseDurationOrNever}.
 */
export function parseDurationMs(text: string): number {
  if (text === "0") return 0;
  if (!WHOLE.test(text)) throw new RangeError(`not a duration such as 30s, 10m or 720h: ${JSON.stringify(text)}`);
  let totalMs = 0;
  for (const [, amount = "0", unit = ""] of text.matchAll(PART)) totalMs += Number(amount) * (UNIT_MS.get(unit) ?? 0);
  return totalMs;
}

/** Like {@link parseDurationMs}, with undefined for `Never`. */
export function parseDurationOrNever(text: string): number | undefined {
  return text === "Never" ? undefined : parseDurationMs(text);
}

/** `90000` → `1m30s`, for texts that people read. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return ms === 0 ? "0s" : `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1_000);
  const parts = [
    { amount: Math.floor(seconds / 3_600), unit: "h" },
    { amount: Math.floor(seconds / 60) % 60, unit: "m" },
    { amount: seconds % 60, unit: "s" },
  ];
  return parts.flatMap(({ amount, unit }) => (amount === 0 ? [] : [`${amount}${unit}`])).join("");
}
