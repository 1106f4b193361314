import type { InProcessImage } from "@nodeless/controlplane";
import type { Clock, Random } from "@nodeless/environment";
import type { Transport } from "@nodeless/runtime";

/** The image of the provisioner; local kubelets run its containers as code in this process. */
export const PROVISIONER_IMAGE = "public.ecr.aws/nodeless/provisioner:0.1.0";
const REPOSITORY = PROVISIONER_IMAGE.slice(0, PROVISIONER_IMAGE.lastIndexOf(":"));

/** The API server of the cluster that containers run in. */
export interface OwnCluster {
  endpoint(): string;
  readonly handle: Transport;
}

export interface ProvisionerImageOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Of the cluster the container runs in, as a pod finds it in its service account volume. */
  readonly certificateAuthorityPem: string;
  readonly ownCluster: OwnCluster;
}

/** The provisioner as a container: it knows only its environment, its service account's token, and what those two open. */
export function provisionerImage(options: ProvisionerImageOptions): InProcessImage {
  return {
    matches: (image) => image === REPOSITORY,
    async run(context) {
      // Loaded when the first container starts: the AWS SDK would double the time to a ready API server.
      const { runProvisionerContainer } = await import("./provisioner-container.ts");
      await runProvisionerContainer(context, options);
    },
  };
}
