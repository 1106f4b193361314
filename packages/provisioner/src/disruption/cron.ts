/** A cron schedule in UTC: which minutes, hours, days, months and weekdays it hits. */
export interface Schedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  /** When both day fields are restricted, either may hit. Source: crontab(5). */
  readonly eitherDay: boolean;
}

const MACROS: ReadonlyMap<string, string> = new Map([
  ["@yearly", "0 0 1 1 *"],
  ["@annually", "0 0 1 1 *"],
  ["@monthly", "0 0 1 * *"],
  ["@weekly", "0 0 * * 0"],
  ["@daily", "0 0 * * *"],
  ["@midnight", "0 0 * * *"],
  ["@hourly", "0 * * * *"],
]);
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Five fields (`*`, `5`, `1-5`, `*` or a range with `/step`, names of months and days, lists) or a macro; undefined if it is neither. */
export function parseSchedule(text: string): Schedule | undefined {
  const fields = (MACROS.get(text.trim()) ?? text).trim().toLowerCase().split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  const minutes = parseField(minute, { low: 0, high: 59 });
  const hours = parseField(hour, { low: 0, high: 23 });
  const daysOfMonth = parseField(day, { low: 1, high: 31 });
  const months = parseField(month, { low: 1, high: 12, names: MONTHS });
  const weekdays = parseField(weekday, { low: 0, high: 7, names: WEEKDAYS });
  if (!minutes || !hours || !daysOfMonth || !months || !weekdays) return undefined;
  const daysOfWeek = new Set([...weekdays].map((value) => value % 7));
  const isRestricted = (field: string): boolean => !field.startsWith("*") && !field.startsWith("?");
  return { minutes, hours, daysOfMonth, months, daysOfWeek, eitherDay: isRestricted(day) && isRestricted(weekday) };
}

interface FieldRange {
  readonly low: number;
  readonly high: number;
  readonly names?: readonly string[];
}

function parseField(field: string, range: FieldRange): ReadonlySet<number> | undefined {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [span = "", stepText, ...rest] = part.split("/");
    const step = stepText === undefined ? 1 : /^\d+$/.test(stepText) ? Number(stepText) : 0;
    const bounds = parseSpan(span, range, stepText !== undefined);
    if (rest.length > 0 || step < 1 || bounds === undefined) return undefined;
    for (let value = bounds.from; value <= bounds.to; value += step) values.add(value);
  }
  return values;
}

function parseSpan(
  span: string,
  { low, high, names = [] }: FieldRange,
  stepped: boolean,
): { readonly from: number; readonly to: number } | undefined {
  if (span === "*" || span === "?") return { from: low, to: high };
  const numberOf = (text: string): number => {
    const named = names.indexOf(text);
    if (named >= 0) return named + low;
    return /^\d+$/.test(text) ? Number(text) : Number.NaN;
  };
  const [first = "", last, ...rest] = span.split("-");
  const from = numberOf(first);
  // `5/15` means from 5 to the end in steps.
  const to = last === undefined ? (stepped ? high : from) : numberOf(last);
  const valid = rest.length === 0 && from >= low && to <= high && from <= to;
  return valid ? { from, to } : undefined;
}

const MINUTE_MS = 60_000;

/** True if the schedule hits at some minute in (now − duration, now]. */
export function hitWithin(
  schedule: Schedule,
  { now, durationMs }: { readonly now: Date; readonly durationMs: number },
): boolean {
  const last = Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS;
  for (let minute = last; minute > now.getTime() - durationMs; minute -= MINUTE_MS)
    if (hits(schedule, new Date(minute))) return true;
  return false;
}

function hits(schedule: Schedule, at: Date): boolean {
  const { minutes, hours, daysOfMonth, months, daysOfWeek, eitherDay } = schedule;
  const day = daysOfMonth.has(at.getUTCDate());
  const weekday = daysOfWeek.has(at.getUTCDay());
  return (
    minutes.has(at.getUTCMinutes()) &&
    hours.has(at.getUTCHours()) &&
    months.has(at.getUTCMonth() + 1) &&
    (eitherDay ? day || weekday : day && weekday)
  );
}
