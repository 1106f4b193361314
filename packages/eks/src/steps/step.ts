import type { Clock, Logger } from "@nodeless/environment";
import type { KubernetesClient } from "@nodeless/runtime";
import type { AwsClients } from "../aws-clients.ts";
import type { ClusterSpec } from "../spec/cluster-spec.ts";

/** What a step did: nothing (all was as the spec says), or made or changed something. */
export interface StepOutcome {
  readonly change: "created" | "updated" | "unchanged";
  /** For the progress line, e.g. `vpc-0a1b…, 3 zones`. */
  readonly detail: string;
}

/** What later steps need of earlier ones. Everything in it can be observed again, so a rerun starts from nothing. */
export interface Facts {
  accountId?: string;
  partition?: string;
  vpcId?: string;
  publicSubnetIds?: readonly string[];
  privateSubnetIds?: readonly string[];
  clusterRoleArn?: string;
  fargateRoleArn?: string;
  nodeRoleName?: string;
  nodeRoleArn?: string;
  controllerRoleArn?: string;
  clusterArn?: string;
  endpoint?: string;
  certificateAuthorityPem?: string;
  oidcIssuer?: string;
  clusterSecurityGroupId?: string;
  kubernetes?: KubernetesClient;
}

/** Opens a Kubernetes client once the cluster's endpoint is known. */
export type ConnectKubernetes = (cluster: {
  readonly name: string;
  readonly region: string;
  readonly endpoint: string;
  readonly certificateAuthorityPem: string;
}) => KubernetesClient;

export interface StepContext {
  readonly spec: ClusterSpec;
  readonly aws: AwsClients;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly facts: Facts;
  readonly connect: ConnectKubernetes;
  /** Between two looks at something that takes its time. */
  readonly pollMs: number;
  /** Extra environment of the provisioner, e.g. shorter batching in local mode. */
  readonly provisionerEnvironment: Readonly<Record<string, string>>;
  readonly provisionerImage: string;
}

/** One idempotent piece of building a cluster: observe by name or tag, act on the difference, wait. */
export interface Step {
  readonly id: string;
  /** For the progress line, e.g. `Fargate profile kube-system`. */
  readonly title: string;
  run(context: StepContext): Promise<StepOutcome>;
}

/** A step failed. Caller: show the message and `cause`; running the same command again continues where it stopped. */
export class StepFailedError extends Error {
  override readonly name = "StepFailedError";
  readonly step: string;

  constructor(step: Pick<Step, "title">, cause: unknown) {
    super(`${step.title} failed`, { cause });
    this.step = step.title;
  }
}

/** A fact that an earlier step must have left. Its absence is a bug in the order of steps. */
export function fact<Key extends keyof Facts>(context: StepContext, key: Key): NonNullable<Facts[Key]> {
  const value = context.facts[key];
  if (value === undefined) throw new Error(`step order: ${key} is not known yet`);
  return value as NonNullable<Facts[Key]>;
}

/** Marks everything that belongs to a cluster, so that a rerun and a deletion find it. */
export const CLUSTER_TAG = "nodeless/cluster";

/** The name of an AWS error, or "" for anything else. */
export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** Runs `attempt`; when it fails with one of `names`, runs `otherwise` instead. */
export async function unlessNamed<T>(
  names: readonly string[],
  attempt: () => Promise<T>,
  otherwise: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (names.includes(errorName(error))) return otherwise();
    throw error;
  }
}

/** Looks until `look` answers something, at most `timeoutMs`. Throws what `timedOut` says. */
export async function poll<T>(
  context: StepContext,
  timeoutMs: number,
  look: () => Promise<T | undefined>,
  timedOut: () => string,
): Promise<T> {
  const { clock, signal, pollMs } = context;
  const deadline = clock.monotonicMs() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (clock.monotonicMs() >= deadline) throw new Error(timedOut());
    await clock.sleep(pollMs, signal);
  }
}
