import type { Manifest, PodSpec } from "./manifest-pods.ts";
import type { CatalogJson, CatalogJsonType } from "./plan-checker.ts";

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(random: () => number, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

/** A pod with one container. */
export function pod(
  name: string,
  requests: Readonly<Record<string, string>>,
  {
    labels = {},
    namespace = "default",
    ...spec
  }: PodSpec & { readonly labels?: Readonly<Record<string, string>>; readonly namespace?: string } = {},
): Manifest {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels },
    spec: { ...spec, containers: [{ name: "main", image: "app", resources: { requests } }] },
  };
}

export const list = (...items: readonly Manifest[]): Manifest => ({ apiVersion: "v1", kind: "List", items });

/** A pool that takes every type of a catalogue, and the class it names. */
export function everythingPool(spec: Readonly<Record<string, unknown>> = {}): readonly Manifest[] {
  const nodeClassRef = { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: "default" };
  const terms = [{ tags: { cluster: "test" } }];
  return [
    {
      apiVersion: "karpenter.sh/v1",
      kind: "NodePool",
      metadata: { name: "all" },
      spec: { ...spec, template: { spec: { requirements: [], nodeClassRef } } },
    },
    {
      apiVersion: "karpenter.k8s.aws/v1",
      kind: "EC2NodeClass",
      metadata: { name: "default" },
      spec: {
        role: "node",
        amiSelectorTerms: [{ alias: "al2023@latest" }],
        subnetSelectorTerms: terms,
        securityGroupSelectorTerms: terms,
      },
    },
  ];
}

export function catalogOf(region: string, instanceTypes: readonly CatalogJsonType[]): CatalogJson {
  return { date: "2026-01-01", region, instanceTypes };
}

/**
 * The fake types of Karpenter's scheduling benchmark (core, scheduling_benchmark_test.go): type i has i + 1 cpus and twice as many GiB, spot in
 * two zones and on-demand in three.
 */
export function benchmarkCatalog(types: number): CatalogJson {
  const offerings = (usdPerHour: number): CatalogJsonType["offerings"] =>
    [
      ["test-zone-1", "spot"],
      ["test-zone-2", "spot"],
      ["test-zone-1", "on-demand"],
      ["test-zone-2", "on-demand"],
      ["test-zone-3", "on-demand"],
    ].map(([zone = "", capacityType = ""]) => ({ zone, capacityType, usdPerHour, available: true }));
  return catalogOf(
    "test",
    Array.from({ length: types }, (_, index): CatalogJsonType => {
      const cpus = index + 1;
      const usdPerHour = 0.1 * cpus + (0.1 * 2 * cpus * 2 ** 30) / 1e9;
      return {
        name: `fake-it-${index}`,
        labels: { "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux" },
        capacity: { cpu: String(cpus), memory: `${2 * cpus}Gi`, pods: String(10 * cpus) },
        overhead: { cpu: "100m", memory: "10Mi" },
        offerings: offerings(usdPerHour),
      };
    }),
  );
}

const LETTERS = ["a", "b", "c", "d", "e", "f", "g"];

/** The mix of pods of the same benchmark: generic, spread over zones, over hosts, drawn together by zone, apart by host. */
export function benchmarkPods(count: number, seed: number): readonly Manifest[] {
  const random = randomOf(seed);
  const requests = (): Readonly<Record<string, string>> => ({
    cpu: `${pick(random, [100, 250, 500, 1000, 1500])}m`,
    memory: `${pick(random, [100, 256, 512, 1024, 2048, 4096])}Mi`,
  });
  const letter = (key: string): Readonly<Record<string, string>> => ({ [key]: pick(random, LETTERS) });
  const spread = (topologyKey: string): PodSpec => ({
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: "DoNotSchedule",
        labelSelector: { matchLabels: letter("my-label") },
      },
    ],
  });
  const term = (topologyKey: string, matchLabels: Readonly<Record<string, string>>) => ({
    requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels } }],
  });
  const kinds: readonly ((name: string) => Manifest)[] = [
    (name) => pod(name, requests(), { labels: letter("my-label") }),
    (name) => pod(name, requests(), { labels: letter("my-label"), ...spread("topology.kubernetes.io/zone") }),
    (name) => pod(name, requests(), { labels: letter("my-label"), ...spread("kubernetes.io/hostname") }),
    (name) => {
      const labels = letter("my-affininity");
      return pod(name, requests(), { labels, affinity: { podAffinity: term("topology.kubernetes.io/zone", labels) } });
    },
    (name) => {
      const labels = { app: "nginx" };
      return pod(name, requests(), { labels, affinity: { podAntiAffinity: term("kubernetes.io/hostname", labels) } });
    },
  ];
  const share = Math.floor(count / kinds.length);
  return Array.from({ length: count }, (_, index) => {
    const make = kinds[Math.floor(index / share)] ?? kinds[0];
    if (make === undefined) throw new Error("no kinds");
    return make(`pod-${index}`);
  });
}
