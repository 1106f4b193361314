import { DescribeSubnetsCommand, EC2Client } from "@aws-sdk/client-ec2";
import { CreateClusterCommand, EKSClient } from "@aws-sdk/client-eks";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { ManualClock, seededRandom, silentLogger } from "@nodeless/environment";
import { openMemoryStore, type Store } from "@nodeless/storage";
import type { AddonInstallation, AwsTimings, ClusterHost, ClusterLaunch } from "../src/contract.ts";
import { createLocalAws, type SteerableLocalAws } from "../src/local-aws.ts";
import { LOCAL_ACCESS_KEY_ID, LOCAL_SECRET_ACCESS_KEY } from "../src/sts/credentials.ts";

export const REGION = "ap-northeast-2";
export const ACCOUNT = "000000000000";
export const STEP_MS = 1_000;
const TIMINGS: AwsTimings = {
  clusterCreateMs: STEP_MS,
  clusterDeleteMs: STEP_MS,
  fargateProfileCreateMs: STEP_MS,
  fargateProfileDeleteMs: STEP_MS,
  addonCreateMs: STEP_MS,
  natGatewayCreateMs: STEP_MS,
  instanceStartMs: STEP_MS,
  instanceBootMs: STEP_MS,
  instanceStopMs: STEP_MS,
  terminatedVisibleMs: STEP_MS,
};

/** Kubernetes sides that only note what is asked of them. */
export class NotingClusterHost implements ClusterHost {
  readonly notes: string[] = [];
  readonly launches: ClusterLaunch[] = [];
  /** Set to make the next starts fail. */
  failure: Error | undefined;
  issues: { readonly code: string; readonly message: string }[] = [];
  keys: Readonly<Record<string, unknown>>[] = [];

  async start(launch: ClusterLaunch): ReturnType<ClusterHost["start"]> {
    if (this.failure !== undefined) throw this.failure;
    this.notes.push(`start ${launch.name}`);
    this.launches.push(launch);
    const jwks = async (): Promise<{ readonly keys: Readonly<Record<string, unknown>>[] }> => ({ keys: this.keys });
    return { endpoint: "https://127.0.0.1:6443", certificateAuthorityPem: "PEM", jwks };
  }

  async stop(name: string, options: { readonly deleteState: boolean }): Promise<void> {
    this.notes.push(`stop ${name}${options.deleteState ? " and forget it" : ""}`);
  }

  async installAddon(addon: AddonInstallation): Promise<void> {
    this.notes.push(`install ${addon.addonName} ${JSON.stringify(addon.configurationValues)}`);
  }

  async removeAddon(addon: Pick<AddonInstallation, "addonName">): Promise<void> {
    this.notes.push(`remove ${addon.addonName}`);
  }

  addonHealth(): readonly { readonly code: string; readonly message: string }[] {
    return this.issues;
  }

  fargateProfileChanged(clusterName: string, profileName: string, change: string): void {
    this.notes.push(`profile ${clusterName}/${profileName} ${change}`);
  }
}

interface AnyClient {
  destroy(): void;
}

/** The whole local cloud behind a socket, on a manual clock. */
export interface CloudWorld extends AsyncDisposable {
  readonly aws: SteerableLocalAws;
  readonly clock: ManualClock;
  readonly host: NotingClusterHost;
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  readonly ec2: EC2Client;
  /** A client of any service, with other credentials if given. */
  client<T extends AnyClient>(type: new (config: object) => T, config?: object): T;
  /** The process dies and comes back on the same store. */
  restart(): Promise<CloudWorld>;
}

export async function startCloud(
  given: { readonly store?: Store; readonly clock?: ManualClock; readonly host?: NotingClusterHost } = {},
): Promise<CloudWorld> {
  const { store = openMemoryStore(), clock = new ManualClock(new Date("2026-11-21T06:30:00Z")) } = given;
  const { host = new NotingClusterHost() } = given;
  const aws = await createLocalAws({
    store,
    clock,
    random: seededRandom(`cloud/${clock.monotonicMs()}`),
    logger: silentLogger,
    timings: TIMINGS,
    region: REGION,
    accountId: ACCOUNT,
    clusters: host,
    instances: { boot: () => undefined, shutDown: () => undefined },
  });
  await aws.listen({ port: 0, fallback: false });
  await aws.resume();
  const clients: AnyClient[] = [];
  const client = <T extends AnyClient>(type: new (config: object) => T, config: object = {}): T => {
    const credentials = { accessKeyId: LOCAL_ACCESS_KEY_ID, secretAccessKey: LOCAL_SECRET_ACCESS_KEY };
    const made = new type({ region: REGION, endpoint: aws.url, credentials, maxAttempts: 1, ...config });
    clients.push(made);
    return made;
  };
  const stop = async (): Promise<void> => {
    for (const made of clients) made.destroy();
    await aws.close();
  };
  return {
    aws,
    clock,
    host,
    client,
    eks: client(EKSClient),
    iam: client(IAMClient),
    ec2: client(EC2Client),
    restart: async () => {
      await stop();
      return startCloud({ store, clock, host });
    },
    [Symbol.asyncDispose]: stop,
  };
}

export function trust(principal: object, more: object = {}): string {
  const action = "Federated" in principal ? "sts:AssumeRoleWithWebIdentity" : "sts:AssumeRole";
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: principal, Action: action, ...more }],
  });
}

export async function createRole(world: CloudWorld, name: string, policy: string): Promise<string> {
  const { Role } = await world.iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument: policy }));
  return Role?.Arn ?? "";
}

/** Subnets of the default VPC, one per zone: all public. */
export async function defaultSubnets(world: CloudWorld): Promise<string[]> {
  const { Subnets = [] } = await world.ec2.send(new DescribeSubnetsCommand({}));
  return Subnets.map(({ SubnetId = "" }) => SubnetId);
}

/** An ACTIVE cluster `c` on the given subnets (default: those of the default VPC). */
export async function createCluster(
  world: CloudWorld,
  given: { readonly name?: string; readonly subnetIds?: string[] } = {},
): Promise<void> {
  const { name = "c", subnetIds = await defaultSubnets(world) } = given;
  const roleArn = await createRole(world, `cluster-${name}`, trust({ Service: "eks.amazonaws.com" }));
  await world.eks.send(
    new CreateClusterCommand({
      name,
      roleArn,
      resourcesVpcConfig: { subnetIds },
      accessConfig: { authenticationMode: "API" },
    }),
  );
  await world.clock.advance(STEP_MS);
}

/** `name: message` of what a call is refused with; fails if it succeeds. */
export async function refusal(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error) return `${error.name}: ${error.message}`;
  }
  throw new Error("the call was not refused");
}
