import type { Container, PersistentVolumeClaim, Pod, Volume } from "@nodeless/api";

/** The claims of a pod's namespace by name. */
export type ClaimLookup = (name: string) => PersistentVolumeClaim | undefined;

type PodSpec = Pick<Pod["spec"], "containers" | "initContainers" | "hostNetwork" | "hostPID" | "hostIPC" | "volumes">;

/**
 * Why Fargate cannot run a pod, as the clauses of its event; empty when it can.
 * Source: event texts collected from users (fargate.md §4.1).
 */
export function refusalClauses(pod: { readonly spec: PodSpec }, claim: ClaimLookup): readonly string[] {
  const { spec } = pod;
  const containers = [...(spec.initContainers ?? []), ...spec.containers];
  const privileged = containers.filter(({ securityContext }) => securityContext?.privileged === true);
  const capabilities = [...new Set(containers.flatMap(addedCapabilities))];
  const fields = [
    ...(spec.hostNetwork === true ? ["HostNetwork"] : []),
    ...(spec.hostPID === true ? ["HostPID"] : []),
    ...(spec.hostIPC === true ? ["HostIPC"] : []),
    ...(containers.some(usesHostPort) ? ["port contains HostIP or HostPort"] : []),
  ];
  const volumes = (spec.volumes ?? []).flatMap((volume) => volumeRefusal(volume, claim) ?? []);
  return [
    ...(privileged.length === 0
      ? []
      : [`invalid SecurityContext fields: ${privileged.map(() => "Privileged").join(",")}`]),
    ...(capabilities.length === 0 ? [] : [`unsupported SecurityContext capability: ${capabilities.join(",")}`]),
    ...(fields.length === 0 ? [] : [`fields not supported: ${fields.join(", ")}`]),
    ...(volumes.length === 0 ? [] : [`volumes not supported: ${volumes.join(", ")}`]),
  ];
}

/** The message of the FailedScheduling event. */
export function refusalMessage(clauses: readonly string[]): string {
  return `Pod not supported on Fargate: ${clauses.join(", ")}`;
}

/** Capabilities a container has anyway (containerd's default set): adding them changes nothing, so charts that do still run. */
const DEFAULT_CAPABILITIES: ReadonlySet<string> = new Set([
  "AUDIT_WRITE",
  "CHOWN",
  "DAC_OVERRIDE",
  "FOWNER",
  "FSETID",
  "KILL",
  "MKNOD",
  "NET_BIND_SERVICE",
  "NET_RAW",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYS_CHROOT",
]);

function addedCapabilities({ securityContext }: Container): readonly string[] {
  const added = (securityContext?.capabilities?.add ?? []).map((name) => name.replace(/^CAP_/, ""));
  return added.filter((name) => !DEFAULT_CAPABILITIES.has(name));
}

function usesHostPort({ ports = [] }: Container): boolean {
  return ports.some(({ hostPort = 0, hostIP = "" }) => hostPort !== 0 || hostIP !== "");
}

/** Volume types that need nothing from a node; a claim is for EFS, the only driver there. */
const SUPPORTED_VOLUMES = ["configMap", "secret", "emptyDir", "projected", "downwardAPI", "nfs"] as const;

function volumeRefusal(volume: Volume, claim: ClaimLookup): string | undefined {
  if (SUPPORTED_VOLUMES.some((type) => volume[type] !== undefined)) return undefined;
  const name = volume.persistentVolumeClaim?.claimName;
  if (name === undefined) return isEmpty(volume) ? undefined : `${volume.name} is of an unsupported volume Type`;
  const found = claim(name);
  if (found === undefined) return `${volume.name} not supported because: persistentvolumeclaim "${name}" not found`;
  return found.status?.phase === "Bound" ? undefined : `${volume.name} not supported because: PVC ${name} not bound`;
}

/** A volume without a source is an emptyDir that the server has not written out yet. */
const isEmpty = (volume: Volume): boolean => Object.keys(volume).length === 1;
