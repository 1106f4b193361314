import { readFile } from "node:fs/promises";
import {
  AWS_NODE_TEMPLATES,
  CSI_NODES,
  DAEMON_SETS,
  EC2_NODE_CLASSES,
  EVENTS,
  type KubernetesObject,
  NAMESPACES,
  NODE_CLAIMS,
  NODE_POOLS,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  PROVISIONERS,
  type ResourceType,
  STORAGE_CLASSES,
} from "@nodeless/api";
import type { RuntimeInfo, StatePaths } from "@nodeless/cluster";
import { createAwsClients, listFargateProfiles } from "@nodeless/eks";
import type { LiveObjects } from "@nodeless/planner";
import { createKubernetesClient, httpsTransport, isNotFound, type KubernetesClient } from "@nodeless/runtime";
import { parse } from "yaml";

/** Everything about a running local cluster that decides where pods run, read over its own APIs as its administrator. */
export async function readCluster(paths: StatePaths, runtime: RuntimeInfo): Promise<LiveObjects> {
  await using transport = httpsTransport(await administrator(paths, runtime));
  const client = createKubernetesClient({ transport, userAgent: "nodeless" });
  const read = listOf(client);
  const [pods, nodes, nodeClaims, events, nodePools, provisioners, nodeClasses, awsNodeTemplates] = await Promise.all([
    read(PODS),
    read(NODES),
    read(NODE_CLAIMS),
    read(EVENTS),
    read(NODE_POOLS),
    read(PROVISIONERS),
    read(EC2_NODE_CLASSES),
    read(AWS_NODE_TEMPLATES),
  ]);
  const [daemonSets, namespaces, persistentVolumeClaims, persistentVolumes, storageClasses, csiNodes, fargateProfiles] =
    await Promise.all([
      read(DAEMON_SETS),
      read(NAMESPACES),
      read(PERSISTENT_VOLUME_CLAIMS),
      read(PERSISTENT_VOLUMES),
      read(STORAGE_CLASSES),
      read(CSI_NODES),
      readProfiles(runtime),
    ]);
  return {
    cluster: runtime.name,
    pods,
    nodes,
    nodeClaims,
    events,
    nodePools,
    provisioners,
    nodeClasses,
    awsNodeTemplates,
    daemonSets,
    namespaces,
    persistentVolumeClaims,
    persistentVolumes,
    storageClasses,
    csiNodes,
    fargateProfiles,
  };
}

/** Lists of kinds that the cluster does not serve are empty. */
function listOf(
  client: KubernetesClient,
): <T extends KubernetesObject>(type: ResourceType<T>) => Promise<readonly T[]> {
  return async (type) => {
    try {
      return (await client.resource(type).list()).items;
    } catch (error) {
      if (isNotFound(error)) return [];
      throw error;
    }
  };
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly "certificate-authority-data": string } }];
  readonly users: readonly [
    { readonly user: { readonly "client-certificate-data": string; readonly "client-key-data": string } },
  ];
}

/** The cluster's own kubeconfig, which `nodeless up` wrote. */
async function administrator(paths: StatePaths, runtime: RuntimeInfo): Promise<Parameters<typeof httpsTransport>[0]> {
  const { clusters, users } = parse(await readFile(paths.kubeconfig, "utf8")) as Kubeconfig;
  const decoded = (text: string): string => Buffer.from(text, "base64").toString("utf8");
  const [{ user }] = users;
  return {
    url: runtime.kubernetesEndpoint,
    ca: decoded(clusters[0].cluster["certificate-authority-data"]),
    clientCertificate: decoded(user["client-certificate-data"]),
    clientKey: decoded(user["client-key-data"]),
  };
}

async function readProfiles(runtime: RuntimeInfo): Promise<LiveObjects["fargateProfiles"]> {
  const clients = createAwsClients({
    region: runtime.region,
    endpoint: runtime.awsEndpoint,
    credentials: { accessKeyId: runtime.accessKeyId, secretAccessKey: runtime.secretAccessKey },
  });
  try {
    const found = await listFargateProfiles({ eks: clients.eks, clusterName: runtime.clusterName });
    return found.map(({ fargateProfileName = "", status, podExecutionRoleArn = "", subnets = [], selectors = [] }) => ({
      name: fargateProfileName,
      status: status ?? "ACTIVE",
      podExecutionRoleArn,
      subnetIds: subnets,
      selectors: selectors.map(({ namespace = "", labels }) => ({
        namespace,
        ...(labels === undefined ? {} : { labels }),
      })),
    }));
  } finally {
    clients.destroy();
  }
}
