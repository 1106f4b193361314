import type { MetadataOptions } from "../ec2-node-class.ts";
import { flag, list, mapOf, object, oneOf, quantity, type Schema, text, whole } from "./schema.ts";

const EVICTION_SIGNALS = "memory.available, nodefs.*, imagefs.*, pid.available";
const reserved = (): Schema => mapOf(text(), { description: "cpu, memory, ephemeral-storage and pid" });
const threshold = (): Schema => mapOf(text(), { description: `signals ${EVICTION_SIGNALS}` });

/** Kubelet settings, the same in both generations of the API. */
export const kubeletFields = (): Readonly<Record<string, Schema>> => ({
  clusterDNS: list(text()),
  maxPods: whole(0, undefined, { format: "int32" }),
  podsPerCore: whole(0, undefined, { format: "int32" }),
  systemReserved: reserved(),
  kubeReserved: reserved(),
  evictionHard: threshold(),
  evictionSoft: threshold(),
  evictionSoftGracePeriod: mapOf(text(), { description: "durations by signal" }),
  evictionMaxPodGracePeriod: whole(0, undefined, { format: "int32" }),
  imageGCHighThresholdPercent: whole(0, 100, { format: "int32" }),
  imageGCLowThresholdPercent: whole(0, 100, { format: "int32" }),
  cpuCFSQuota: flag(),
});

/** An EBS volume. */
export const blockDevice = (): Schema =>
  object({
    deleteOnTermination: flag(),
    encrypted: flag(),
    iops: whole(0, undefined, { format: "int64" }),
    kmsKeyID: text(),
    snapshotID: text(),
    throughput: whole(0, undefined, { format: "int64" }),
    volumeSize: quantity(),
    volumeType: oneOf(["standard", "io1", "io2", "gp2", "sc1", "st1", "gp3"]),
    volumeInitializationRate: whole(100, 300, { format: "int32" }),
  });

/** Instance metadata settings; without `defaults` the API server adds nothing to what was written. */
export function metadataOptions(defaults?: MetadataOptions): Schema {
  const withDefault = (name: keyof MetadataOptions): { readonly default?: unknown } =>
    defaults?.[name] === undefined ? {} : { default: defaults[name] };
  return object(
    {
      httpEndpoint: oneOf(["enabled", "disabled"], withDefault("httpEndpoint")),
      httpProtocolIPv6: oneOf(["enabled", "disabled"], withDefault("httpProtocolIPv6")),
      httpPutResponseHopLimit: whole(1, 64, { ...withDefault("httpPutResponseHopLimit"), format: "int64" }),
      httpTokens: oneOf(["required", "optional"], withDefault("httpTokens")),
    },
    [],
    defaults === undefined ? {} : { default: defaults },
  );
}
