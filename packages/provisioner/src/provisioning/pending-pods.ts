import type { Pod } from "@nodeless/api";
import type { AskedVolumes } from "./asked-volumes.ts";
import { judgePod } from "./provisionable-pods.ts";

/** Pods to be planned for, and pods that no node can help. */
export interface PendingPods {
  readonly plannable: readonly Pod[];
  readonly refused: readonly { readonly pod: Pod; readonly message: string }[];
}

/** Sorts pods into those that get planned, their volumes noted, and those that are refused. */
export function pendingPods(pods: readonly Pod[], volumes: AskedVolumes): PendingPods {
  const plannable: Pod[] = [];
  const refused: { readonly pod: Pod; readonly message: string }[] = [];
  for (const pod of pods) {
    const verdict = judgePod(pod);
    if (verdict.kind === "refuse") refused.push({ pod, message: verdict.message });
    if (verdict.kind !== "provision") continue;
    const message = volumes.refusalOf(pod);
    if (message === undefined) plannable.push(pod);
    else refused.push({ pod, message });
  }
  return { plannable, refused };
}

/** Displaced pods keep running where they are if their volumes cannot be used elsewhere. */
export function movablePods(pods: readonly Pod[], volumes: AskedVolumes): readonly Pod[] {
  return pods.filter((pod) => volumes.refusalOf(pod) === undefined);
}
