import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { InvalidScheduleError, nextRun, parseCron } from "@nodeless/api";

describe("schedule", () => {
  for (const { schedule, after, zone, want } of [
    { schedule: "* * * * *", after: "2026-01-01T00:00:30Z", want: "2026-01-01T00:01:00Z" },
    { schedule: "*/15 * * * *", after: "2026-01-01T00:15:00Z", want: "2026-01-01T00:30:00Z" },
    { schedule: "5/20 * * * *", after: "2026-01-01T00:26:00Z", want: "2026-01-01T00:45:00Z" },
    { schedule: "30 3 * * *", after: "2026-01-01T04:00:00Z", want: "2026-01-02T03:30:00Z" },
    { schedule: "0 9-17/4 * * MON-FRI", after: "2026-01-02T17:30:00Z", want: "2026-01-05T09:00:00Z" },
    { schedule: "0 0 13 * 5", after: "2026-01-03T00:00:00Z", want: "2026-01-09T00:00:00Z" },
    { schedule: "0 0 * * 7", after: "2026-01-01T00:00:00Z", want: "2026-01-04T00:00:00Z" },
    { schedule: "0 0 29 FEB *", after: "2026-01-01T00:00:00Z", want: "2028-02-29T00:00:00Z" },
    { schedule: "0 0 31 2 *", after: "2026-01-01T00:00:00Z", want: undefined },
    { schedule: "@hourly", after: "2026-01-01T00:00:00Z", want: "2026-01-01T01:00:00Z" },
    { schedule: "0 9 * * *", zone: "Asia/Seoul", after: "2026-01-01T01:00:00Z", want: "2026-01-02T00:00:00Z" },
    { schedule: "0 12 * * *", zone: "America/New_York", after: "2026-03-08T00:00:00Z", want: "2026-03-08T16:00:00Z" },
  ])
    test(`${schedule}${zone === undefined ? "" : ` in ${zone}`} after ${after}`, () =>
      assert.equal(nextRun(parseCron(schedule), new Date(after), zone)?.toISOString().replace(".000Z", "Z"), want));

  for (const schedule of [
    "",
    "* * * *",
    "60 * * * *",
    "* 24 * * *",
    "* * 0 * *",
    "* 5-2 * * *",
    "*/0 * * * *",
    "* * * FOO *",
    "1-2-3 * * * *",
    "*-5 * * * *",
    "@often",
  ])
    test(`${JSON.stringify(schedule)} is refused`, () =>
      assert.throws(() => parseCron(schedule), InvalidScheduleError));
});
