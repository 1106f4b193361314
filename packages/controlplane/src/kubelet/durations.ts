/** Durations as Go prints them, which is how kubelet messages read: `500ms`, `1.5s`, `1m20s`, `5m0s`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return ms === 0 ? "0s" : `${trim(ms)}ms`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = (ms % 60_000) / 1_000;
  if (hours > 0) return `${hours}h${minutes}m${trim(seconds)}s`;
  return minutes > 0 ? `${minutes}m${trim(seconds)}s` : `${trim(seconds)}s`;
}

/** At most three decimals, without trailing zeros. */
const trim = (value: number): string => String(Math.round(value * 1_000) / 1_000);
