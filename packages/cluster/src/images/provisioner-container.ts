import { EC2Client } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { IAMClient } from "@aws-sdk/client-iam";
import { PricingClient } from "@aws-sdk/client-pricing";
import { SSMClient } from "@aws-sdk/client-ssm";
import { AssumeRoleWithWebIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { createAwsCloudProvider } from "@nodeless/aws";
import type { ContainerContext } from "@nodeless/controlplane";
import type { Clock, Random } from "@nodeless/environment";
import { jsonLogger } from "@nodeless/environment";
import { parseProvisionerSettings, runProvisioner } from "@nodeless/provisioner";
import { createKubernetesClient, httpsTransport, type Transport, tokenTransportOf } from "@nodeless/runtime";

import type { ProvisionerImageOptions } from "./provisioner-image.ts";

/** What a provisioner's code needs beside its container. */
export interface ProvisionerContainerOptions extends ProvisionerImageOptions {
  readonly clock: Clock;
  readonly random: Random;
}

/** Runs the controllers until the container must stop. A rejection is a crash of the container. */
export async function runProvisionerContainer(
  context: ContainerContext,
  options: ProvisionerContainerOptions,
): Promise<void> {
  const { clock, random } = options;
  const { env, pod, signal } = context;
  const settings = parseProvisionerSettings(env);
  const logger = jsonLogger({
    write: (line) => context.log(line.trimEnd()),
    now: () => clock.now(),
    minimumLevel: settings.logLevel,
  });
  const required = (name: string): string => {
    const value = env.get(name);
    if (value === undefined || value === "")
      throw new Error(`environment variable ${name} is required; set it in the karpenter Deployment`);
    return value;
  };
  const token = cachedToken(clock, () => context.serviceAccountToken("https://kubernetes.default.svc"));
  await using transport = kubernetesTransport(required("CLUSTER_ENDPOINT"), token, options);
  const clients = awsClients({
    region: required("AWS_REGION"),
    endpoint: env.get("AWS_ENDPOINT_URL"),
    roleArn: required("AWS_ROLE_ARN"),
    context,
  });
  const cloud = createAwsCloudProvider({
    clients,
    region: required("AWS_REGION"),
    clusterName: required("CLUSTER_NAME"),
    clusterEndpoint: required("CLUSTER_ENDPOINT"),
    clock,
    logger,
  });
  try {
    await runProvisioner({
      client: createKubernetesClient({ transport, userAgent: "nodeless-provisioner" }),
      cloud,
      clock,
      random,
      logger,
      settings,
      identity: pod.metadata.name,
      signal,
    });
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

/** The way to the container's own cluster leads through no socket: the same requests with the same token, but no TLS. */
function kubernetesTransport(
  url: string,
  token: () => Promise<string>,
  { ownCluster, certificateAuthorityPem }: ProvisionerImageOptions,
): Transport & AsyncDisposable {
  if (url !== ownCluster.endpoint()) return httpsTransport({ url, ca: certificateAuthorityPem, token });
  const transport = tokenTransportOf((request) => ownCluster.handle(request), token);
  return Object.assign(transport, { [Symbol.asyncDispose]: async () => {} });
}

/** Tokens of a projected volume are renewed well before they expire; a minute is plenty for tokens of an hour. */
const TOKEN_REUSE_MS = 10 * 60_000;

function cachedToken(clock: Clock, fetch: () => Promise<string>): () => Promise<string> {
  let current: { readonly token: Promise<string>; readonly until: number } | undefined;
  return () => {
    if (current === undefined || clock.monotonicMs() > current.until) {
      const fetched = fetch();
      current = { token: fetched, until: clock.monotonicMs() + TOKEN_REUSE_MS };
      // A failed fetch must not be remembered.
      fetched.catch(() => {
        current = undefined;
      });
    }
    return current.token;
  };
}

interface AwsIdentity {
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly roleArn: string;
  readonly context: ContainerContext;
}

function awsClients({ region, endpoint, roleArn, context }: AwsIdentity): {
  readonly ec2: EC2Client;
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  readonly ssm: SSMClient;
  readonly pricing: PricingClient;
} {
  const place = {
    region,
    maxAttempts: 3,
    retryMode: "standard" as const,
    ...(endpoint === undefined ? {} : { endpoint }),
  };
  // The web identity call is unsigned; the SDK wants some credentials all the same.
  const sts = new STSClient({ ...place, credentials: { accessKeyId: "unsigned", secretAccessKey: "unsigned" } });
  const credentials = async (): Promise<{
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken: string;
    expiration?: Date;
  }> => {
    const answer = await sts.send(
      new AssumeRoleWithWebIdentityCommand({
        RoleArn: roleArn,
        RoleSessionName: context.pod.metadata.name.slice(0, 64),
        WebIdentityToken: await context.serviceAccountToken("sts.amazonaws.com"),
      }),
    );
    const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "", Expiration } = answer.Credentials ?? {};
    return {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      sessionToken: SessionToken,
      ...(Expiration === undefined ? {} : { expiration: Expiration }),
    };
  };
  const config = { ...place, credentials };
  // The real price list answers in few regions, whatever region the prices are for.
  const pricingConfig = endpoint === undefined ? { ...config, region: "us-east-1" } : config;
  return {
    ec2: new EC2Client(config),
    eks: new EKSClient(config),
    iam: new IAMClient(config),
    ssm: new SSMClient(config),
    pricing: new PricingClient(pricingConfig),
  };
}
