import type { Pod } from "@nodeless/api";
import { PODS } from "@nodeless/api";
import type { Logger } from "@nodeless/environment";
import { ApiStatusError, isConflict, isNotFound, isTooManyRequests, type KubernetesClient } from "@nodeless/runtime";
import type { BoundedWork } from "./bounded-work.ts";
import type { PodStatusPatch } from "./pod-status.ts";
import type { TimerWheel } from "./timer-wheel.ts";

const RETRY_MS = 1_000;

/**
 * The kubelet's last word on a deleted pod: its final status if someone still reads it, then DELETE without grace, bound to the uid so
 * that a new pod of the same name is safe. Retries until the server has taken it.
 */
export async function deleteFinishedPod(
  services: {
    readonly client: KubernetesClient;
    readonly wheel: TimerWheel;
    readonly signal: AbortSignal;
    readonly logger: Logger;
    readonly deletions: BoundedWork;
  },
  pod: Pod,
  lastStatus: PodStatusPatch | undefined,
): Promise<void> {
  const { client, wheel, signal, logger, deletions } = services;
  const { namespace, name, uid } = pod.metadata;
  const pods = client.resource(PODS);
  try {
    if (lastStatus !== undefined)
      await pods.patch(
        { namespace, name },
        "strategic",
        { metadata: { uid }, status: lastStatus },
        {
          subresource: "status",
          signal,
        },
      );
    await pods.delete({ namespace, name }, { gracePeriodSeconds: 0, uid, signal });
  } catch (error) {
    if (signal.aborted || isNotFound(error) || isConflict(error)) return;
    const refused = error instanceof ApiStatusError && error.code < 500 && !isTooManyRequests(error);
    if (refused)
      logger.error("the API server refused to delete a finished pod", { pod: `${namespace}/${name}`, error });
    else wheel.after(RETRY_MS, () => deletions.add(() => deleteFinishedPod(services, pod, lastStatus)));
  }
}
