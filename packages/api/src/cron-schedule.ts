/** A parsed five-field schedule: the values each field allows. */
export interface CronSchedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** 0 is Sunday. */
  readonly daysOfWeek: ReadonlySet<number>;
  /** With both day fields restricted either is enough. Source: crontab(5). */
  readonly eitherDay: boolean;
}

/** The text is no schedule. Caller: report it and wait for the object to change. */
export class InvalidScheduleError extends Error {
  override readonly name = "InvalidScheduleError";
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
const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/**
 * Parses `minute hour day-of-month month day-of-week` (`*`, `5`, `1-5`, `*` or a range with `/step`, names of months and days, lists) or
 * a macro such as `@daily`. Throws InvalidScheduleError. Source: robfig/cron, which CronJobs and disruption budgets are read with.
 */
export function parseCron(text: string): CronSchedule {
  const fields = (MACROS.get(text.trim()) ?? text.trim()).split(/\s+/);
  if (fields.length !== 5)
    throw new InvalidScheduleError(`expected exactly 5 fields, found ${fields.length}: ${JSON.stringify(text)}`);
  const [minute = "", hour = "", dayOfMonth = "", month = "", dayOfWeek = ""] = fields;
  const daysOfWeek = parseField(dayOfWeek, { first: 0, last: 7, names: WEEKDAYS });
  return {
    minutes: parseField(minute, { first: 0, last: 59 }),
    hours: parseField(hour, { first: 0, last: 23 }),
    daysOfMonth: parseField(dayOfMonth, { first: 1, last: 31 }),
    months: parseField(month, { first: 1, last: 12, names: MONTHS }),
    daysOfWeek: new Set([...daysOfWeek].map((day) => day % 7)),
    eitherDay: isRestricted(dayOfMonth) && isRestricted(dayOfWeek),
  };
}

function isRestricted(field: string): boolean {
  return !field.startsWith("*") && !field.startsWith("?");
}

interface FieldRange {
  readonly first: number;
  readonly last: number;
  /** The first name stands for `first`. */
  readonly names?: readonly string[];
}

function parseField(field: string, range: FieldRange): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const [, first = "", last, step] = /^([^/-]+)(?:-([^/-]+))?(?:\/(\d+))?$/.exec(part) ?? [];
    const isAny = last === undefined && (first === "*" || first === "?");
    const from = isAny ? range.first : parseValue(first, range);
    const to = isAny ? range.last : endOf({ first, last, step }, range);
    const every = step === undefined ? 1 : Number(step);
    if (every === 0 || from > to || from < range.first || to > range.last)
      throw new InvalidScheduleError(`${JSON.stringify(part)} is outside of ${range.first}-${range.last}`);
    for (let value = from; value <= to; value += every) values.add(value);
  }
  return values;
}

interface Span {
  readonly first: string;
  readonly last: string | undefined;
  readonly step: string | undefined;
}

/** `5/15` means from 5 to the end in steps. */
function endOf({ first, last, step }: Span, range: FieldRange): number {
  if (last !== undefined) return parseValue(last, range);
  return step === undefined ? parseValue(first, range) : range.last;
}

function parseValue(text: string, { first, names = [] }: FieldRange): number {
  const index = names.indexOf(text.toUpperCase());
  if (index >= 0) return index + first;
  if (!/^\d+$/.test(text)) throw new InvalidScheduleError(`failed to parse ${JSON.stringify(text)} as a number`);
  return Number(text);
}

/** Longest look ahead: February 29 comes within it, a date that never comes ends the search. */
const SEARCH_DAYS_MAX = 5 * 366;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The first run after `after`, undefined if the schedule never runs. `timeZone` is an IANA name, default UTC. Throws InvalidScheduleError for
 * an unknown zone.
 */
export function nextRun(schedule: CronSchedule, after: Date, timeZone = "UTC"): Date | undefined {
  let time = Math.floor(after.getTime() / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const endMs = time + SEARCH_DAYS_MAX * 24 * HOUR_MS;
  const local = localClock(timeZone);
  while (time < endMs) {
    const at = local(time);
    // Days of 23 and 25 hours: from midnight only so far that the next day is never skipped.
    if (!dayMatches(schedule, at)) time += Math.max(1, 23 - at.hour) * HOUR_MS - at.minute * MINUTE_MS;
    else if (!schedule.hours.has(at.hour)) time += HOUR_MS - at.minute * MINUTE_MS;
    else if (!schedule.minutes.has(at.minute)) time += MINUTE_MS;
    else return new Date(time);
  }
  return undefined;
}

interface LocalTime {
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly weekday: number;
}

function dayMatches({ months, daysOfMonth, daysOfWeek, eitherDay }: CronSchedule, at: LocalTime): boolean {
  if (!months.has(at.month)) return false;
  const [ofMonth, ofWeek] = [daysOfMonth.has(at.day), daysOfWeek.has(at.weekday)];
  return eitherDay ? ofMonth || ofWeek : ofMonth && ofWeek;
}

/** Reads the wall clock of a time zone. */
function localClock(timeZone: string): (timeMs: number) => LocalTime {
  if (timeZone === "UTC" || timeZone === "Etc/UTC") return readUtc;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
    });
  } catch (error) {
    throw new InvalidScheduleError(`unknown time zone ${timeZone}`, { cause: error });
  }
  return (timeMs) => {
    const parts = new Map(format.formatToParts(timeMs).map(({ type, value }) => [type, Number(value)]));
    const read = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
    const [year, month, day] = [read("year"), read("month"), read("day")];
    const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
    return { minute: read("minute"), hour: read("hour"), day, month, weekday };
  };
}

function readUtc(timeMs: number): LocalTime {
  const date = new Date(timeMs);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}
