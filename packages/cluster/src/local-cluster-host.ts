import { rm } from "node:fs/promises";
import { DAEMON_SETS, DEPLOYMENTS, PODS, type Pod } from "@nodeless/api";
import { applyObject, ResourceFinder } from "@nodeless/eks/kubernetes";
import type { Clock, Logger, Random } from "@nodeless/environment";
import type {
  AddonInstallation,
  ClusterEndpoint,
  ClusterHost,
  ClusterLaunch,
  InstanceHost,
  LocalAws,
} from "@nodeless/local-aws";
import { findAddon, localAddonNames } from "./addons/index.ts";
import { type EmbeddedCluster, startEmbeddedCluster } from "./embedded/embedded-cluster.ts";
import { fargateBackend } from "./fargate-backend.ts";
import { provisionerImage } from "./images/provisioner-image.ts";
import { quietImage } from "./images/quiet-images.ts";
import { Ec2Machines } from "./machines/ec2-machines.ts";
import type { StatePaths } from "./state/state-directory.ts";
import type { Timings } from "./timings.ts";

export interface LocalClusterHostOptions {
  readonly paths: StatePaths;
  readonly timings: Timings;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The cloud around it; known only after both exist. */
  readonly aws: () => LocalAws;
  /** The port of the first cluster started; others take free ones. */
  readonly port: (clusterName: string) => { readonly number: number; readonly fallback: boolean };
  /** A cluster's API answers. */
  readonly onStarted: (clusterName: string, endpoint: string) => void;
}

/** Clusters and machines of the local AWS: every EKS cluster is an embedded one, every instance a simulated kubelet. */
export interface LocalClusterHost extends ClusterHost, InstanceHost {
  cluster(name: string): EmbeddedCluster | undefined;
  /** Why a cluster could not be started: AWS tells only that it FAILED. */
  startFailure(name: string): Error | undefined;
  close(): Promise<void>;
}

const NOT_SEEN_YET = {
  code: "InsufficientNumberOfReplicas",
  message: "The add-on has no available replica yet.",
} as const;

/** Wires clusters, machines and add-ons; decides nothing. */
export function createLocalClusterHost(options: LocalClusterHostOptions): LocalClusterHost {
  const clusters = new Map<string, EmbeddedCluster>();
  /** Not yet in `clusters`: closing waits for them, or their listeners would keep the process alive. */
  const starting = new Set<Promise<EmbeddedCluster>>();
  let isClosing = false;
  const failures = new Map<string, Error>();
  const { aws, clock, logger } = options;
  const machines = new Ec2Machines({ aws, clock, logger, cluster: (name) => clusters.get(name) });
  const addonHealth = new Map<string, readonly { readonly code: string; readonly message: string }[]>();
  const required = (name: string): EmbeddedCluster => {
    const cluster = clusters.get(name);
    if (cluster === undefined) throw new Error(`cluster ${name} is not running`);
    return cluster;
  };
  return {
    cluster: (name) => clusters.get(name),
    startFailure: (name) => failures.get(name),
    async start(launch): Promise<ClusterEndpoint> {
      if (isClosing) throw new Error(`cluster ${launch.name} is not started: the local cloud is stopping`);
      const start = startCluster(options, launch).then((started) => {
        // Known before anybody hears that the start is over: closing looks here then.
        clusters.set(launch.name, started);
        return started;
      });
      starting.add(start);
      const cluster = await start
        .catch((error: unknown) => {
          failures.set(launch.name, error instanceof Error ? error : new Error(String(error)));
          throw error;
        })
        .finally(() => starting.delete(start));
      options.onStarted(launch.name, cluster.endpoint);
      return {
        endpoint: cluster.endpoint,
        certificateAuthorityPem: cluster.credentials.certificates.caCertificate,
        jwks: () => cluster.jwks(),
      };
    },
    async stop(name, { deleteState }) {
      const cluster = clusters.get(name);
      clusters.delete(name);
      await cluster?.close();
      if (deleteState) await rm(options.paths.cluster(name), { recursive: true, force: true });
    },
    installAddon: (addon) => installAddon(required(addon.clusterName), addon, options),
    async removeAddon({ clusterName, addonName }) {
      addonHealth.delete(`${clusterName}/${addonName}`);
      const workload = findAddon(addonName)?.workload;
      const cluster = clusters.get(clusterName);
      if (workload === undefined || cluster === undefined) return;
      const resource =
        workload.kind === "Deployment" ? cluster.client.resource(DEPLOYMENTS) : cluster.client.resource(DAEMON_SETS);
      if ((await resource.find(workload)) !== undefined) await resource.delete(workload);
    },
    addonHealth({ clusterName, addonName }) {
      const key = `${clusterName}/${addonName}`;
      void refreshHealth(clusters.get(clusterName), addonName).then(
        (health) => addonHealth.set(key, health),
        () => {},
      );
      // Not looked at yet: a Deployment has no replicas until it is seen with some.
      return addonHealth.get(key) ?? (findAddon(addonName)?.workload.kind === "Deployment" ? [NOT_SEEN_YET] : []);
    },
    fargateProfileChanged(clusterName, profileName, change) {
      const cluster = clusters.get(clusterName);
      if (change !== "deleted" || cluster === undefined) return;
      deleteProfilePods(cluster, profileName).catch((error: unknown) =>
        options.logger.error("pods of a deleted profile remain", { profile: profileName, error }),
      );
    },
    boot: (instance) => machines.boot(instance),
    shutDown: (instanceId) => machines.shutDown(instanceId),
    async close() {
      isClosing = true;
      await Promise.allSettled(starting);
      await Promise.all([...clusters.values()].map((cluster) => cluster.close()));
      clusters.clear();
    },
  };
}

function startCluster(options: LocalClusterHostOptions, launch: ClusterLaunch): Promise<EmbeddedCluster> {
  const { paths, timings, clock, random, logger, aws, port } = options;
  return startEmbeddedCluster({
    launch,
    directory: paths.cluster(launch.name),
    port: port(launch.name),
    timings,
    clock,
    random: random.split(launch.name),
    logger: logger.with({ cluster: launch.name }),
    fargate: fargateBackend(aws, launch.name),
    authenticator: (token) => aws().authenticateToken(launch.name, token),
    images: (certificateAuthorityPem, ownCluster) => [
      quietImage,
      provisionerImage({ certificateAuthorityPem, ownCluster }),
    ],
    podEnvironment: () => ({ AWS_ENDPOINT_URL: aws().url }),
    adoptIp: (ip) => aws().adoptIp(ip),
  });
}

async function installAddon(
  cluster: EmbeddedCluster,
  addon: AddonInstallation,
  { logger }: LocalClusterHostOptions,
): Promise<void> {
  const definition = findAddon(addon.addonName);
  if (definition === undefined) {
    logger.warn("the add-on exists in EKS, but local mode installs nothing for it", {
      addon: addon.addonName,
      installs: localAddonNames(),
    });
    return;
  }
  const service = await cluster.client.raw("GET", "/api/v1/namespaces/default/services/kubernetes");
  const clusterIp = (service as { readonly spec?: { readonly clusterIP?: string } }).spec?.clusterIP ?? "10.100.0.1";
  const dnsClusterIp = clusterIp.replace(/\.\d+$/, ".10");
  const finder = new ResourceFinder(cluster.client);
  for (const object of definition.manifests({
    version: addon.addonVersion,
    dnsClusterIp,
    configurationValues: addon.configurationValues,
  })) {
    await applyObject(cluster.client, finder, object);
  }
}

async function refreshHealth(
  cluster: EmbeddedCluster | undefined,
  addonName: string,
): Promise<readonly { readonly code: string; readonly message: string }[]> {
  const workload = findAddon(addonName)?.workload;
  if (workload?.kind !== "Deployment" || cluster === undefined) return [];
  const deployment = await cluster.client.resource(DEPLOYMENTS).find(workload);
  const available = deployment?.status?.availableReplicas ?? 0;
  const wanted = deployment?.spec.replicas ?? 1;
  if (available >= wanted) return [];
  return [
    {
      code: "InsufficientNumberOfReplicas",
      message: `The add-on is unhealthy because it doesn't have the desired number of replicas: ${available} of ${wanted} are available.`,
    },
  ];
}

/** EKS deletes the pods that ran on a profile when the profile is deleted. */
async function deleteProfilePods(cluster: EmbeddedCluster, profileName: string): Promise<void> {
  const pods = cluster.client.resource(PODS);
  const { items } = await pods.list({ labelSelector: `eks.amazonaws.com/fargate-profile=${profileName}` });
  await Promise.all(
    items.map((pod: Pod) =>
      pods.delete({ namespace: pod.metadata.namespace, name: pod.metadata.name }, { uid: pod.metadata.uid }),
    ),
  );
}
