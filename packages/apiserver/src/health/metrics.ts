/** What one request was. */
interface RequestLabels {
  readonly verb: string;
  readonly resource: string;
  readonly code: number;
}

/** Distinct label sets; methods and resources come from clients, so the number needs a bound. */
const SERIES_MAX = 5_000;

/** Counts requests, in the names of the real server's metrics. */
export class RequestMetrics {
  readonly #series = new Map<string, { count: number; seconds: number }>();

  count({ verb, resource, code }: RequestLabels, durationMs: number): void {
    const key = `code="${code}",resource="${label(resource)}",verb="${label(verb.toUpperCase())}"`;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= SERIES_MAX) return;
      series = { count: 0, seconds: 0 };
      this.#series.set(key, series);
    }
    series.count += 1;
    series.seconds += durationMs / 1_000;
  }

  /** Prometheus text. */
  text(gauges: { readonly watches: number; readonly revision: number }): string {
    const lines = ["# TYPE apiserver_request_total counter"];
    for (const [key, { count }] of this.#series) lines.push(`apiserver_request_total{${key}} ${count}`);
    lines.push("# TYPE apiserver_request_duration_seconds summary");
    for (const [key, { count, seconds }] of this.#series) {
      lines.push(`apiserver_request_duration_seconds_sum{${key}} ${seconds}`);
      lines.push(`apiserver_request_duration_seconds_count{${key}} ${count}`);
    }
    lines.push(
      "# TYPE apiserver_longrunning_requests gauge",
      `apiserver_longrunning_requests{verb="WATCH"} ${gauges.watches}`,
      "# TYPE apiserver_storage_revision counter",
      `apiserver_storage_revision ${gauges.revision}`,
    );
    return `${lines.join("\n")}\n`;
  }
}

function label(text: string): string {
  return text.replaceAll(/[^A-Za-z0-9_.-]/g, "_").slice(0, 63);
}
