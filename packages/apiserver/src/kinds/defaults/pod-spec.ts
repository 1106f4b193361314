import type { Draft, PodSpec, Volume } from "@nodeless/api";
import { applyContainerDefaults } from "./container.ts";

/** rw-r--r-- */
const FILE_MODE = 0o644;
const TOKEN_EXPIRATION_SECONDS = 3600;

/** Defaults of pods and pod templates. Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go (release 1.36). */
export function applyPodSpecDefaults(spec: Draft<PodSpec>): void {
  spec.restartPolicy ??= "Always";
  spec.dnsPolicy ??= "ClusterFirst";
  spec.schedulerName ??= "default-scheduler";
  spec.terminationGracePeriodSeconds ??= 30;
  spec.securityContext ??= {};
  syncServiceAccount(spec);
  for (const container of spec.containers ?? []) applyContainerDefaults(container);
  for (const container of spec.initContainers ?? []) applyContainerDefaults(container);
  for (const container of spec.ephemeralContainers ?? []) applyContainerDefaults(container);
  for (const volume of spec.volumes ?? []) applyVolumeDefaults(volume);
  if (spec.hostNetwork === true) applyHostPorts(spec);
}

/** The old field name is kept equal to the new one. */
function syncServiceAccount(spec: Draft<PodSpec>): void {
  const name = spec.serviceAccountName ?? spec.serviceAccount;
  if (name === undefined) return;
  spec.serviceAccountName = name;
  spec.serviceAccount = name;
}

function applyHostPorts(spec: Draft<PodSpec>): void {
  for (const container of [...(spec.containers ?? []), ...(spec.initContainers ?? [])])
    for (const port of container.ports ?? []) port.hostPort ??= port.containerPort;
}

function applyVolumeDefaults(volume: Draft<Volume>): void {
  if (Object.keys(volume).every((key) => key === "name")) volume.emptyDir = {};
  if (volume.secret !== undefined) volume.secret.defaultMode ??= FILE_MODE;
  if (volume.configMap !== undefined) volume.configMap.defaultMode ??= FILE_MODE;
  if (volume.hostPath !== undefined) volume.hostPath.type ??= "";
  if (volume.downwardAPI !== undefined) {
    volume.downwardAPI.defaultMode ??= FILE_MODE;
    for (const item of volume.downwardAPI.items ?? [])
      if (item.fieldRef !== undefined) item.fieldRef.apiVersion ??= "v1";
  }
  if (volume.projected !== undefined) applyProjectedDefaults(volume.projected);
  const claim = volume.ephemeral?.volumeClaimTemplate;
  if (claim !== undefined) claim.spec.volumeMode ??= "Filesystem";
}

function applyProjectedDefaults(projected: NonNullable<Draft<Volume>["projected"]>): void {
  projected.defaultMode ??= FILE_MODE;
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken !== undefined)
      source.serviceAccountToken.expirationSeconds ??= TOKEN_EXPIRATION_SECONDS;
    for (const item of source.downwardAPI?.items ?? [])
      if (item.fieldRef !== undefined) item.fieldRef.apiVersion ??= "v1";
  }
}
