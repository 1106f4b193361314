import type { Pod, PodSpec } from "@nodeless/api";
import { type Random, seededRandom } from "@nodeless/environment";
import { HOSTNAME, oneOf, pendingPod, ZONE } from "./pods.ts";

const LETTERS = ["a", "b", "c", "d", "e", "f", "g"] as const;
const CPU_MILLICORES = [100, 250, 500, 1_000, 1_500] as const;
const MEMORY_MIB = [100, 256, 512, 1_024, 2_048, 4_096] as const;
/** The seed that upstream's benchmark fixes; the generator behind it differs, the distribution does not. */
const SEED = 42;

type Kind = (random: Random) => { readonly labels: Record<string, string>; readonly spec: Partial<PodSpec> };

const label = (random: Random): Record<string, string> => ({ "my-label": oneOf(random, LETTERS) });
/** The spelling is upstream's. */
const affinityLabel = (random: Random): Record<string, string> => ({ "my-affininity": oneOf(random, LETTERS) });

const spread =
  (topologyKey: string): Kind =>
  (random) => ({
    labels: label(random),
    spec: {
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: label(random) } },
      ],
    },
  });

const generic: Kind = (random) => ({ labels: label(random), spec: {} });

const zonalAffinity: Kind = (random) => {
  const labels = affinityLabel(random);
  const term = { topologyKey: ZONE, labelSelector: { matchLabels: labels } };
  return { labels, spec: { affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } } };
};

const repelling: Kind = () => {
  const labels = { app: "nginx" };
  const term = { topologyKey: HOSTNAME, labelSelector: { matchLabels: labels } };
  return {
    labels,
    spec: { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } },
  };
};

/**
 * The pods of Karpenter's own scheduling benchmark: a fifth each generic, spread over zones, spread over hosts, attracted within a zone
 * and repelling each other's host. Source: kubernetes-sigs/karpenter scheduling_benchmark_test.go (2026-08).
 */
export function upstreamMix(count: number): readonly Pod[] {
  const random = seededRandom(SEED);
  const kinds = [generic, spread(ZONE), spread(HOSTNAME), zonalAffinity, repelling];
  const each = Math.floor(count / kinds.length);
  const pods = kinds.flatMap((kind) => Array.from({ length: each }, () => kind));
  while (pods.length < count) pods.push(generic);
  return pods.map((kind, index) =>
    pendingPod({
      name: `pod-${index}`,
      cpuMillicores: oneOf(random, CPU_MILLICORES),
      memoryMiB: oneOf(random, MEMORY_MIB),
      ...kind(random),
    }),
  );
}

/** The same requests without any rule: 30 shapes. */
export function diversePods(count: number): readonly Pod[] {
  const random = seededRandom(SEED);
  return Array.from({ length: count }, (_, index) =>
    pendingPod({
      name: `pod-${index}`,
      cpuMillicores: oneOf(random, CPU_MILLICORES),
      memoryMiB: oneOf(random, MEMORY_MIB),
    }),
  );
}
