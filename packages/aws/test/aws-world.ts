import {
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  EC2Client,
  type TagSpecification,
} from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { CreateRoleCommand, IAMClient } from "@aws-sdk/client-iam";
import { PricingClient } from "@aws-sdk/client-pricing";
import { SSMClient } from "@aws-sdk/client-ssm";
import type { EC2NodeClass, EC2NodeClassSpec } from "@nodeless/api";
import { type AwsClients, type AwsCloudOptions, createAwsCloudProvider } from "@nodeless/aws";
import type { CloudProvider } from "@nodeless/cloud";
import { ManualClock, seededRandom, silentLogger } from "@nodeless/environment";
import {
  type AwsTimings,
  type BootInstance,
  createLocalAws,
  LOCAL_ACCESS_KEY_ID,
  LOCAL_SECRET_ACCESS_KEY,
  type SteerableLocalAws,
} from "@nodeless/local-aws";
import { openMemoryStore } from "@nodeless/storage";

const REGION = "ap-northeast-2";
const TIMINGS: AwsTimings = {
  clusterCreateMs: 1000,
  clusterDeleteMs: 1000,
  fargateProfileCreateMs: 1000,
  fargateProfileDeleteMs: 1000,
  addonCreateMs: 1000,
  natGatewayCreateMs: 1000,
  instanceStartMs: 1000,
  instanceBootMs: 1000,
  instanceStopMs: 1000,
  terminatedVisibleMs: 600_000,
};
/** Booting and stopping take no longer than this. */
export const SETTLE_MS = 10_000;
export const ROLE = "KarpenterNodeRole-demo";
export const OTHER_ROLE = "OtherNodeRole";
export const CLUSTER_ROLE = "ClusterRole";
export const DISCOVERY = { "karpenter.sh/discovery": "demo" };

/** An account with the network and the role of a cluster `demo`, and providers that talk to it over HTTP. */
export interface AwsWorld extends AsyncDisposable {
  readonly clients: Required<AwsClients>;
  readonly clock: ManualClock;
  readonly local: SteerableLocalAws;
  readonly booted: BootInstance[];
  /** One more subnet that the node class selects; returns its id. */
  addSubnet(zone: string, cidr: string): Promise<string>;
  /** A provider as a freshly started controller would make it. */
  provider(options?: Partial<AwsCloudOptions>): CloudProvider;
}

/** Zone letters with the third octet of their subnet: 10.0.<octet>.0/24. */
const SUBNETS = { a: 0, c: 1 } as const;

export async function startAws(): Promise<AwsWorld> {
  const clock = new ManualClock();
  const store = openMemoryStore();
  const booted: BootInstance[] = [];
  const local = await createLocalAws({
    store,
    clock,
    random: seededRandom("aws"),
    logger: silentLogger,
    timings: TIMINGS,
    accountId: "123456789012",
    region: REGION,
    instances: { boot: (instance) => booted.push(instance), shutDown: () => undefined },
    clusters: {
      start: async () => ({
        endpoint: "https://127.0.0.1:6443",
        certificateAuthorityPem: "CA",
        jwks: async () => ({ keys: [] }),
      }),
      stop: async () => undefined,
      installAddon: async () => undefined,
      removeAddon: async () => undefined,
      addonHealth: () => [],
      fargateProfileChanged: () => undefined,
    },
  });
  await local.listen({ port: 0, fallback: false });
  await local.resume();
  const credentials = { accessKeyId: LOCAL_ACCESS_KEY_ID, secretAccessKey: LOCAL_SECRET_ACCESS_KEY };
  const config = { region: REGION, endpoint: local.url, credentials, maxAttempts: 1 };
  const clients = {
    ec2: new EC2Client(config),
    eks: new EKSClient(config),
    iam: new IAMClient(config),
    ssm: new SSMClient(config),
    pricing: new PricingClient(config),
  };
  const vpcId = await createAccount(clients);
  return {
    clients,
    clock,
    local,
    booted,
    addSubnet: (zone, cidr) => createSubnet(clients.ec2, vpcId, { zone, cidr }),
    provider: (options) =>
      createAwsCloudProvider({
        clients,
        region: REGION,
        clusterName: "demo",
        clusterEndpoint: "https://127.0.0.1:6443",
        clusterCaBundle: "Q0E=",
        kubernetesVersion: "1.35",
        serviceCidr: "172.20.0.0/16",
        clock,
        logger: silentLogger,
        ...options,
      }),
    [Symbol.asyncDispose]: async () => {
      for (const client of Object.values(clients)) client.destroy();
      await local.close();
      await store.close();
    },
  };
}

function tagged(ResourceType: "subnet" | "security-group"): TagSpecification[] {
  return [{ ResourceType, Tags: Object.entries(DISCOVERY).map(([Key, Value]) => ({ Key, Value })) }];
}

async function createSubnet(ec2: EC2Client, vpcId: string, place: { zone: string; cidr: string }): Promise<string> {
  const { Subnet } = await ec2.send(
    new CreateSubnetCommand({
      VpcId: vpcId,
      CidrBlock: place.cidr,
      AvailabilityZone: `${REGION}${place.zone}`,
      TagSpecifications: tagged("subnet"),
    }),
  );
  return Subnet?.SubnetId ?? "";
}

/** Returns the VPC's id. */
async function createAccount({ ec2, iam }: Pick<AwsClients, "ec2" | "iam">): Promise<string> {
  const { Vpc } = await ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const vpcId = Vpc?.VpcId ?? "";
  for (const [zone, octet] of Object.entries(SUBNETS))
    await createSubnet(ec2, vpcId, { zone, cidr: `10.0.${octet}.0/24` });
  const group = { GroupName: "nodes", Description: "nodes", VpcId: vpcId };
  await ec2.send(new CreateSecurityGroupCommand({ ...group, TagSpecifications: tagged("security-group") }));
  const roles = { [ROLE]: "ec2.amazonaws.com", [OTHER_ROLE]: "ec2.amazonaws.com", [CLUSTER_ROLE]: "eks.amazonaws.com" };
  for (const [RoleName, Service] of Object.entries(roles)) {
    const Statement = [{ Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" }];
    const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement });
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  }
  return vpcId;
}

/** A node class as users write it. */
export function nodeClassOf(spec: Partial<EC2NodeClassSpec> = {}, name = "default"): EC2NodeClass {
  return {
    apiVersion: "karpenter.k8s.aws/v1",
    kind: "EC2NodeClass",
    metadata: {
      name,
      uid: `uid-of-${name}`,
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
    },
    spec: {
      amiSelectorTerms: [{ alias: "al2023@latest" }],
      subnetSelectorTerms: [{ tags: DISCOVERY }],
      securityGroupSelectorTerms: [{ tags: DISCOVERY }],
      ...(spec.instanceProfile === undefined && { role: ROLE }),
      ...spec,
    },
  };
}
