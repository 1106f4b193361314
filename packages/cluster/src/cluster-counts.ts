import { LABELS, NODES, PODS } from "@nodeless/api";
import { createKubernetesClient, httpsTransport } from "@nodeless/runtime";
import { keptCredentials } from "./embedded/credentials.ts";
import type { RuntimeInfo } from "./state/runtime-info.ts";
import type { StatePaths } from "./state/state-directory.ts";

/** What a running cluster holds, asked over its own APIs. */
export interface ClusterCounts {
  readonly nodes: { readonly total: number; readonly fargate: number; readonly ec2: number; readonly ready: number };
  readonly pods: { readonly total: number; readonly running: number; readonly pending: number };
  readonly fargateProfiles: readonly {
    readonly name: string;
    readonly status: string;
    readonly health: readonly string[];
  }[];
}

/** Asks another process's cluster as its administrator. Throws ConnectionError when it does not answer. */
export async function clusterCounts(paths: StatePaths, runtime: RuntimeInfo): Promise<ClusterCounts> {
  const { certificates } = await keptCredentials(paths.cluster(runtime.clusterName));
  await using transport = httpsTransport({
    url: runtime.kubernetesEndpoint,
    ca: certificates.caCertificate,
    clientCertificate: certificates.adminCertificate,
    clientKey: certificates.adminKey,
  });
  const client = createKubernetesClient({ transport, userAgent: "nodeless" });
  const [nodes, pods, fargateProfiles] = await Promise.all([
    client.resource(NODES).list(),
    client.resource(PODS).list(),
    profiles(runtime),
  ]);
  const fargate = nodes.items.filter(({ metadata }) => metadata.labels?.[LABELS.computeType] === "fargate").length;
  const phase = (wanted: string): number => pods.items.filter(({ status }) => status?.phase === wanted).length;
  return {
    nodes: {
      total: nodes.items.length,
      fargate,
      ec2: nodes.items.length - fargate,
      ready: nodes.items.filter(
        ({ status }) =>
          status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") === true,
      ).length,
    },
    pods: { total: pods.items.length, running: phase("Running"), pending: phase("Pending") },
    fargateProfiles,
  };
}

async function profiles(runtime: RuntimeInfo): Promise<ClusterCounts["fargateProfiles"]> {
  const { createAwsClients, listFargateProfiles } = await import("@nodeless/eks");
  const clients = createAwsClients({
    region: runtime.region,
    endpoint: runtime.awsEndpoint,
    credentials: { accessKeyId: runtime.accessKeyId, secretAccessKey: runtime.secretAccessKey },
  });
  try {
    const found = await listFargateProfiles({ eks: clients.eks, clusterName: runtime.clusterName });
    return found.map(({ fargateProfileName = "", status = "", health }) => ({
      name: fargateProfileName,
      status,
      health: (health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`),
    }));
  } finally {
    clients.destroy();
  }
}
