import { DescribeClusterCommand } from "@aws-sdk/client-eks";
import { NodeClassNotReadyError } from "@nodeless/cloud";
import { ExpiringCache } from "./expiring-cache.ts";
import type { AwsCloudOptions } from "./options.ts";

/** What a node must know to join. */
export interface ClusterFacts {
  readonly name: string;
  readonly endpoint: string;
  /** base64 of the PEM. */
  readonly caBundle: string;
  /** Minor version. */
  readonly version: string;
  readonly serviceCidr: string;
}

/** Versions change by upgrades only; upstream asks every five minutes too. */
const LIFETIME_MS = 5 * 60_000;

/** The given facts, completed by DescribeCluster where some are absent. */
export function clusterFactsSource(options: AwsCloudOptions): () => Promise<ClusterFacts> {
  const { clusterName: name, clusterEndpoint, clusterCaBundle, kubernetesVersion, serviceCidr, clients } = options;
  if (
    clusterEndpoint !== undefined &&
    clusterCaBundle !== undefined &&
    kubernetesVersion !== undefined &&
    serviceCidr !== undefined
  ) {
    const given = {
      name,
      endpoint: clusterEndpoint,
      caBundle: clusterCaBundle,
      version: kubernetesVersion,
      serviceCidr,
    };
    return () => Promise.resolve(given);
  }
  const cache = new ExpiringCache<ClusterFacts>({ clock: options.clock, lifetimeMs: LIFETIME_MS });
  return () =>
    cache.get(name, async () => {
      const { cluster } = await clients.eks.send(new DescribeClusterCommand({ name }));
      const facts = {
        name,
        endpoint: clusterEndpoint ?? cluster?.endpoint ?? "",
        caBundle: clusterCaBundle ?? cluster?.certificateAuthority?.data ?? "",
        version: kubernetesVersion ?? cluster?.version ?? "",
        serviceCidr: serviceCidr ?? cluster?.kubernetesNetworkConfig?.serviceIpv4Cidr ?? "",
      };
      if (facts.endpoint === "" || facts.version === "")
        throw new NodeClassNotReadyError(name, `cluster ${name} has no endpoint yet`);
      return facts;
    });
}
