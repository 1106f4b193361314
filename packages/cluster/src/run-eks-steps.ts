import { applyCluster, createAwsClients, eksToken, TOKEN_LIFETIME_MS } from "@nodeless/eks";
import type { LocalAws } from "@nodeless/local-aws";
import { LOCAL_ACCESS_KEY_ID, LOCAL_SECRET_ACCESS_KEY } from "@nodeless/local-aws";
import { createKubernetesClient, tokenTransportOf } from "@nodeless/runtime";
import { PROVISIONER_IMAGE } from "./images/provisioner-image.ts";
import { inProcessRequests } from "./in-process-requests.ts";
import type { LocalClusterHost } from "./local-cluster-host.ts";
import type { LocalClusterOptions } from "./start-local-cluster.ts";
import type { Timings } from "./timings.ts";

/** The other side of the steps. */
interface LocalSide {
  readonly aws: LocalAws;
  readonly host: LocalClusterHost;
  readonly timings: Timings;
}

/** Runs the steps that build a cluster on AWS, against the local AWS and the cluster it starts: the same requests, without sockets. */
export async function runEksSteps(options: LocalClusterOptions, { aws, host, timings }: LocalSide): Promise<void> {
  const { spec, clock, logger, signal, onEvent } = options;
  const credentials = { accessKeyId: LOCAL_ACCESS_KEY_ID, secretAccessKey: LOCAL_SECRET_ACCESS_KEY };
  const requestHandler = inProcessRequests(aws);
  const clients = createAwsClients({ region: spec.region, endpoint: aws.url, credentials, requestHandler });
  try {
    await applyCluster({
      spec,
      aws: clients,
      clock,
      logger: logger.with({ part: "eks" }),
      signal,
      onEvent,
      pollMs: timings.pollMs,
      consolidateAfter: timings.consolidateAfter,
      provisionerEnvironment: timings.provisionerEnvironment,
      provisionerImage: PROVISIONER_IMAGE,
      connect({ name, region }) {
        const cluster = host.cluster(name);
        if (cluster === undefined) throw new Error(`cluster ${name} does not run although EKS says that it is ACTIVE`);
        let current: { readonly token: string; readonly until: number } | undefined;
        const token = (): string => {
          if (current === undefined || clock.monotonicMs() > current.until) {
            current = {
              token: eksToken({ clusterName: name, region, credentials, now: clock.now() }),
              until: clock.monotonicMs() + TOKEN_LIFETIME_MS,
            };
          }
          return current.token;
        };
        return createKubernetesClient({ transport: tokenTransportOf(cluster.handle, token), userAgent: "nodeless" });
      },
    });
  } finally {
    clients.destroy();
  }
}
