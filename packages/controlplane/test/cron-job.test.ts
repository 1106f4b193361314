import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CronJob, CronJobSpec, CronJobStatus, Job } from "@nodeless/api";
import { planCronJob } from "../src/cronjob/plan-cron-job.ts";

describe("CronJob", () => {
  const NOW = new Date("2026-01-01T01:00:20Z");
  const meta = (name: string) => ({
    name,
    namespace: "default",
    uid: `uid-${name}`,
    resourceVersion: "1",
    creationTimestamp: "2026-01-01T00:30:30Z",
  });
  const cronJob = (
    spec: Partial<CronJobSpec> = {},
    status: CronJobStatus = { lastScheduleTime: "2026-01-01T00:59:00Z" },
  ): CronJob => ({
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: meta("tick"),
    spec: { schedule: "* * * * *", jobTemplate: { spec: { template: { spec: { containers: [] } } } }, ...spec },
    status,
  });
  const job = (name: string, ended?: "Complete" | "Failed"): Job => ({
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: meta(name),
    spec: { template: {} },
    ...(ended === undefined
      ? {}
      : { status: { conditions: [{ type: ended, status: "True" }], completionTime: "2026-01-01T00:50:00Z" } }),
  });

  for (const { rule, one = cronJob(), jobs = [], create, remove = [], skipped = false } of [
    { rule: "starts the run that is due, named after its minute", create: "tick-29453820" },
    { rule: "starts it once", one: cronJob({}, { lastScheduleTime: "2026-01-01T01:00:00Z" }) },
    { rule: "starts only the last of several missed runs", one: cronJob({}, {}), create: "tick-29453820" },
    {
      rule: "does not start what is past its deadline",
      one: cronJob({ schedule: "0 1 * * *", startingDeadlineSeconds: 10 }),
    },
    { rule: "does nothing while suspended", one: cronJob({ suspend: true }) },
    { rule: "lets runs overlap by default", jobs: [job("a")], create: "tick-29453820" },
    {
      rule: "skips when concurrency is forbidden",
      one: cronJob({ concurrencyPolicy: "Forbid" }),
      jobs: [job("a")],
      skipped: true,
    },
    {
      rule: "replaces what still runs",
      one: cronJob({ concurrencyPolicy: "Replace" }),
      jobs: [job("a")],
      create: "tick-29453820",
      remove: ["a"],
    },
    {
      rule: "keeps three successes and one failure",
      one: cronJob({ suspend: true }),
      jobs: [...["a", "b", "c", "d"].map((name) => job(name, "Complete")), job("e", "Failed"), job("f", "Failed")],
      remove: ["a", "e"],
    },
  ])
    test(rule, () => {
      const plan = planCronJob({ cronJob: one, jobs, now: NOW });
      assert.deepEqual(
        [plan.create?.metadata.name, plan.remove.map(({ metadata }) => metadata.name), plan.skipped],
        [create, remove, skipped],
      );
    });

  test("waits for the next minute and reports what is active and when it last succeeded", () => {
    const plan = planCronJob({ cronJob: cronJob(), jobs: [job("a"), job("b", "Complete")], now: NOW });
    assert.equal(plan.requeueAfterMs, 40_000);
    assert.deepEqual(
      plan.status.active?.map(({ name }) => name),
      ["a"],
    );
    assert.deepEqual(
      [plan.status.lastScheduleTime, plan.status.lastSuccessfulTime],
      ["2026-01-01T01:00:00Z", "2026-01-01T00:50:00Z"],
    );
  });
});
