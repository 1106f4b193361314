import type { Clock } from "@nodeless/environment";

/** One line that a container printed. */
export interface LogLine {
  /** Wall time. */
  readonly at: Date;
  readonly text: string;
  /** Increases by one from line to line, also over restarts. */
  readonly sequence: number;
}

/** Which part of a log is wanted: the query of `pods/log`. Everything by default. */
export interface LogPart {
  /** The last so many lines. */
  readonly tailLines?: number;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  /** Every line begins with its time. */
  readonly timestamps?: boolean;
  /** The text ends after so many bytes, also inside a line. */
  readonly limitBytes?: number;
}

/** How often a follower looks for new lines. A reader does not notice, and an idle follower costs nothing. */
const FOLLOW_LOOK_MS = 200;

/** The lines of a part. Source of the order (time, then tail): kubernetes pkg/kubelet/kuberuntime/logs. */
export function selectLines(lines: readonly LogLine[], part: LogPart, now: Date): readonly LogLine[] {
  const { tailLines, sinceSeconds, sinceTime } = part;
  const sinceMs =
    sinceSeconds === undefined ? Date.parse(sinceTime ?? "1970-01-01T00:00:00Z") : now.getTime() - sinceSeconds * 1_000;
  const recent = lines.filter(({ at }) => at.getTime() >= sinceMs);
  return tailLines === undefined ? recent : recent.slice(Math.max(0, recent.length - tailLines));
}

/** Text of lines as `pods/log` answers it. */
export function formatLines(lines: readonly LogLine[], { timestamps = false, limitBytes }: LogPart): string {
  const text = lines.map(({ at, text: line }) => `${timestamps ? `${logTime(at)} ` : ""}${line}\n`).join("");
  return limitBytes === undefined ? text : Buffer.from(text).subarray(0, limitBytes).toString();
}

/** Container runtimes write nanoseconds; the clock has milliseconds. */
function logTime(at: Date): string {
  return at.toISOString().replace("Z", "000000Z");
}

/** A log that goes on: `lines` as they are now, undefined once the container has ended or is gone. */
export interface GrowingLog {
  read(): readonly LogLine[] | undefined;
}

/** Gives the part, then new lines until the container ends, `limitBytes` are reached or the signal fires. Never rejects for the signal. */
export async function* followLog(
  log: GrowingLog,
  part: LogPart,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  const { tailLines: _, ...following } = part;
  let room = part.limitBytes ?? Number.POSITIVE_INFINITY;
  let next = 0;
  let wanted: LogPart = part;
  for (let lines = log.read(); lines !== undefined && room > 0 && !signal.aborted; lines = log.read()) {
    const fresh = lines.filter(({ sequence }) => sequence >= next);
    next = (fresh.at(-1)?.sequence ?? next - 1) + 1;
    const { limitBytes: __, ...format } = wanted;
    const bytes = Buffer.from(formatLines(selectLines(fresh, wanted, clock.now()), format));
    wanted = following;
    if (bytes.length > 0) yield bytes.subarray(0, room);
    room -= bytes.length;
    try {
      await clock.sleep(FOLLOW_LOOK_MS, signal);
    } catch {
      return;
    }
  }
}
