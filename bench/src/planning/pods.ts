import { LABELS, type Pod, type PodSpec } from "@nodeless/api";
import type { Random } from "@nodeless/environment";

export const HOSTNAME = "kubernetes.io/hostname";
export const ZONE: string = LABELS.zone;

/** What a made pod asks for. */
export interface PodWish {
  readonly name: string;
  readonly cpuMillicores: number;
  readonly memoryMiB: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly spec?: Partial<PodSpec>;
}

/** A pending pod; every pod is an object of its own, as a watch would deliver it. */
export function pendingPod({ name, cpuMillicores, memoryMiB, labels = {}, spec = {} }: PodWish): Pod {
  const requests = { cpu: `${cpuMillicores}m`, memory: `${memoryMiB}Mi` };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: name, creationTimestamp: "2026-01-01T00:00:00Z", labels },
    spec: { ...spec, containers: [{ name: "main", image: "nginx", resources: { requests } }] },
    status: { phase: "Pending" },
  } as unknown as Pod;
}

/** One of the list. */
export function oneOf<T>(random: Random, list: readonly T[]): T {
  const chosen = list[random.integer(list.length)];
  if (chosen === undefined) throw new Error("nothing to choose from");
  return chosen;
}

/** A normally distributed number (Box–Muller). */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}
