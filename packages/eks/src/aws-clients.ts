import { EC2Client, type EC2ClientConfig } from "@aws-sdk/client-ec2";
import { EKSClient } from "@aws-sdk/client-eks";
import { IAMClient } from "@aws-sdk/client-iam";
import { SQSClient } from "@aws-sdk/client-sqs";
import { STSClient } from "@aws-sdk/client-sts";

/** The AWS APIs that building a cluster needs. */
export interface AwsClients {
  readonly ec2: EC2Client;
  readonly eks: EKSClient;
  readonly iam: IAMClient;
  readonly sqs: SQSClient;
  readonly sts: STSClient;
  destroy(): void;
}

export interface AwsClientOptions {
  readonly region: string;
  /** Another AWS than the real one, e.g. `http://127.0.0.1:4566`. Undefined: the SDK's own resolution. */
  readonly endpoint?: string | undefined;
  /** Undefined: the SDK's default chain. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
  /** Who carries the signed requests. Undefined: the SDK's own, over sockets. */
  readonly requestHandler?: NonNullable<EC2ClientConfig["requestHandler"]> | undefined;
}

/** SDK default is 3; building a cluster meets IAM's eventual consistency and throttling more often than most. */
const ATTEMPTS_MAX = 5;

/** Clients for one account and region. */
export function createAwsClients({ region, endpoint, credentials, requestHandler }: AwsClientOptions): AwsClients {
  const config = {
    region,
    maxAttempts: ATTEMPTS_MAX,
    retryMode: "standard" as const,
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
    ...(requestHandler === undefined ? {} : { requestHandler }),
  };
  const clients = {
    ec2: new EC2Client(config),
    eks: new EKSClient(config),
    iam: new IAMClient(config),
    sqs: new SQSClient(config),
    sts: new STSClient(config),
  };
  return {
    ...clients,
    destroy() {
      for (const client of Object.values(clients)) client.destroy();
    },
  };
}
