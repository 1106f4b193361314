import { parseDurationMs } from "./duration.ts";

/** What the provisioner is told once, at start. Made by {@link parseProvisionerSettings}. */
export interface ProvisionerSettings {
  readonly clusterName: string;
  /** Name of the SQS queue with interruption notices; empty means none. */
  readonly interruptionQueue: string;
  readonly logLevel: "debug" | "info" | "warn" | "error";
  /** Instance profile for AWSNodeTemplates that name none (`aws.defaultInstanceProfile` of the first generation). */
  readonly defaultInstanceProfile: string | undefined;
  /** The batch window closes after this much quiet ... */
  readonly batchIdleMs: number;
  /** ... and never lasts longer than this. */
  readonly batchMaxMs: number;
  /** Ignore: what pods only prefer is given up from the start. */
  readonly preferencePolicy: "Respect" | "Ignore";
  /** BestEffort: a claim may have fewer distinct values than minValues asks for, if no more exist. */
  readonly minValuesPolicy: "Strict" | "BestEffort";
  readonly leaderElection: LeaderElectionSettings;
  readonly intervals: ProvisionerIntervals;
}

export interface LeaderElectionSettings {
  readonly enabled: boolean;
  readonly leaseName: string;
  readonly namespace: string;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
}

/** How often and how long, in milliseconds. Defaults are upstream's; a compressed local cluster shortens them. */
export interface ProvisionerIntervals {
  /** Unschedulable pods are looked at again. */
  readonly podRetryMs: number;
  /** Between two looks for nodes to disrupt. */
  readonly disruptionMs: number;
  /** From choosing an empty node to removing it, so that a pod on its way can still arrive. */
  readonly disruptionValidationMs: number;
  /** Repeated pod events of a node within this time count once. */
  readonly podEventMs: number;
  /** Claims whose instance vanished and instances without a claim are looked for. */
  readonly garbageCollectionMs: number;
  /** Younger instances without a claim are left alone: their claim may still be written. */
  readonly orphanAgeMs: number;
  /** A draining node is held at least this long. */
  readonly drainMinMs: number;
  /** Between two looks at a draining node or a terminating instance. */
  readonly terminationMs: number;
  /** A claim not launched by then is given up. */
  readonly launchTimeoutMs: number;
  /** A claim not registered by then is given up. */
  readonly registrationTimeoutMs: number;
  /** How long an offering without capacity is not tried again. */
  readonly unavailableOfferingMs: number;
  /** Node classes are resolved again. */
  readonly nodeClassMs: number;
}

/** Bad settings, all of them at once. Caller: show the message and stop. */
export class InvalidSettingsError extends Error {
  override readonly name = "InvalidSettingsError";
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`invalid settings: ${problems.join("; ")}`);
    this.problems = problems;
  }
}

/** Environment variables of durations and their defaults. The first three blocks are Karpenter's names, the rest are ours. */
const DURATIONS = {
  BATCH_IDLE_DURATION: "1s",
  BATCH_MAX_DURATION: "10s",
  LEASE_DURATION: "15s",
  LEASE_RENEW_DEADLINE: "10s",
  LEASE_RETRY_PERIOD: "2s",
  POD_RETRY_INTERVAL: "10s",
  DISRUPTION_INTERVAL: "10s",
  DISRUPTION_VALIDATION_DELAY: "15s",
  POD_EVENT_INTERVAL: "10s",
  GARBAGE_COLLECTION_INTERVAL: "2m",
  ORPHAN_INSTANCE_AGE: "30s",
  DRAIN_MIN_DURATION: "5s",
  TERMINATION_INTERVAL: "5s",
  LAUNCH_TIMEOUT: "5m",
  REGISTRATION_TIMEOUT: "15m",
  UNAVAILABLE_OFFERING_DURATION: "3m",
  NODE_CLASS_INTERVAL: "1m",
} as const;

const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

/**
 * Settings from environment variables with Karpenter's names and defaults (karpenter.md §6.3): CLUSTER_NAME (required),
 * INTERRUPTION_QUEUE, LOG_LEVEL, BATCH_IDLE_DURATION, BATCH_MAX_DURATION, PREFERENCE_POLICY, MIN_VALUES_POLICY, DISABLE_LEADER_ELECTION,
 * LEADER_ELECTION_NAME, SYSTEM_NAMESPACE; DEFAULT_INSTANCE_PROFILE; and the durations of {@link ProvisionerIntervals}, e.g. DISRUPTION_INTERVAL=1s.
 * Unknown variables are ignored, as an environment holds many. Throws InvalidSettingsError naming every problem.
 */
export function parseProvisionerSettings(env: ReadonlyMap<string, string>): ProvisionerSettings {
  const problems: string[] = [];
  const text = (name: string, fallback: string): string => {
    const value = env.get(name)?.trim();
    return value === undefined || value === "" ? fallback : value;
  };
  const duration = (name: keyof typeof DURATIONS): number => {
    try {
      return parseDurationMs(text(name, DURATIONS[name]));
    } catch (error) {
      problems.push(`${name} is ${error instanceof Error ? error.message : String(error)}`);
      return 0;
    }
  };
  const clusterName = text("CLUSTER_NAME", "");
  if (clusterName === "") problems.push("CLUSTER_NAME is required");
  const oneOf = <T extends string>(name: string, values: readonly [T, ...T[]], fallback: T): T => {
    const value = text(name, fallback);
    const found = values.find((known) => known.toLowerCase() === value.toLowerCase());
    if (found === undefined) problems.push(`${name} must be one of ${values.join(", ")}, not ${value}`);
    return found ?? fallback;
  };
  const settings: ProvisionerSettings = {
    clusterName,
    interruptionQueue: text("INTERRUPTION_QUEUE", ""),
    logLevel: oneOf("LOG_LEVEL", LOG_LEVELS, "info"),
    defaultInstanceProfile: text("DEFAULT_INSTANCE_PROFILE", "") || undefined,
    batchIdleMs: duration("BATCH_IDLE_DURATION"),
    batchMaxMs: duration("BATCH_MAX_DURATION"),
    preferencePolicy: oneOf("PREFERENCE_POLICY", ["Respect", "Ignore"], "Respect"),
    minValuesPolicy: oneOf("MIN_VALUES_POLICY", ["Strict", "BestEffort"], "Strict"),
    leaderElection: {
      enabled: text("DISABLE_LEADER_ELECTION", "false") !== "true" && text("LEADER_ELECT", "true") !== "false",
      leaseName: text("LEADER_ELECTION_NAME", "karpenter-leader-election"),
      namespace: text("SYSTEM_NAMESPACE", "karpenter"),
      leaseDurationMs: duration("LEASE_DURATION"),
      renewDeadlineMs: duration("LEASE_RENEW_DEADLINE"),
      retryPeriodMs: duration("LEASE_RETRY_PERIOD"),
    },
    intervals: parseIntervals(duration),
  };
  if (settings.batchIdleMs > settings.batchMaxMs)
    problems.push("BATCH_IDLE_DURATION must not be longer than BATCH_MAX_DURATION");
  if (problems.length > 0) throw new InvalidSettingsError(problems);
  return Object.freeze(settings);
}

function parseIntervals(duration: (name: keyof typeof DURATIONS) => number): ProvisionerIntervals {
  return {
    podRetryMs: duration("POD_RETRY_INTERVAL"),
    disruptionMs: duration("DISRUPTION_INTERVAL"),
    disruptionValidationMs: duration("DISRUPTION_VALIDATION_DELAY"),
    podEventMs: duration("POD_EVENT_INTERVAL"),
    garbageCollectionMs: duration("GARBAGE_COLLECTION_INTERVAL"),
    orphanAgeMs: duration("ORPHAN_INSTANCE_AGE"),
    drainMinMs: duration("DRAIN_MIN_DURATION"),
    terminationMs: duration("TERMINATION_INTERVAL"),
    launchTimeoutMs: duration("LAUNCH_TIMEOUT"),
    registrationTimeoutMs: duration("REGISTRATION_TIMEOUT"),
    unavailableOfferingMs: duration("UNAVAILABLE_OFFERING_DURATION"),
    nodeClassMs: duration("NODE_CLASS_INTERVAL"),
  };
}
