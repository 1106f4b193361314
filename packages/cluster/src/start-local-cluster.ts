import { NODE_POOLS, PROVISIONERS } from "@nodeless/api";
import type { StepEvent } from "@nodeless/eks";
import type { ClusterSpec } from "@nodeless/eks/spec";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { createLocalAws, LOCAL_ACCESS_KEY_ID, LOCAL_SECRET_ACCESS_KEY, type LocalAws } from "@nodeless/local-aws";
import { isConditionTrue, type KubernetesClient } from "@nodeless/runtime";
import { openFileStore } from "@nodeless/storage";
import { isAvailable } from "./embedded/embedded-cluster.ts";
import { requireFreePort } from "./free-port.ts";
import { checkKubeconfig, mergeKubeconfig } from "./kubeconfig.ts";
import { createLocalClusterHost, type LocalClusterHost } from "./local-cluster-host.ts";
import { type RuntimeInfo, readRuntime, writeRuntime } from "./state/runtime-info.ts";
import { contextOf, type StatePaths } from "./state/state-directory.ts";
import { COMPRESSED_TIMINGS, REALISTIC_TIMINGS } from "./timings.ts";

export interface LocalClusterOptions {
  /** Of the local cloud; its EKS cluster is named by the spec. */
  readonly name: string;
  readonly paths: StatePaths;
  readonly spec: ClusterSpec;
  readonly realistic: boolean;
  /** Undefined: the port of the last time, else 6443 and 4566, else a free one. A given port must be free. */
  readonly ports: { readonly kubernetes: number | undefined; readonly aws: number | undefined };
  /** Gets a context of its own; undefined: only the state directory's own kubeconfig is written. */
  readonly kubeconfigPath: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly onEvent: (event: StepEvent) => void;
  /** Called when the Kubernetes API of the spec's cluster answers: with kept state long before the steps are through. */
  readonly onApiReady?: (endpoint: string) => void;
  readonly signal: AbortSignal;
}

/** A running local cluster. */
export interface LocalCluster {
  readonly runtime: RuntimeInfo;
  /** Administrator's client, in process. */
  readonly client: KubernetesClient;
  /** Resolves with their number when CoreDNS and the provisioner are available and a node pool is ready. */
  systemPodsRunning(signal: AbortSignal): Promise<number>;
  /** Stops everything and keeps the state. */
  close(): Promise<void>;
}

/** The account of every local cloud: twelve zeros belong to nobody. */
const ACCOUNT_ID = "000000000000";
const KUBERNETES_PORT = 6443;
const AWS_PORT = 4566;

/**
 * Starts the local AWS, takes up what was running, and runs the eks steps against it: the same steps that build a cluster on AWS.
 * Throws what the steps throw; everything started is stopped then, and the state stays for the next try.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { paths, clock, random, logger, realistic, spec } = options;
  const timings = realistic ? REALISTIC_TIMINGS : COMPRESSED_TIMINGS;
  await checkSurroundings(options);
  const before = await readRuntime(paths);
  const cell: { aws?: LocalAws } = {};
  const aws = (): LocalAws => {
    if (cell.aws === undefined) throw new Error("the local AWS has not started yet");
    return cell.aws;
  };
  const port = (
    given: number | undefined,
    url: string | undefined,
    usual: number,
  ): { readonly number: number; readonly fallback: boolean } =>
    given === undefined ? { number: portOf(url) ?? usual, fallback: true } : { number: given, fallback: false };
  const host = createLocalClusterHost({
    paths,
    timings,
    clock,
    random,
    logger,
    aws,
    port: (name) =>
      name === spec.name
        ? port(options.ports.kubernetes, before?.kubernetesEndpoint, KUBERNETES_PORT)
        : { number: 0, fallback: true },
    onStarted: (name, endpoint) => {
      if (name === spec.name) options.onApiReady?.(endpoint);
    },
  });
  const store = await openFileStore({ directory: paths.aws, clock });
  const local = await createLocalAws({
    store,
    clock,
    random: random.split("aws"),
    logger: logger.with({ part: "aws" }),
    timings: timings.aws,
    region: spec.region,
    accountId: ACCOUNT_ID,
    clusters: host,
    instances: host,
  });
  cell.aws = local;
  const close = async (): Promise<void> => {
    await local.close();
    await host.close();
    await store.close();
  };
  try {
    const awsPort = port(options.ports.aws, before?.awsEndpoint, AWS_PORT);
    await local.listen({ port: awsPort.number, fallback: awsPort.fallback });
    await local.resume();
    // The AWS SDK is loaded here, while a cluster of an earlier run already answers.
    const { runEksSteps } = await import("./run-eks-steps.ts");
    await runEksSteps(options, { aws: local, host, timings }).catch((error: unknown) => {
      // AWS only says that the cluster is FAILED and advises to delete it; here the reason is at hand, and the state worth keeping.
      throw host.startFailure(spec.name) ?? error;
    });
    const runtime = await publish(options, local, host);
    return {
      runtime,
      client: clusterOf(host, spec).client,
      systemPodsRunning: (signal) => systemPodsRunning(options, host, signal),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What would otherwise fail only after everything was built. */
async function checkSurroundings({ ports, kubeconfigPath }: LocalClusterOptions): Promise<void> {
  if (kubeconfigPath !== undefined) await checkKubeconfig(kubeconfigPath);
  if (ports.kubernetes !== undefined) await requireFreePort({ port: ports.kubernetes, option: "--kubernetes-port" });
  if (ports.aws !== undefined) await requireFreePort({ port: ports.aws, option: "--aws-port" });
}

function clusterOf(host: LocalClusterHost, spec: ClusterSpec): NonNullable<ReturnType<LocalClusterHost["cluster"]>> {
  const cluster = host.cluster(spec.name);
  if (cluster === undefined) throw new Error(`cluster ${spec.name} does not run although its steps succeeded`);
  return cluster;
}

function portOf(url: string | undefined): number | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const number = Number(new URL(url).port);
  return number > 0 ? number : undefined;
}

async function publish(options: LocalClusterOptions, aws: LocalAws, host: LocalClusterHost): Promise<RuntimeInfo> {
  const { name, paths, spec, clock, realistic, kubeconfigPath } = options;
  const cluster = clusterOf(host, spec);
  const context = contextOf(name);
  const { caCertificate, adminCertificate, adminKey } = cluster.credentials.certificates;
  const entry = {
    context,
    server: cluster.endpoint,
    certificateAuthorityPem: caCertificate,
    clientCertificatePem: adminCertificate,
    clientKeyPem: adminKey,
  };
  await mergeKubeconfig(paths.kubeconfig, entry, { setCurrent: true });
  if (kubeconfigPath !== undefined) await mergeKubeconfig(kubeconfigPath, entry, { setCurrent: true });
  const runtime: RuntimeInfo = {
    name,
    pid: process.pid,
    startedAt: clock.now().toISOString(),
    clusterName: spec.name,
    kubernetesVersion: spec.version,
    region: spec.region,
    accountId: ACCOUNT_ID,
    kubernetesEndpoint: cluster.endpoint,
    awsEndpoint: aws.url,
    context,
    realistic,
    accessKeyId: LOCAL_ACCESS_KEY_ID,
    secretAccessKey: LOCAL_SECRET_ACCESS_KEY,
    ...(kubeconfigPath === undefined ? {} : { kubeconfigPath }),
  };
  await writeRuntime(paths, runtime);
  return runtime;
}

const SYSTEM_POLL_MS = 50;

/** A pool that never gets ready is told by its conditions; it must not hold up the rest. */
const POOL_TIMEOUT_MS = 10_000;

/** Resolves when pods that need a node can get one: a pool of either generation is ready. Gives up silently after 10 s. */
async function poolReady(client: KubernetesClient, clock: Clock, signal: AbortSignal): Promise<void> {
  const deadline = clock.monotonicMs() + POOL_TIMEOUT_MS;
  while (clock.monotonicMs() < deadline) {
    const [pools, provisioners] = await Promise.all([
      client.resource(NODE_POOLS).list(),
      client.resource(PROVISIONERS).list(),
    ]);
    const ready = pools.items.some(({ status }) => isConditionTrue(status?.conditions, "Ready"));
    if (ready || provisioners.items.some(({ status }) => isConditionTrue(status?.conditions, "Active"))) return;
    await clock.sleep(SYSTEM_POLL_MS, signal);
  }
}

async function systemPodsRunning(
  { spec, clock }: LocalClusterOptions,
  host: LocalClusterHost,
  signal: AbortSignal,
): Promise<number> {
  const { client } = clusterOf(host, spec);
  const workloads = [
    ...(spec.addons.some(({ name }) => name === "coredns")
      ? [{ namespace: "kube-system", name: "coredns", replicas: 2 }]
      : []),
    { namespace: spec.provisioner.namespace, name: "karpenter", replicas: spec.provisioner.replicas },
  ];
  for (const { namespace, name } of workloads) {
    while (!(await isAvailable(client, namespace, name))) await clock.sleep(SYSTEM_POLL_MS, signal);
  }
  await poolReady(client, clock, signal);
  return workloads.reduce((sum, { replicas }) => sum + replicas, 0);
}
