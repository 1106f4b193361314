import { join } from "node:path";
import { DEPLOYMENTS, type Deployment, NODES, PODS, SERVICE_ACCOUNTS } from "@nodeless/api";
import {
  type ApiServer,
  createApiServer,
  type HttpsListener,
  listenHttps,
  type TokenAuthenticator,
} from "@nodeless/apiserver";
import {
  createKubeletHost,
  type InProcessImage,
  type KubeletHost,
  runControllers,
  runDefaultScheduler,
  SharedInformers,
} from "@nodeless/controlplane";
import type { Clock, Logger, Random } from "@nodeless/environment";
import { type FargateBackend, fargateAdmissionPlugin, runFargateScheduler } from "@nodeless/fargate";
import type { ClusterLaunch } from "@nodeless/local-aws";
import { createKubernetesClient, type KubernetesClient, type Transport, transportOf } from "@nodeless/runtime";
import { openFileStore, type Store } from "@nodeless/storage";
import type { OwnCluster } from "../images/provisioner-image.ts";
import { podIdentityWebhook } from "../pod-identity-webhook.ts";
import type { Timings } from "../timings.ts";
import { type ClusterCredentials, clusterCredentials } from "./credentials.ts";
import { heldAddresses } from "./held-addresses.ts";

export interface EmbeddedClusterOptions {
  readonly launch: ClusterLaunch;
  readonly directory: string;
  /** Preferred port; a free one is taken when it is not free and `fallback` is true. */
  readonly port: { readonly number: number; readonly fallback: boolean };
  readonly timings: Timings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly fargate: FargateBackend;
  /** `k8s-aws-v1.` tokens of the local AWS. */
  readonly authenticator: TokenAuthenticator;
  /** Made per cluster, because containers trust that cluster's certificate authority and call its API. */
  readonly images: (certificateAuthorityPem: string, ownCluster: OwnCluster) => readonly InProcessImage[];
  /** Environment of pods with an IAM role, e.g. AWS_ENDPOINT_URL. */
  readonly podEnvironment: () => Readonly<Record<string, string>>;
  /** Marks an address of the VPC as taken. */
  readonly adoptIp: (ip: string) => void;
}

/** One Kubernetes cluster in this process: API server, controllers, schedulers and kubelets. */
export interface EmbeddedCluster {
  readonly endpoint: string;
  readonly credentials: ClusterCredentials;
  readonly kubelets: KubeletHost;
  /** Acts as cluster administrator, in process. */
  readonly client: KubernetesClient;
  /** Answers requests that bring their own credentials, as the endpoint does. */
  readonly handle: Transport;
  readonly kubeletVersion: string;
  jwks(): Promise<ReturnType<ApiServer["jwks"]>>;
  close(): Promise<void>;
}

/** Who the built-in parts are to the API server. */
const CONTROL_PLANE_USER = {
  username: "system:kube-controller-manager",
  groups: ["system:masters", "system:authenticated"],
} as const;

/** Opens the cluster's state (a new one for a new cluster) and starts everything on it. */
export async function startEmbeddedCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  const { launch, directory, clock, logger } = options;
  const credentials = await clusterCredentials(directory, { now: clock.now(), random: options.random });
  const store = await openFileStore({ directory: join(directory, "objects"), clock });
  const stop = new AbortController();
  const parts = await startApi(options, { credentials, store, signal: stop.signal }).catch(async (error: unknown) => {
    stop.abort(error);
    await store.close();
    throw error;
  });
  const [pods, nodes] = await Promise.all([parts.client.resource(PODS).list(), parts.client.resource(NODES).list()]);
  for (const ip of heldAddresses(pods.items, nodes.items)) options.adoptIp(ip);
  const running = runParts(options, { ...parts, credentials }, stop.signal).catch((error: unknown) => {
    if (!stop.signal.aborted) logger.error("the control plane stopped", { cluster: launch.name, error });
  });
  return {
    endpoint: parts.listener.url,
    credentials,
    kubelets: parts.kubelets,
    client: parts.client,
    handle: (request) => parts.api.handle(request),
    kubeletVersion: kubeletVersion(launch.version),
    jwks: () => Promise.resolve(parts.api.jwks()),
    async close() {
      stop.abort(new DOMException("the cluster is stopping", "AbortError"));
      await parts.listener.close();
      await running;
      await parts.api.close();
      await store.close();
    },
  };
}

interface Parts {
  api: ApiServer;
  listener: HttpsListener;
  client: KubernetesClient;
  kubelets: KubeletHost;
  informers: SharedInformers;
}

async function startApi(
  options: EmbeddedClusterOptions,
  {
    credentials,
    store,
    signal,
  }: { readonly credentials: ClusterCredentials; readonly store: Store; readonly signal: AbortSignal },
): Promise<Parts> {
  const { launch, clock, random, logger, port, timings } = options;
  // The plugins need a client, which needs the server, which needs the plugins: the cell is filled before the first request.
  const cell: Partial<Parts> = {};
  const api = await createApiServer({
    store,
    clock,
    random: random.split("apiserver"),
    logger: logger.with({ part: "apiserver" }),
    version: launch.version,
    issuer: launch.oidcIssuer,
    serviceAccountKey: credentials.serviceAccountKey,
    serviceCidr: launch.serviceIpv4Cidr,
    authenticators: [options.authenticator],
    admission: [
      fargateAdmissionPlugin(() => options.fargate.profiles()),
      podIdentityWebhook({
        region: launch.region,
        environment: options.podEnvironment(),
        // The cache may be a moment behind a service account that was just created.
        serviceAccount: async (namespace, name) =>
          cell.informers?.of(SERVICE_ACCOUNTS).get(`${namespace}/${name}`) ??
          (await cell.client?.resource(SERVICE_ACCOUNTS).find({ namespace, name })),
      }),
    ],
    logs: (pod, container, part) => {
      const { kubelets } = cell;
      const { follow, signal = new AbortController().signal } = part;
      const body = follow ? kubelets?.followLogs(pod, container, part, signal) : kubelets?.logs(pod, container, part);
      return { status: 200, body: body ?? "" };
    },
  });
  const client = createKubernetesClient({
    transport: transportOf((request) => api.handle(request), CONTROL_PLANE_USER),
    userAgent: "nodeless-controlplane",
  });
  const informers = new SharedInformers({ client, clock, random: random.split("informers"), logger, signal });
  const kubelets = createKubeletHost({
    client,
    clock,
    random: random.split("kubelets"),
    logger: logger.with({ part: "kubelets" }),
    timings: timings.kubelet,
    informers,
    images: options.images(credentials.certificates.caCertificate, {
      endpoint: () => cell.listener?.url ?? "",
      handle: (request) => api.handle(request),
    }),
  });
  cell.client = client;
  cell.informers = informers;
  cell.kubelets = kubelets;
  const { certificates } = credentials;
  const listener = await listenHttps({
    server: api,
    port: port.number,
    fallback: port.fallback,
    tls: {
      certificate: certificates.servingCertificate,
      key: certificates.servingKey,
      clientCa: certificates.caCertificate,
    },
  });
  cell.listener = listener;
  return { api, listener, client, kubelets, informers };
}

/** Settles when every part has stopped. */
async function runParts(
  options: EmbeddedClusterOptions,
  { client, kubelets, informers, credentials }: Parts & { readonly credentials: ClusterCredentials },
  signal: AbortSignal,
): Promise<void> {
  const { launch, clock, random, logger, timings } = options;
  const shared = { client, clock, informers, signal };
  await Promise.all([
    kubelets.run(signal),
    runControllers({
      ...shared,
      settings: { ...timings.controllers, rootCa: credentials.certificates.caCertificate },
      random: random.split("controllers"),
      logger: logger.with({ part: "controllers" }),
    }),
    runDefaultScheduler({
      ...shared,
      random: random.split("scheduler"),
      logger: logger.with({ part: "default-scheduler" }),
    }),
    runFargateScheduler({
      client,
      clock,
      signal,
      random: random.split("fargate"),
      logger: logger.with({ part: "fargate-scheduler" }),
      backend: options.fargate,
      machines: kubelets,
      timings: timings.fargate,
      region: launch.region,
      kubernetesVersion: kubeletVersion(launch.version),
    }),
  ]);
  await informers.stopped();
}

/** `v1.35.2-eks-nodeless` */
function kubeletVersion(minor: string): string {
  return `v${minor}.2-eks-nodeless`;
}

/** Whether every replica of a Deployment is available. */
export async function isAvailable(client: KubernetesClient, namespace: string, name: string): Promise<boolean> {
  const found: Deployment | undefined = await client.resource(DEPLOYMENTS).find({ namespace, name });
  return (
    found !== undefined &&
    (found.status?.availableReplicas ?? 0) >= (found.spec.replicas ?? 1) &&
    (found.status?.observedGeneration ?? 0) >= (found.metadata.generation ?? 0)
  );
}
