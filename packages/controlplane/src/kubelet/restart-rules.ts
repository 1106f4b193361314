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

/** True for pods whose simulated containers finish by themselves: those a Job controls. All others run until they are stopped. */
export function isJobPod(pod: Pod): boolean {
  return (pod.metadata.ownerReferences ?? []).some(
    ({ controller, kind, apiVersion }) => controller === true && kind === "Job" && apiVersion.startsWith("batch/"),
  );
}
