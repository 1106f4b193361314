import type { Pod } from "@nodeless/api";
import type { ContainerRecord } from "./containers.ts";

/**
 * Whether a container that ended with this code starts again.
 * Source: ShouldContainerBeRestarted in pkg/kubelet/container/helpers.go and KEP-753 for sidecars (release 1.35).
 */
export function restartsAfter({ role }: Pick<ContainerRecord, "role">, pod: Pod, exitCode: number): boolean {
  const policy = pod.spec.restartPolicy ?? "Always";
  if (role === "sidecar") return true;
  if (policy === "Never") return false;
  if (role === "init") return exitCode !== 0;
  return policy === "Always" || exitCode !== 0;
}

/**
 * True for pods whose simulated containers finish by themselves: those that are not meant to run for ever, which the pods of Jobs never
 * are. All others run until they are stopped.
 */
export function runsToCompletion({ spec }: Pod): boolean {
  return (spec.restartPolicy ?? "Always") !== "Always";
}
