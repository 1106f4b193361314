import type { LocalAws, LocalAwsOptions } from "./contract.ts";
import { createEc2 } from "./ec2/ec2.ts";
import type { Ec2Faults } from "./ec2/ec2-faults.ts";
import { createEks } from "./eks/eks.ts";
import { createIam } from "./iam/iam.ts";
import { createPricing } from "./pricing/pricing.ts";
import { createSqs } from "./sqs/sqs.ts";
import { createSsm } from "./ssm/ssm.ts";
import { LocalState } from "./state/local-state.ts";
import { Credentials } from "./sts/credentials.ts";
import { verifyIdentityToken } from "./sts/identity-token.ts";
import { stsHandlers } from "./sts/sts.ts";
import { AwsServer } from "./wire/aws-server.ts";
import { HttpListener } from "./wire/http-listener.ts";

/** The local cloud, with the levers tests and simulations pull. */
export interface SteerableLocalAws extends LocalAws {
  /** Capacity errors and throttling of EC2. */
  readonly faults: Ec2Faults;
  /** Reclaims a spot instance after its notice; false if it is no live spot instance. */
  interruptSpot(instanceId: string, options?: { readonly noticeMs?: number }): boolean;
}

/**
 * Opens the local AWS on a store: seven services behind one HTTP port, in the state the store holds. Nothing runs or listens before
 * `listen` and `resume`. The store stays the caller's; close it after this. Rejects for a region whose zones are unknown.
 */
export async function createLocalAws(options: LocalAwsOptions): Promise<SteerableLocalAws> {
  const { store, clock, random, logger, timings, region, accountId, clusters, instances } = options;
  const state = new LocalState({ store, clock });
  const place = { state, clock, logger, timings, region, accountId };
  const iam = createIam({ state, clock, random: random.split("iam"), accountId });
  const roleTrusts = (roleArn: string, servicePrincipal: string): boolean =>
    iam.trusts(roleArn, {
      action: "sts:AssumeRole",
      principalKind: "Service",
      principals: [servicePrincipal],
      context: undefined,
    });
  const sqs = createSqs({ state, clock, random: random.split("sqs"), region, accountId });
  const ec2 = createEc2({ ...place, random: random.split("ec2"), instances, roles: iam, events: sqs });
  const eks = createEks({ ...place, random: random.split("eks"), clusters, ec2, roleTrusts });
  const credentials = new Credentials({ state, clock, random: random.split("sts"), accountId });
  const sts = stsHandlers({ iam, credentials, clock, accountId, clusterOfIssuer: eks.endpointOfIssuer });
  const server = new AwsServer({
    handlers: {
      ec2: ec2.handlers,
      eks: eks.handlers,
      iam: iam.handlers,
      sts,
      ssm: createSsm({ region }).handlers,
      pricing: createPricing().handlers,
      sqs: sqs.handlers,
    },
    keys: (accessKeyId) => credentials.find(accessKeyId),
    flush: () => state.flush(),
    clock,
    random: random.split("requests"),
    logger,
    accountId,
    region,
  });
  const listener = new HttpListener({ answer: (request, host) => server.handle(request, host), logger });
  await state.flush();
  return {
    get url() {
      return listener.url;
    },
    listen: ({ host = "127.0.0.1", port, fallback }) => listener.listen({ host, port, fallback }),
    handle: (request) => server.handle(request, new URL(listener.url).host),
    async resume() {
      await eks.resume();
      await ec2.resume();
      state.transitions.arm();
    },
    async close() {
      sqs.close();
      await listener.close();
      await state.close();
    },
    faults: ec2.faults,
    interruptSpot: ec2.interruptSpot,
    allocateIp: ec2.allocateIp,
    releaseIp: ec2.releaseIp,
    adoptIp: ec2.adoptIp,
    subnet: ec2.subnet,
    fargateProfiles: (clusterName) =>
      eks.fargateProfiles(clusterName).map(({ name, status, podExecutionRoleArn, subnetIds, selectors }) => ({
        name,
        status,
        podExecutionRoleArn,
        subnetIds,
        selectors,
      })),
    roleTrusts,
    userOf: (clusterName, principalArn) => eks.userOf(clusterName, principalArn),
    authenticateToken(clusterName, token) {
      const keys = (accessKeyId: string): ReturnType<Credentials["find"]> => credentials.find(accessKeyId);
      const arn = verifyIdentityToken(token, { clusterName, keys, now: clock.now() });
      return arn === undefined ? undefined : eks.userOf(clusterName, arn);
    },
  };
}
