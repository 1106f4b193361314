import type { Pod, PodSpec, Taint } from "@nodeless/api";
import { parseResourceList } from "@nodeless/api";
import type { ExistingNode, InstanceType, Offering, SchedulingInput, SchedulingNodePool } from "@nodeless/scheduling";
import {
  mergeRequirements,
  requirementsFromLabels,
  requirementsFromNodeSelectorRequirements,
} from "@nodeless/scheduling";

export const ZONES = ["a", "b", "c"] as const;
export const ZONE = "topology.kubernetes.io/zone";
export const HOSTNAME = "kubernetes.io/hostname";
export const CAPACITY_TYPE = "karpenter.sh/capacity-type";

/** An instance type `<family>.<cpu>` with 4 (c), 8 (m) or 16 (r) times its cpu in GiB halves, on demand and spot in every zone. */
export function instanceType(family: "c" | "m" | "r", cpu: number, more: Partial<InstanceType> = {}): InstanceType {
  const gib = cpu * { c: 2, m: 4, r: 8 }[family];
  const price = cpu * 0.034 + gib * 0.0042;
  const offerings = ZONES.flatMap((zone): Offering[] => [
    { zone, capacityType: "on-demand", priceUsdPerHour: price, available: true },
    { zone, capacityType: "spot", priceUsdPerHour: price * 0.4, available: true },
  ]);
  return {
    name: `${family}.${cpu}`,
    requirements: requirementsFromLabels({
      "node.kubernetes.io/instance-type": `${family}.${cpu}`,
      "kubernetes.io/arch": family === "c" ? "arm64" : "amd64",
      "kubernetes.io/os": "linux",
      "karpenter.k8s.aws/instance-category": family,
      "karpenter.k8s.aws/instance-cpu": String(cpu),
    }),
    offerings,
    capacity: parseResourceList({ cpu: String(cpu), memory: `${gib}Gi`, pods: String(Math.min(110, 8 + cpu * 8)) }),
    overhead: parseResourceList({ cpu: "70m", memory: "700Mi" }),
    ...more,
  };
}

export const TYPES: readonly InstanceType[] = (["c", "m", "r"] as const).flatMap((family) =>
  [2, 4, 8, 16, 32, 64].map((cpu) => instanceType(family, cpu)),
);

export interface PoolOptions extends Partial<Omit<SchedulingNodePool, "requirements" | "remainingLimits">> {
  readonly wants?: readonly { key: string; operator: string; values?: string[]; minValues?: number }[];
  readonly limits?: Readonly<Record<string, string>>;
}

export function nodePool({ wants, limits, ...more }: PoolOptions = {}): SchedulingNodePool {
  const name = more.name ?? "default";
  const labels = more.labels ?? {};
  return {
    name,
    weight: 0,
    labels,
    taints: [],
    startupTaints: [],
    instanceTypes: TYPES,
    ...more,
    remainingLimits: parseResourceList(limits),
    requirements: mergeRequirements(
      requirementsFromNodeSelectorRequirements(
        wants ?? [{ key: CAPACITY_TYPE, operator: "In", values: ["on-demand"] }],
      ),
      requirementsFromLabels({ ...labels, "karpenter.sh/nodepool": name }),
    ),
  };
}

export interface PodOptions {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly cpu?: string;
  readonly memory?: string;
  readonly hostPort?: number;
  readonly spec?: Partial<PodSpec>;
}

let pods = 0;

export function pod({ name, namespace, labels, cpu = "1", memory = "1Gi", hostPort, spec }: PodOptions = {}): Pod {
  pods += 1;
  const id = String(pods).padStart(6, "0");
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: name ?? `pod-${id}`,
      namespace: namespace ?? "default",
      uid: id,
      resourceVersion: "1",
      creationTimestamp: "2026-01-01T00:00:00Z",
      ...(labels === undefined ? {} : { labels }),
    },
    spec: {
      containers: [
        {
          name: "main",
          image: "nginx",
          resources: { requests: { cpu, memory } },
          ...(hostPort === undefined ? {} : { ports: [{ containerPort: hostPort, hostPort }] }),
        },
      ],
      ...spec,
    },
  };
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

export interface NodeOptions {
  readonly name?: string;
  readonly zone?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly Taint[];
  readonly cpu?: string;
  readonly memory?: string;
  readonly pods?: readonly Pod[];
  readonly initialized?: boolean;
}

export function existingNode(options: NodeOptions = {}): ExistingNode {
  const name = options.name ?? "node-1";
  return {
    name,
    labels: { [HOSTNAME]: name, [ZONE]: options.zone ?? "a", "kubernetes.io/arch": "amd64", ...options.labels },
    taints: options.taints ?? [],
    allocatable: parseResourceList({ cpu: options.cpu ?? "4", memory: options.memory ?? "16Gi", pods: "20" }),
    pods: options.pods ?? [],
    pendingDaemonRequests: new Map(),
    initialized: options.initialized ?? true,
  };
}

export function input(options: Partial<SchedulingInput> = {}): SchedulingInput {
  return {
    nodePools: [nodePool()],
    existingNodes: [],
    pods: [],
    daemonSetPods: [],
    namespaceLabels: new Map([["default", { "kubernetes.io/metadata.name": "default" }]]),
    ...options,
  };
}

export const onOwnHost = (
  labels: Readonly<Record<string, string>>,
  topologyKey: string = HOSTNAME,
): Partial<PodSpec> => ({
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels: labels } }],
    },
  },
});

export const together = (labels: Readonly<Record<string, string>>, topologyKey: string): Partial<PodSpec> => ({
  affinity: {
    podAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey, labelSelector: { matchLabels: labels } }],
    },
  },
});

export const spread = (
  labels: Readonly<Record<string, string>>,
  topologyKey: string = ZONE,
  more: Partial<NonNullable<PodSpec["topologySpreadConstraints"]>[number]> = {},
): Partial<PodSpec> => ({
  topologySpreadConstraints: [
    { topologyKey, maxSkew: 1, whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: labels }, ...more },
  ],
});
