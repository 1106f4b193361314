import type { PodSpec } from "@nodeless/api";

/** A port that a pod takes on its node's own address. */
export interface HostPort {
  /** `0.0.0.0` for every address. */
  readonly ip: string;
  readonly protocol: string;
  readonly port: number;
}

const EVERY_ADDRESS = "0.0.0.0";

/** Host ports of a pod: `hostPort`, or every container port under hostNetwork; sidecars included. */
export function hostPortsOf(spec: Pick<PodSpec, "containers" | "initContainers" | "hostNetwork">): readonly HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  return [...spec.containers, ...sidecars].flatMap(({ ports }) =>
    (ports ?? []).flatMap(({ hostPort, hostIP, protocol, containerPort }): HostPort[] => {
      const port = hostPort !== undefined && hostPort > 0 ? hostPort : spec.hostNetwork === true ? containerPort : 0;
      if (port === 0) return [];
      return [
        { ip: hostIP === undefined || hostIP === "" ? EVERY_ADDRESS : hostIP, protocol: protocol ?? "TCP", port },
      ];
    }),
  );
}

/** True if both cannot be held on one node: same port and protocol, and the same address or one of them every address. */
function hostPortsConflict(a: HostPort, b: HostPort): boolean {
  return (
    a.port === b.port &&
    a.protocol === b.protocol &&
    (a.ip === b.ip || a.ip === EVERY_ADDRESS || b.ip === EVERY_ADDRESS)
  );
}

/** The first wanted port that is taken. */
export function firstPortConflict(wanted: readonly HostPort[], taken: readonly HostPort[]): HostPort | undefined {
  if (taken.length === 0) return undefined;
  return wanted.find((port) => taken.some((other) => hostPortsConflict(port, other)));
}
