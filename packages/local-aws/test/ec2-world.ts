import { EC2Client } from "@aws-sdk/client-ec2";
import { ManualClock, seededRandom, silentLogger } from "@nodeless/environment";
import { openMemoryStore, type Store } from "@nodeless/storage";
import type { AwsTimings, BootInstance } from "../src/contract.ts";
import { createEc2, type LocalEc2 } from "../src/ec2/ec2.ts";
import type { CloudEvent } from "../src/events.ts";
import { LocalState } from "../src/state/local-state.ts";
import { AwsServer } from "../src/wire/aws-server.ts";
import { HttpListener } from "../src/wire/http-listener.ts";

export const TIMINGS: AwsTimings = {
  clusterCreateMs: 1000,
  clusterDeleteMs: 1000,
  fargateProfileCreateMs: 1000,
  fargateProfileDeleteMs: 1000,
  addonCreateMs: 1000,
  natGatewayCreateMs: 60_000,
  instanceStartMs: 5000,
  instanceBootMs: 20_000,
  instanceStopMs: 10_000,
  terminatedVisibleMs: 600_000,
};

/** The role behind the only instance profile, `nodes`. */
export const ROLE_ARN = "arn:aws:iam::123456789012:role/node";

/** Local EC2 behind a real socket, with what it did to the machines and which events it sent. */
export interface Ec2World extends AsyncDisposable {
  readonly client: EC2Client;
  readonly ec2: LocalEc2;
  readonly clock: ManualClock;
  readonly booted: BootInstance[];
  readonly shutDown: string[];
  readonly events: CloudEvent[];
  /** The process dies and comes back on the same store. */
  restart(): Promise<Ec2World>;
}

export async function startEc2(
  options: { readonly store?: Store; readonly clock?: ManualClock; readonly region?: string } = {},
): Promise<Ec2World> {
  const { store = openMemoryStore(), clock = new ManualClock(), region = "ap-northeast-2" } = options;
  const random = seededRandom(`ec2/${clock.monotonicMs()}`);
  const state = new LocalState({ store, clock });
  const booted: BootInstance[] = [];
  const shutDown: string[] = [];
  const events: CloudEvent[] = [];
  const common = { clock, random, logger: silentLogger, accountId: "123456789012", region };
  const ec2 = createEc2({
    ...common,
    state,
    timings: TIMINGS,
    instances: { boot: (instance) => booted.push(instance), shutDown: (id) => shutDown.push(id) },
    roles: {
      instanceProfile: (name) =>
        name.endsWith("nodes")
          ? { arn: "arn:aws:iam::123456789012:instance-profile/nodes", name: "nodes", id: "AIPA1", roleArn: ROLE_ARN }
          : undefined,
    },
    events: { publish: (event) => events.push(event) },
  });
  await ec2.resume();
  state.transitions.arm();
  const key = { accessKeyId: "k", secretAccessKey: "s", arn: "arn:aws:iam::123456789012:user/nodeless" };
  const server = new AwsServer({
    ...common,
    handlers: { ec2: ec2.handlers },
    keys: () => ({ ...key, sessionToken: undefined, expiresAt: undefined }),
    flush: () => state.flush(),
  });
  const listener = new HttpListener({ answer: (request, host) => server.handle(request, host), logger: silentLogger });
  await listener.listen({ host: "127.0.0.1", port: 0, fallback: false });
  const client = new EC2Client({ region, endpoint: listener.url, credentials: key, maxAttempts: 1 });
  const stop = async (): Promise<void> => {
    client.destroy();
    await listener.close();
    await state.close();
  };
  return {
    client,
    ec2,
    clock,
    booted,
    shutDown,
    events,
    restart: async () => {
      await stop();
      return startEc2({ store, clock, region });
    },
    [Symbol.asyncDispose]: stop,
  };
}
