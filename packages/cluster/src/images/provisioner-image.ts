import type { InProcessImage } from "@nodeless/controlplane";
import type { Transport } from "@nodeless/runtime";
import { ProvisionerThread } from "./provisioner-thread.ts";

/** The image of the provisioner; local kubelets run its containers as code in a thread of this process. */
export const PROVISIONER_IMAGE = "public.ecr.aws/nodeless/provisioner:0.1.0";
const REPOSITORY = PROVISIONER_IMAGE.slice(0, PROVISIONER_IMAGE.lastIndexOf(":"));

/** The API server of the cluster that containers run in. */
export interface OwnCluster {
  endpoint(): string;
  readonly handle: Transport;
}

export interface ProvisionerImageOptions {
  /** Of the cluster the container runs in, as a pod finds it in its service account volume. */
  readonly certificateAuthorityPem: string;
  readonly ownCluster: OwnCluster;
}

/** The provisioner as a container: it knows only its environment, its service account's token, and what those two open. */
export function provisionerImage({ certificateAuthorityPem, ownCluster }: ProvisionerImageOptions): InProcessImage {
  const thread = new ProvisionerThread();
  return {
    matches: (image) => image === REPOSITORY,
    run: (context) =>
      thread.run(context, {
        certificateAuthorityPem,
        ownEndpoint: ownCluster.endpoint(),
        handle: ownCluster.handle,
      }),
  };
}
