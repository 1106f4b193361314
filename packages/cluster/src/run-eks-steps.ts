import { applyCluster, createAwsClients, eksToken, TOKEN_LIFETIME_MS } from "@nodeless/eks";
import type { LocalAws } from "@nodeless/local-aws";
import { LOCAL_ACCESS_KEY_ID, LOCAL_SECRET_ACCESS_KEY } from "@nodeless/local-aws";
import { createKubernetesClient, httpsTransport } from "@nodeless/runtime";
import { PROVISIONER_IMAGE } from "./images/provisioner-image.ts";
import type { LocalClusterOptions } from "./start-local-cluster.ts";
import type { Timings } from "./timings.ts";

/** Runs the steps that build a cluster on AWS, against the local AWS over its socket. */
export async function runEksSteps(options: LocalClusterOptions, aws: LocalAws, timings: Timings): Promise<void> {
  const { spec, clock, logger, signal, onEvent } = options;
  const credentials = { accessKeyId: LOCAL_ACCESS_KEY_ID, secretAccessKey: LOCAL_SECRET_ACCESS_KEY };
  const clients = createAwsClients({ region: spec.region, endpoint: aws.url, credentials });
  const transports: AsyncDisposable[] = [];
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
      connect({ name, region, endpoint, certificateAuthorityPem }) {
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
        const transport = httpsTransport({ url: endpoint, ca: certificateAuthorityPem, token });
        transports.push(transport);
        return createKubernetesClient({ transport, userAgent: "nodeless" });
      },
    });
  } finally {
    for (const transport of transports) await transport[Symbol.asyncDispose]();
    clients.destroy();
  }
}
