import { GetRoleCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import { type AwsClients, createAwsClients, fargateRoleName } from "@nodeless/eks";
import { DEFAULT_CLUSTER_NAME, DEFAULT_REGION } from "@nodeless/eks/spec";
import { CommandError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { requireRunning, runningStates } from "./local-state.ts";

/** Which AWS a command talks to, and about which cluster. */
export interface AwsTarget {
  readonly clients: AwsClients;
  readonly clusterName: string;
  readonly pollMs: number;
  /** The execution role that was made with the cluster. Throws CommandError when there is none. */
  fargateRoleArn(): Promise<string>;
}

/** A local answer is there at once; AWS needs its time. */
const LOCAL_POLL_MS = 50;
const AWS_POLL_MS = 5_000;

/**
 * AWS_ENDPOINT_URL decides if set (`nodeless env`); else a running local cluster; else the real AWS, after showing account and
 * region. `--local NAME` insists on a local one.
 */
export async function awsTarget(
  terminal: Terminal,
  options: { readonly cluster?: string | undefined; readonly local?: string; readonly region?: string },
): Promise<AwsTarget> {
  const endpoint = terminal.environment["AWS_ENDPOINT_URL"];
  if (options.local === undefined && endpoint !== undefined && endpoint !== "") return ofEnvironment(terminal, options);
  const local = options.local ?? (await localOf(terminal, options.cluster));
  if (local === undefined) return ofEnvironment(terminal, options);
  const { runtime } = await requireRunning(terminal, local);
  const clients = createAwsClients({
    region: runtime.region,
    endpoint: runtime.awsEndpoint,
    credentials: { accessKeyId: runtime.accessKeyId, secretAccessKey: runtime.secretAccessKey },
  });
  return target(clients, options.cluster ?? runtime.clusterName, LOCAL_POLL_MS);
}

/** The running local cluster that is meant: the one with that EKS cluster, the only one, or the default one. */
async function localOf(terminal: Terminal, cluster: string | undefined): Promise<string | undefined> {
  const running = await runningStates(terminal);
  const meant =
    running.find(({ runtime }) => cluster !== undefined && runtime?.clusterName === cluster) ??
    (running.length === 1 ? running[0] : running.find(({ name }) => name === DEFAULT_CLUSTER_NAME));
  if (meant === undefined && running.length > 0)
    throw new CommandError(
      `which local cluster? ${running.map(({ name }) => name).join(", ")} are running: say it with --local`,
    );
  return meant?.name;
}

async function ofEnvironment(
  terminal: Terminal,
  options: { readonly cluster?: string | undefined; readonly region?: string },
): Promise<AwsTarget> {
  if (options.cluster === undefined)
    throw new CommandError(
      "which cluster? no local cluster is running: give --cluster, or start one with `nodeless up`",
    );
  const region =
    options.region ??
    terminal.environment["AWS_REGION"] ??
    terminal.environment["AWS_DEFAULT_REGION"] ??
    DEFAULT_REGION;
  const endpoint = terminal.environment["AWS_ENDPOINT_URL"];
  const clients = createAwsClients({ region, ...(endpoint === undefined || endpoint === "" ? {} : { endpoint }) });
  const identity = await clients.sts.send(new GetCallerIdentityCommand({})).catch((cause: unknown) => {
    throw new CommandError(
      `AWS does not know who you are: ${(cause as Error).message}; set up credentials, or run \`nodeless up\` for a local cluster`,
      { cause },
    );
  });
  terminal.err(
    `AWS account ${identity.Account}, region ${region}${endpoint === undefined || endpoint === "" ? "" : `, endpoint ${endpoint}`}\n`,
  );
  return target(clients, options.cluster, endpoint === undefined || endpoint === "" ? AWS_POLL_MS : LOCAL_POLL_MS);
}

function target(clients: AwsClients, clusterName: string, pollMs: number): AwsTarget {
  return {
    clients,
    clusterName,
    pollMs,
    async fargateRoleArn() {
      const RoleName = fargateRoleName(clusterName);
      try {
        return (await clients.iam.send(new GetRoleCommand({ RoleName }))).Role?.Arn ?? "";
      } catch (cause) {
        throw new CommandError(
          `there is no role ${RoleName}, and the profile names none: write podExecutionRoleARN into the file and use -f`,
          { cause },
        );
      }
    },
  };
}
