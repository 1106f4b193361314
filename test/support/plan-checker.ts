import { fargateObjections } from "./fargate-checker.ts";
import { type CheckedPod, flatten, type Manifest, podsOf, type Taint } from "./manifest-pods.ts";
import { type LabelledNode, nodeObjections, taintObjections } from "./node-rules.ts";
import { amountsOf, differences, nanosOf, type QuantityList, sumOf } from "./quantity-arithmetic.ts";
import { topologyObjections } from "./topology-rules.ts";

/** `nodeless plan -o json` as docs/plan-format.md describes it. */
export interface PlanJson {
  readonly totals: {
    readonly usdPerHour: number;
    readonly usdPerMonth: number;
    readonly lowerBoundUsdPerHour: number;
    readonly gapRatio: number | null;
    readonly pods: number;
    readonly nodes: number;
    readonly fargatePods: number;
    readonly unplacedPods: number;
    readonly gear: string;
  };
  readonly catalog: { readonly region: string; readonly source: string; readonly zones: readonly string[] };
  readonly nodes: readonly PlanJsonNode[];
  readonly fargate: readonly PlanJsonFargatePod[];
  readonly unplaced: readonly { readonly pod: string; readonly reasons: readonly string[] }[];
  readonly pods: readonly {
    readonly pod: string;
    readonly ec2UsdPerHour?: number;
    readonly fargateUsdPerHour?: number;
    readonly cheaper: string;
  }[];
  readonly notices: readonly string[];
}

export interface PlanJsonNode {
  readonly name: string;
  readonly nodePool: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: string;
  readonly usdPerHour: number;
  readonly existing: boolean;
  readonly allocatable: QuantityList;
  readonly requested: QuantityList;
  readonly daemonOverhead: QuantityList;
  readonly boundRequested?: QuantityList;
  readonly pods: readonly string[];
}

export interface PlanJsonFargatePod {
  readonly pod: string;
  readonly profile: string;
  readonly vcpu: number;
  readonly memoryGb: number;
  readonly usdPerHour: number;
  readonly requested: QuantityList;
}

/** What `nodeless catalog show -o json` prints and `--catalog` reads. */
export interface CatalogJson {
  readonly date: string;
  readonly region: string;
  readonly absentLabels?: readonly string[];
  readonly instanceTypes: readonly CatalogJsonType[];
}

export interface CatalogJsonType {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: QuantityList;
  readonly overhead?: QuantityList;
  readonly offerings: readonly {
    readonly zone: string;
    readonly capacityType: string;
    readonly usdPerHour: number;
    readonly available?: boolean;
  }[];
}

export interface CheckedPlan {
  readonly plan: PlanJson;
  /** What was planned, pools of other files included. */
  readonly manifests: readonly Manifest[];
  readonly catalog: CatalogJson;
}

/**
 * What somebody finds wrong with a plan who has its JSON, the manifests and the catalogue, and none of our code: places, sums, room, prices and
 * every rule of the pods. Empty for a right one.
 */
export function planObjections(checked: CheckedPlan): readonly string[] {
  const { plan, manifests } = checked;
  const objects = flatten(manifests);
  const all = podsOf(objects);
  const pods = new Map(all.filter(({ isDaemon }) => !isDaemon).map((pod) => [pod.key, pod]));
  const bound = all.filter(({ spec }) => (spec.nodeName ?? "") !== "");
  for (const { key } of bound) pods.delete(key);
  const nodes = plan.nodes.map((node) => labelled(node, { ...checked, objects, pods, bound }));
  return [
    ...placeObjections(plan, pods),
    ...totalObjections(plan, pods.size),
    ...plan.nodes.flatMap((node) => roomObjections(node, pods)),
    ...nodes.flatMap((node) => offerObjections(node, checked.catalog)),
    ...nodes.flatMap(nodeObjections),
    ...nodes.flatMap(taintObjections),
    ...nodes.flatMap((node) => daemonObjections(node, all)),
    ...limitObjections(nodes, checked.catalog),
    ...topologyObjections(nodes, { zones: plan.catalog.zones, objects }),
    ...fargateObjections(plan, pods, objects),
    ...existingObjections(plan, objects, bound),
    ...fairPriceObjections(plan),
  ];
}

function placeObjections({ nodes, fargate, unplaced }: PlanJson, pods: ReadonlyMap<string, CheckedPod>): string[] {
  const places = new Map<string, number>();
  const place = (key: string): void => void places.set(key, (places.get(key) ?? 0) + 1);
  for (const node of nodes) node.pods.forEach(place);
  for (const { pod } of [...fargate, ...unplaced]) place(pod);
  return [
    ...[...pods.keys()]
      .filter((key) => places.get(key) !== 1)
      .map((key) => `${key}: in ${places.get(key) ?? 0} places`),
    ...[...places.keys()].filter((key) => !pods.has(key)).map((key) => `${key}: placed and not of the input`),
    ...unplaced.filter(({ reasons }) => reasons.length === 0).map(({ pod }) => `${pod}: unplaced without a reason`),
  ];
}

function totalObjections({ totals, nodes, fargate, unplaced }: PlanJson, pods: number): string[] {
  let usd = 0;
  for (const { usdPerHour } of [...nodes, ...fargate]) usd += usdPerHour;
  const { lowerBoundUsdPerHour: bound } = totals;
  const gap = bound > 0 ? usd / bound - 1 : usd === 0 ? 0 : null;
  const claims: readonly (readonly [string, unknown, unknown])[] = [
    ["usdPerHour", totals.usdPerHour, usd],
    ["usdPerMonth", totals.usdPerMonth, usd * 730],
    ["gapRatio", totals.gapRatio, gap],
    ["pods", totals.pods, pods],
    ["nodes", totals.nodes, nodes.filter(({ existing }) => !existing).length],
    ["fargatePods", totals.fargatePods, fargate.length],
    ["unplacedPods", totals.unplacedPods, unplaced.length],
    ["bound ≤ cost", bound <= usd && bound >= 0, true],
  ];
  return claims
    .filter(([, said, is]) => said !== is)
    .map(([name, said, is]) => `totals: ${name} says ${said}, is ${is}`);
}

function roomObjections(node: PlanJsonNode, pods: ReadonlyMap<string, CheckedPod>): string[] {
  const own = node.pods.flatMap((key) => pods.get(key) ?? []);
  const one = new Map([["pods", nanosOf(1)]]);
  const requested = sumOf(own.flatMap(({ requests }) => [requests, one]));
  const allocatable = amountsOf(node.allocatable);
  const used = sumOf([requested, amountsOf(node.daemonOverhead), amountsOf(node.boundRequested)]);
  const wrong = differences(requested, amountsOf(node.requested));
  // A bound pod may be over already; what it takes is not the plan's doing.
  const over = [...used].filter(([name, amount]) => amount > (allocatable.get(name) ?? 0n) && requested.has(name));
  return [
    ...wrong.map((name) => `${node.name}: requested ${name} is not the sum over its pods`),
    ...over.map(([name]) => `${node.name}: more ${name} than allocatable`),
    ...(node.existing || node.pods.length > 0 ? [] : [`${node.name}: new and empty`]),
  ];
}

interface Context extends CheckedPlan {
  readonly objects: readonly Manifest[];
  readonly pods: ReadonlyMap<string, CheckedPod>;
  readonly bound: readonly CheckedPod[];
}

function labelled(node: PlanJsonNode, { catalog, objects, pods, bound }: Context): LabelledNode {
  const placed = node.pods.flatMap((key) => pods.get(key) ?? []);
  const residents = bound.filter(({ spec }) => spec.nodeName === node.name);
  if (node.existing) {
    const own = objects.find(({ kind, metadata }) => kind === "Node" && metadata?.name === node.name);
    const { taints = [], unschedulable } = (own?.spec ?? {}) as { taints?: readonly Taint[]; unschedulable?: boolean };
    const cordon = unschedulable === true ? [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }] : [];
    return {
      node,
      labels: { ...own?.metadata?.labels },
      taints: [...taints, ...cordon],
      pool: undefined,
      placed,
      residents,
    };
  }
  const pool = objects.find(({ kind, metadata }) => kind === "NodePool" && metadata?.name === node.nodePool);
  const template = (pool?.spec?.["template"] ?? {}) as PoolTemplate;
  const type = catalog.instanceTypes.find(({ name }) => name === node.instanceType);
  const labels = {
    ...type?.labels,
    "node.kubernetes.io/instance-type": node.instanceType,
    "topology.kubernetes.io/zone": node.zone,
    "topology.kubernetes.io/region": catalog.region,
    "karpenter.sh/capacity-type": node.capacityType,
    "kubernetes.io/hostname": node.name,
    ...template.metadata?.labels,
    "karpenter.sh/nodepool": node.nodePool,
  };
  return { node, labels, taints: template.spec?.taints ?? [], pool, placed, residents };
}

interface PoolTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly taints?: readonly Taint[] };
}

function offerObjections({ node }: LabelledNode, { instanceTypes }: CatalogJson): string[] {
  if (node.existing) return [];
  const type = instanceTypes.find(({ name }) => name === node.instanceType);
  if (type === undefined) return [`${node.name}: the catalogue has no ${node.instanceType}`];
  const { zone, capacityType, usdPerHour } = node;
  const isThis = (one: CatalogJsonType["offerings"][number]): boolean =>
    one.zone === zone && one.capacityType === capacityType && one.available !== false && one.usdPerHour === usdPerHour;
  const room = new Map(amountsOf(type.capacity));
  for (const [name, amount] of amountsOf(type.overhead)) room.set(name, (room.get(name) ?? 0n) - amount);
  return [
    ...(type.offerings.some(isThis) ? [] : [`${node.name}: nothing offers it in ${zone} for ${usdPerHour}`]),
    ...differences(room, amountsOf(node.allocatable)).map((name) => `${node.name}: ${name} is not capacity − overhead`),
  ];
}

/** DaemonSets whose rules the node's labels and taints meet, against what the plan says they take, and the host ports they take. */
function daemonObjections(node: LabelledNode, all: readonly CheckedPod[]): string[] {
  const { name, existing, daemonOverhead } = node.node;
  if (existing) return [];
  const rejects = (pod: CheckedPod): boolean =>
    [...nodeObjections({ ...node, placed: [pod] }), ...taintObjections({ ...node, placed: [pod] })].length > 0;
  const daemons = all.filter((pod) => pod.isDaemon && !rejects(pod));
  const one = new Map([["pods", nanosOf(1)]]);
  const sum = sumOf(daemons.flatMap(({ requests }) => [requests, one]));
  const ports = new Set(daemons.flatMap(({ hostPorts }) => hostPorts));
  return [
    ...differences(sum, amountsOf(daemonOverhead)).map(
      (resource) => `${name}: DaemonSets take another amount of ${resource} than daemonOverhead says`,
    ),
    ...node.placed
      .filter(({ hostPorts }) => hostPorts.some((port) => ports.has(port)))
      .map(({ key }) => `${key}: a DaemonSet has its host port on ${name}`),
  ];
}

/** What the nodes of each pool have together, new and old, against its limits. */
function limitObjections(nodes: readonly LabelledNode[], { instanceTypes }: CatalogJson): string[] {
  const pools = new Map(
    nodes.flatMap(({ pool }) => (pool === undefined ? [] : [[pool.metadata?.name ?? "", pool] as const])),
  );
  return [...pools].flatMap(([name, { spec }]) => {
    const own = nodes.filter(
      ({ pool, labels }) => pool?.metadata?.name === name || labels["karpenter.sh/nodepool"] === name,
    );
    const one = new Map([["nodes", nanosOf(1)]]);
    const used = sumOf(
      own.flatMap(({ node }) => [
        node.existing
          ? amountsOf(node.allocatable)
          : amountsOf(instanceTypes.find((type) => type.name === node.instanceType)?.capacity),
        one,
      ]),
    );
    const limits = [...amountsOf(spec?.["limits"] as QuantityList | undefined)];
    return limits
      .filter(([resource, limit]) => (used.get(resource) ?? 0n) > limit)
      .map(([resource]) => `NodePool ${name}: its nodes have more ${resource} than its limit`);
  });
}

function existingObjections(plan: PlanJson, objects: readonly Manifest[], bound: readonly CheckedPod[]): string[] {
  const nodes = objects.filter(({ kind }) => kind === "Node");
  const known = new Set(nodes.map(({ metadata }) => metadata?.name));
  const found = plan.nodes
    .filter(({ existing, name }) => existing !== known.has(name))
    .map(({ name }) => `${name}: exists or not?`);
  for (const { metadata, status } of nodes) {
    const node = plan.nodes.find(({ name }) => name === metadata?.name);
    if (node === undefined) {
      found.push(`${metadata?.name}: a Node of the input is missing`);
      continue;
    }
    if (node.usdPerHour !== 0) found.push(`${node.name}: exists and has a price`);
    const { allocatable, capacity } = (status ?? {}) as { allocatable?: QuantityList; capacity?: QuantityList };
    const rooms = differences(amountsOf(allocatable ?? capacity), amountsOf(node.allocatable));
    found.push(...rooms.map((name) => `${node.name}: ${name} is not that of the Node`));
    const own = bound.filter(({ spec }) => spec.nodeName === node.name);
    const sum = sumOf(own.flatMap(({ requests }) => [requests, new Map([["pods", nanosOf(1)]])]));
    found.push(
      ...differences(sum, amountsOf(node.boundRequested)).map((name) => `${node.name}: bound ${name} differs`),
    );
  }
  return found;
}

const ROUNDING = 1e-9;

/** On no node are the fair prices of the pods worth more than the node; the cheaper of the two is named. */
function fairPriceObjections({ nodes, pods }: PlanJson): string[] {
  const fair = new Map(pods.map((one) => [one.pod, one.ec2UsdPerHour ?? 0]));
  const worth = (node: PlanJsonNode): number => node.pods.reduce((sum, key) => sum + (fair.get(key) ?? 0), 0);
  const cheaper = ({ ec2UsdPerHour: ec2, fargateUsdPerHour: fargate }: PlanJson["pods"][number]): string => {
    if (ec2 === undefined) return fargate === undefined ? "neither" : "fargate";
    return fargate === undefined || ec2 <= fargate ? "ec2" : "fargate";
  };
  return [
    ...nodes
      .filter((node) => !node.existing && worth(node) > node.usdPerHour * (1 + ROUNDING) + ROUNDING)
      .map((node) => `${node.name}: its pods are worth ${worth(node)}, more than ${node.usdPerHour}`),
    ...pods.filter((one) => cheaper(one) !== one.cheaper).map(({ pod }) => `${pod}: the other one is cheaper`),
  ];
}
