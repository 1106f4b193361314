import type { Manifest } from "./manifest-pods.ts";
import { catalogOf, everythingPool, list, pick, pod, randomOf } from "./plan-cases.ts";
import type { CatalogJson, CatalogJsonType } from "./plan-checker.ts";

const ZONES = ["mini-1a", "mini-1b"];
const EXISTING_CAPACITY_TYPE = "on-demand";

interface TinyPod {
  readonly cpu: number;
  readonly memoryMi: number;
  readonly zone: string | undefined;
  readonly capacityType: string | undefined;
  /** `apart`: no two on one node; `even`: at most one more in one zone than in the other. */
  readonly rule: "apart" | "even" | undefined;
}

interface TinyType {
  readonly cpu: number;
  readonly memoryMi: number;
  readonly pods: number;
  readonly offerings: CatalogJsonType["offerings"];
}

/** A case so small that trying everything gives the cheapest placement there is. */
export interface TinyCase {
  readonly manifests: Manifest;
  readonly catalog: CatalogJson;
  /** Infinity if the pods cannot all be placed. */
  readonly optimumUsdPerHour: number;
}

export function tinyCase(seed: number): TinyCase {
  const random = randomOf(seed);
  const types = Array.from({ length: 1 + Math.floor(random() * 3) }, () => randomType(random));
  const existing = random() < 0.3 ? randomType(random) : undefined;
  const pods = Array.from({ length: 2 + Math.floor(random() * 4) }, () => randomPod(random, pick(random, types)));
  const nodes = existing === undefined ? [] : [nodeOf(existing)];
  return {
    manifests: list(...everythingPool(), ...nodes, ...pods.map(manifestOf)),
    catalog: catalogOf("mini-1", types.map(catalogTypeOf)),
    optimumUsdPerHour: optimumOf(pods, { types, existing }),
  };
}

function randomType(random: () => number): TinyType {
  const cpu = pick(random, [1000, 2000, 4000, 8000]);
  const memoryMi = cpu * pick(random, [1, 2, 4]);
  const usd = Math.round((cpu + memoryMi / 4) * (0.8 + 0.6 * random())) / 20_000;
  const offerings = ZONES.flatMap((zone) => [
    { zone, capacityType: "on-demand", usdPerHour: usd, available: random() < 0.9 },
    {
      zone,
      capacityType: "spot",
      usdPerHour: Math.round(usd * 4000 * (1 + random())) / 10_000,
      available: random() < 0.4,
    },
  ]);
  return { cpu, memoryMi, pods: pick(random, [2, 4, 20]), offerings };
}

/** A pod that fits on a node of the type alone. */
function randomPod(random: () => number, type: TinyType): TinyPod {
  const share = (): number => Math.max(0.05, random() ** 1.5);
  const rule = pick(random, ["apart", "even", undefined, undefined] as const);
  const offering = pick(random, type.offerings);
  return {
    cpu: Math.floor((type.cpu * share()) / 50) * 50,
    memoryMi: Math.floor(type.memoryMi * share()),
    zone: rule !== "even" && random() < 0.15 && offering.available === true ? offering.zone : undefined,
    capacityType: random() < 0.2 && offering.available === true ? offering.capacityType : undefined,
    rule,
  };
}

/** In the first zone; its price does not matter any more. */
function nodeOf({ cpu, memoryMi, pods }: TinyType): Manifest {
  const amounts = { cpu: `${cpu}m`, memory: `${memoryMi}Mi`, pods: String(pods) };
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name: "old",
      labels: {
        "topology.kubernetes.io/zone": ZONES[0] ?? "",
        "karpenter.sh/capacity-type": EXISTING_CAPACITY_TYPE,
        "kubernetes.io/hostname": "old",
      },
    },
    status: { capacity: amounts, allocatable: amounts },
  };
}

function manifestOf({ cpu, memoryMi, zone, capacityType, rule }: TinyPod, index: number): Manifest {
  const nodeSelector = {
    ...(zone === undefined ? {} : { "topology.kubernetes.io/zone": zone }),
    ...(capacityType === undefined ? {} : { "karpenter.sh/capacity-type": capacityType }),
  };
  const labelSelector = { matchLabels: { rule: rule ?? "" } };
  const apart = [{ topologyKey: "kubernetes.io/hostname", labelSelector }];
  const even = {
    maxSkew: 1,
    topologyKey: "topology.kubernetes.io/zone",
    whenUnsatisfiable: "DoNotSchedule",
    labelSelector,
  };
  return pod(
    `pod-${index}`,
    { cpu: `${cpu}m`, memory: `${memoryMi}Mi` },
    {
      nodeSelector,
      labels: { rule: rule ?? "none" },
      ...(rule === "apart"
        ? { affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: apart } } }
        : {}),
      ...(rule === "even" ? { topologySpreadConstraints: [even] } : {}),
    },
  );
}

function catalogTypeOf({ cpu, memoryMi, pods, offerings }: TinyType, index: number): CatalogJsonType {
  return {
    name: `tiny-${index}`,
    labels: { "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux" },
    capacity: { cpu: `${cpu + 100}m`, memory: `${memoryMi + 256}Mi`, pods: String(pods) },
    overhead: { cpu: "100m", memory: "256Mi" },
    offerings,
  };
}

interface TinyMarket {
  readonly types: readonly TinyType[];
  /** A node that is paid for. */
  readonly existing: TinyType | undefined;
}

/** Every way to part the pods into nodes, every zone for each node. */
function optimumOf(pods: readonly TinyPod[], market: TinyMarket): number {
  let best = Number.POSITIVE_INFINITY;
  // The first part is on the node that exists.
  const parts: TinyPod[][] = [[]];
  const place = (index: number): void => {
    const next = pods[index];
    if (next === undefined) {
      best = Math.min(best, cheapest(parts, market));
      return;
    }
    for (const part of parts) {
      part.push(next);
      place(index + 1);
      part.pop();
    }
    parts.push([next]);
    place(index + 1);
    parts.pop();
  };
  place(0);
  return best;
}

function cheapest(parts: readonly (readonly TinyPod[])[], { types, existing }: TinyMarket): number {
  if (parts.some((part) => part.filter(({ rule }) => rule === "apart").length > 1)) return Number.POSITIVE_INFINITY;
  const prices = parts.map((part, index) =>
    ZONES.map((zone) => (index === 0 ? existingPrice(part, zone, existing) : nodePrice(part, zone, types))),
  );
  const even = parts.map((part) => part.filter(({ rule }) => rule === "even").length);
  const total = (index: number, skew: number): number => {
    const [a, b] = prices[index] ?? [];
    if (a === undefined || b === undefined) return Math.abs(skew) <= 1 ? 0 : Number.POSITIVE_INFINITY;
    const own = even[index] ?? 0;
    return Math.min(a + total(index + 1, skew + own), b + total(index + 1, skew - own));
  };
  return total(0, 0);
}

function existingPrice(part: readonly TinyPod[], zone: string, existing: TinyType | undefined): number {
  if (part.length === 0) return 0;
  if (existing === undefined || zone !== ZONES[0] || !holds(existing, part)) return Number.POSITIVE_INFINITY;
  const suits = part.every(
    (one) => (one.zone ?? zone) === zone && (one.capacityType ?? EXISTING_CAPACITY_TYPE) === EXISTING_CAPACITY_TYPE,
  );
  return suits ? 0 : Number.POSITIVE_INFINITY;
}

function nodePrice(part: readonly TinyPod[], zone: string, types: readonly TinyType[]): number {
  let best = Number.POSITIVE_INFINITY;
  if (part.some((one) => one.zone !== undefined && one.zone !== zone)) return best;
  for (const type of types) {
    if (!holds(type, part)) continue;
    for (const offering of type.offerings) {
      if (offering.zone !== zone || offering.available === false) continue;
      if (part.some(({ capacityType }) => capacityType !== undefined && capacityType !== offering.capacityType))
        continue;
      best = Math.min(best, offering.usdPerHour);
    }
  }
  return best;
}

function holds(type: TinyType, part: readonly TinyPod[]): boolean {
  const cpu = part.reduce((sum, one) => sum + one.cpu, 0);
  const memoryMi = part.reduce((sum, one) => sum + one.memoryMi, 0);
  return type.cpu >= cpu && type.memoryMi >= memoryMi && type.pods >= part.length;
}
