import assert from "node:assert/strict";
import { test } from "node:test";
import { formatDuration, InvalidSettingsError, parseDurationMs, parseProvisionerSettings } from "@nodeless/provisioner";

const parse = (env: Readonly<Record<string, string>>) => parseProvisionerSettings(new Map(Object.entries(env)));

test("Karpenter's names and defaults", () => {
  const settings = parse({ CLUSTER_NAME: "eks" });
  const { clusterName, interruptionQueue, logLevel, batchIdleMs, batchMaxMs, leaderElection, intervals } = settings;
  assert.deepEqual([settings.preferencePolicy, settings.minValuesPolicy], ["Respect", "Strict"]);
  assert.deepEqual(
    { clusterName, interruptionQueue, logLevel, batchIdleMs, batchMaxMs },
    { clusterName: "eks", interruptionQueue: "", logLevel: "info", batchIdleMs: 1_000, batchMaxMs: 10_000 },
  );
  assert.deepEqual(leaderElection, {
    enabled: true,
    leaseName: "karpenter-leader-election",
    namespace: "karpenter",
    leaseDurationMs: 15_000,
    renewDeadlineMs: 10_000,
    retryPeriodMs: 2_000,
  });
  assert.deepEqual(
    [intervals.disruptionMs, intervals.registrationTimeoutMs, intervals.unavailableOfferingMs, intervals.orphanAgeMs],
    [10_000, 900_000, 180_000, 30_000],
  );
});

test("values are read, unknown variables ignored, empty ones count as absent", () => {
  const settings = parse({
    CLUSTER_NAME: "eks",
    BATCH_IDLE_DURATION: "100ms",
    BATCH_MAX_DURATION: "",
    LOG_LEVEL: "DEBUG",
    DISABLE_LEADER_ELECTION: "true",
    DISRUPTION_INTERVAL: "1s",
    PATH: "/bin",
    DEFAULT_INSTANCE_PROFILE: "node",
    PREFERENCE_POLICY: "Ignore",
    MIN_VALUES_POLICY: "BestEffort",
  });
  assert.deepEqual(
    [
      settings.batchIdleMs,
      settings.batchMaxMs,
      settings.logLevel,
      settings.leaderElection.enabled,
      settings.intervals.disruptionMs,
      settings.defaultInstanceProfile,
      settings.preferencePolicy,
      settings.minValuesPolicy,
    ],
    [100, 10_000, "debug", false, 1_000, "node", "Ignore", "BestEffort"],
  );
});

test("all problems are reported together", () => {
  assert.throws(
    () => parse({ LOG_LEVEL: "loud", BATCH_IDLE_DURATION: "soon", BATCH_MAX_DURATION: "5" }),
    (error: unknown) =>
      error instanceof InvalidSettingsError &&
      error.problems.length === 4 &&
      /CLUSTER_NAME is required.*LOG_LEVEL.*BATCH_IDLE_DURATION.*BATCH_MAX_DURATION|CLUSTER_NAME/.test(error.message),
  );
  assert.throws(() => parse({ CLUSTER_NAME: "a", BATCH_IDLE_DURATION: "20s" }), /must not be longer/);
  assert.throws(
    () => parse({ CLUSTER_NAME: "a", PREFERENCE_POLICY: "Never" }),
    /PREFERENCE_POLICY must be one of Respect, Ignore, not Never/,
  );
});

for (const { text, ms, written } of [
  { text: "0s", ms: 0, written: "0s" },
  { text: "100ms", ms: 100, written: "100ms" },
  { text: "1.5s", ms: 1_500, written: "2s" },
  { text: "1h30m", ms: 5_400_000, written: "1h30m" },
  { text: "720h", ms: 2_592_000_000, written: "720h" },
])
  test(`duration ${text} is ${ms} ms, shown as ${written}`, () => {
    assert.equal(parseDurationMs(text), ms);
    assert.equal(formatDuration(ms), written);
  });

for (const text of ["", "5", "soon", "1d", "-1s", "1s ", "Never"])
  test(`${JSON.stringify(text)} is no duration`, () => {
    assert.throws(() => parseDurationMs(text), RangeError);
  });
