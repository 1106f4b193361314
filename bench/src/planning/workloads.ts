import { type Pod, parseResourceList } from "@nodeless/api";
import { seededRandom } from "@nodeless/environment";
import { planCatalog } from "@nodeless/planner";
import {
  compatibleRequirements,
  type InstanceType,
  type Requirements,
  requirementsFromLabels,
  requirementsFromNodeSelectorRequirements,
  type SchedulingInput,
  type SchedulingNodePool,
} from "@nodeless/scheduling";
import { fewShapes, heavyPods, nicePods } from "./heavy-tail.ts";
import { pinned } from "./pinned.ts";
import { pendingPod } from "./pods.ts";
import { diversePods, upstreamMix } from "./upstream-mix.ts";

export const REGION = "us-east-1";

/** Something to be planned. `input` makes new objects each time, so that no cache of an earlier run helps. */
export interface Workload {
  readonly name: string;
  readonly pods: number;
  /** Pods name zones, architectures or capacity types, which the rivals do not understand: they are left out. */
  readonly hasPins?: true;
  input(): SchedulingInput;
}

const FAKE_TYPES = 400;
const GIB = 2 ** 30;

/** The types of Karpenter's benchmark: i cpu, 2i GiB, 10i pods; 0.1 USD per cpu and per 10⁹ bytes. */
function fakeTypes(): readonly InstanceType[] {
  return Array.from({ length: FAKE_TYPES }, (_, index): InstanceType => {
    const cpu = index + 1;
    const name = `fake-${cpu}`;
    const priceUsdPerHour = 0.1 * cpu + (0.1 * 2 * cpu * GIB) / 1e9;
    const offering = (zone: string, capacityType: "spot" | "on-demand"): InstanceType["offerings"][number] => ({
      zone,
      capacityType,
      priceUsdPerHour,
      available: true,
    });
    return {
      name,
      requirements: requirementsFromLabels({
        "node.kubernetes.io/instance-type": name,
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
      }),
      offerings: [
        offering("test-zone-1", "spot"),
        offering("test-zone-2", "spot"),
        offering("test-zone-1", "on-demand"),
        offering("test-zone-2", "on-demand"),
        offering("test-zone-3", "on-demand"),
      ],
      capacity: parseResourceList({ cpu: String(cpu), memory: `${2 * cpu}Gi`, pods: String(10 * cpu) }),
      overhead: parseResourceList({ cpu: "100m", memory: "10Mi" }),
    };
  });
}

/** The categories of the default pool, x86 and Arm, on demand in three zones. Burstable types would win on price and disappoint. */
const GENERAL = requirementsFromNodeSelectorRequirements([
  { key: "karpenter.k8s.aws/instance-category", operator: "In", values: ["c", "m", "r"] },
  { key: "karpenter.k8s.aws/instance-hypervisor", operator: "In", values: ["nitro"] },
]);

const ZONES = ["a", "b", "c"].map((letter) => `${REGION}${letter}`);

function realTypes(
  vcpusMax: number,
  capacityTypes: readonly string[],
  requirements: Requirements = GENERAL,
): readonly InstanceType[] {
  return planCatalog({ region: REGION })
    .instanceTypes(undefined)
    .filter(({ capacity }) => (capacity.get("cpu") ?? 0) <= vcpusMax * 1_000)
    .filter((type) => compatibleRequirements(type.requirements, requirements))
    .map((type) => ({
      ...type,
      offerings: type.offerings.filter(
        ({ capacityType, zone }) => capacityTypes.includes(capacityType) && ZONES.includes(zone),
      ),
    }))
    .filter(({ offerings }) => offerings.length > 0);
}

/** What spot costs relative to on demand, on average; by type and zone it differs by up to this share to either side. */
const SPOT_SHARE = 0.35;
const SPOT_SPREAD = 0.15;

/** The same types on spot: prices as uneven as the market's. */
function spotTypes(): readonly InstanceType[] {
  const random = seededRandom(5);
  return realTypes(16, ["on-demand"]).map((type) => ({
    ...type,
    offerings: type.offerings.map((offering) => ({
      ...offering,
      capacityType: "spot",
      priceUsdPerHour: offering.priceUsdPerHour * SPOT_SHARE * (1 + SPOT_SPREAD * (2 * random.next() - 1)),
    })),
  }));
}

function pool(instanceTypes: readonly InstanceType[]): SchedulingNodePool {
  return {
    name: "default",
    weight: 0,
    requirements: requirementsFromLabels({ "karpenter.sh/nodepool": "default" }),
    labels: {},
    taints: [],
    startupTaints: [],
    remainingLimits: parseResourceList({ cpu: "10000000", memory: "10000000Gi" }),
    instanceTypes,
  };
}

/** 150 millicores and two pods of every node. */
const DAEMONS: readonly Pod[] = [
  pendingPod({ name: "aws-node", cpuMillicores: 50, memoryMiB: 0 }),
  pendingPod({ name: "kube-proxy", cpuMillicores: 100, memoryMiB: 0 }),
];

/** Made once per process. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

const FAKE = once(fakeTypes);
const ON_DEMAND = once(() => realTypes(16, ["on-demand"]));
const SPOT = once(spotTypes);
const BOTH = once(() => realTypes(16, ["on-demand", "spot"]));
/** Burstable ones of half a gigabyte and machines of many terabytes too. */
const EVERY = once(() => realTypes(Number.POSITIVE_INFINITY, ["on-demand"], requirementsFromLabels({})));

/** Karpenter's mix on its fake types. */
function fakeMix(pods: number): Workload {
  return {
    name: `upstream's mix, fake types, ${pods}`,
    pods,
    input: () => scheduling(upstreamMix(pods), FAKE(), []),
  };
}

function onRealTypes(
  name: string,
  pods: number,
  make: (count: number) => readonly Pod[],
  types: () => readonly InstanceType[] = ON_DEMAND,
): Workload {
  return { name: `${name}, ${pods}`, pods, input: () => scheduling(make(pods), types(), DAEMONS) };
}

function scheduling(
  pods: readonly Pod[],
  types: readonly InstanceType[],
  daemonSetPods: readonly Pod[],
): SchedulingInput {
  return { nodePools: [pool(types)], existingNodes: [], pods, daemonSetPods, namespaceLabels: new Map() };
}

/** Replicas of one cpu and one gibibyte, of which a small node holds one with a part left over. */
function equalPods(count: number): readonly Pod[] {
  return Array.from({ length: count }, (_, index) =>
    pendingPod({ name: `pod-${index}`, cpuMillicores: 1_000, memoryMiB: 1_024 }),
  );
}

const MIX_SIZES = [1, 10, 50, 100, 500, 1_000, 2_000, 5_000, 10_000, 20_000] as const;

/** Every workload of the table, in its order. */
export const WORKLOADS: readonly Workload[] = [
  ...MIX_SIZES.map(fakeMix),
  ...[1_000, 10_000, 20_000].map((pods) => onRealTypes("upstream's mix, real types", pods, upstreamMix)),
  onRealTypes("diverse", 2_000, diversePods),
  onRealTypes("heavy tail, round numbers", 2_000, nicePods),
  onRealTypes("heavy tail, all different", 2_000, heavyPods),
  onRealTypes("few shapes", 7_000, fewShapes),
  {
    ...onRealTypes("12 requirement classes, diverse", 2_000, (pods) => pinned(diversePods(pods), ZONES), BOTH),
    hasPins: true,
  },
  onRealTypes("spot prices by zone, diverse", 2_000, diversePods, SPOT),
  onRealTypes("spot prices by zone, round numbers", 2_000, nicePods, SPOT),
  onRealTypes("every type, equal small pods", 600, equalPods, EVERY),
  onRealTypes("every type, diverse", 2_000, diversePods, EVERY),
  onRealTypes("every type, heavy tail, round numbers", 2_000, nicePods, EVERY),
];
