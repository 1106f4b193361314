interface CronField {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  readonly words: readonly string[];
}

const FIELDS: readonly CronField[] = [
  { name: "minute", min: 0, max: 59, words: [] },
  { name: "hour", min: 0, max: 23, words: [] },
  { name: "day of month", min: 1, max: 31, words: [] },
  {
    name: "month",
    min: 1,
    max: 12,
    words: ["", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
  },
  { name: "day of week", min: 0, max: 6, words: ["sun", "mon", "tue", "wed", "thu", "fri", "sat"] },
];
const DESCRIPTORS = new Set(["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"]);

/** Why a cron schedule is not one, or undefined. Source: the standard parser of github.com/robfig/cron/v3. */
export function cronProblem(schedule: string): string | undefined {
  const text = schedule.replace(/^(?:TZ|CRON_TZ)=\S+\s+/, "").trim();
  if (DESCRIPTORS.has(text) || /^@every \d/.test(text)) return undefined;
  if (text.startsWith("@")) return `unrecognized descriptor: ${text}`;
  const parts = text.split(/\s+/);
  if (parts.length !== FIELDS.length) return `expected exactly 5 fields, found ${parts.length}: [${parts.join(" ")}]`;
  for (const [index, field] of FIELDS.entries())
    for (const range of (parts[index] ?? "").split(",")) {
      const problem = rangeProblem(range, field);
      if (problem !== undefined) return problem;
    }
  return undefined;
}

function rangeProblem(range: string, field: CronField): string | undefined {
  const [span = "", step, ...rest] = range.split("/");
  if (rest.length > 0) return `too many slashes: ${range}`;
  if (step !== undefined && !/^[1-9]\d*$/.test(step)) return `step of range should be a positive number: ${range}`;
  if (span === "*" || span === "?") return undefined;
  const ends = span.split("-");
  if (ends.length > 2) return `too many hyphens: ${range}`;
  const values = ends.map((end) => numberOf(end, field));
  if (values.includes(undefined)) return `failed to parse int from ${span}`;
  const [start = 0, end = start] = values as number[];
  if (start < field.min) return `beginning of range (${start}) below minimum (${field.min}): ${range}`;
  if (end > field.max) return `end of range (${end}) above maximum (${field.max}): ${range}`;
  return start > end ? `beginning of range (${start}) beyond end of range (${end}): ${range}` : undefined;
}

function numberOf(text: string, { words }: CronField): number | undefined {
  const word = words.indexOf(text.toLowerCase());
  if (word >= 0 && text !== "") return word;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}
