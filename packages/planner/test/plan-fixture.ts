import { parseMilli, parseUnits, podRequests } from "@nodeless/api";
import {
  type PlanCatalog,
  type PlanDocument,
  type PlanInput,
  type PlanOptions,
  type PlanOutcome,
  planCatalog,
  planCluster,
  planInput,
  type Quantities,
} from "@nodeless/planner";

export const SEOUL: PlanCatalog = planCatalog({ region: "ap-northeast-2" });

/** Manifests of one file as a plan input. */
export function inputOf(...documents: readonly string[]): PlanInput {
  return planInput([{ file: "test.yaml", text: documents.join("\n---\n"), found: false }]);
}

/** A plan with a clock that stands still. */
export function planOf(input: PlanInput | string, options: Partial<PlanOptions> = {}, catalog = SEOUL): PlanOutcome {
  return planCluster(typeof input === "string" ? inputOf(input) : input, catalog, { ...options, monotonicMs: () => 0 });
}

/** A Deployment in a few words. */
export function deployment(
  place: string,
  {
    replicas = 1,
    cpu,
    memory,
    labels = "",
    spec = "",
    annotations = "",
  }: {
    readonly replicas?: number;
    readonly cpu?: string;
    readonly memory?: string;
    readonly labels?: string;
    readonly spec?: string;
    readonly annotations?: string;
  } = {},
): string {
  const [namespace, name] = place.split("/");
  const requests = [
    ...(cpu === undefined ? [] : [`cpu: ${cpu}`]),
    ...(memory === undefined ? [] : [`memory: ${memory}`]),
  ];
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name}${labels} }, annotations: {${annotations}} }
    spec:
      ${spec}
      containers: [{ name: main, image: nginx, resources: { requests: { ${requests.join(", ")} } } }]`;
}

/** A DaemonSet that takes a visible share of every node. */
export const AGENT = `
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent, namespace: shop }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { containers: [{ name: main, image: agent, resources: { requests: { cpu: 300m, memory: 256Mi } } }] }`;

/** A node that is there already. */
export const NODE = `
apiVersion: v1
kind: Node
metadata: { name: ip-10-0-0-1, labels: { kubernetes.io/arch: amd64, kubernetes.io/os: linux, topology.kubernetes.io/zone: ap-northeast-2a } }
status: { allocatable: { cpu: "4", memory: 8Gi, pods: "58" } }`;

/** The class that {@link nodePool} names. */
export const NODE_CLASS = `
apiVersion: karpenter.k8s.aws/v1
kind: EC2NodeClass
metadata: { name: default }
spec:
  role: node
  amiSelectorTerms: [{ alias: al2023@latest }]
  subnetSelectorTerms: [{ tags: { a: b } }]
  securityGroupSelectorTerms: [{ tags: { a: b } }]`;

/** A NodePool in a few words. */
export function nodePool(name: string, requirements: Readonly<Record<string, readonly string[]>>, spec = ""): string {
  const list = Object.entries(requirements).map(
    ([key, values]) => `{ key: ${key}, operator: In, values: [${values.join(", ")}] }`,
  );
  return `
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: { name: ${name} }
spec:
  ${spec}
  template:
    spec:
      requirements: [${list.join(", ")}]
      nodeClassRef: { group: karpenter.k8s.aws, kind: EC2NodeClass, name: default }`;
}

/** What somebody finds wrong who has the document, the pods of the input, and no code of ours but quantities. */
export function objections(document: PlanDocument, input: PlanInput): readonly string[] {
  const found: string[] = [];
  const pods = new Map(input.pods.map((pod) => [`${pod.metadata.namespace}/${pod.metadata.name}`, pod]));
  const places = new Map<string, number>();
  const place = (pod: string): void => void places.set(pod, (places.get(pod) ?? 0) + 1);
  for (const node of document.nodes) {
    const sum = new Map<string, number>();
    for (const key of node.pods) {
      place(key);
      const pod = pods.get(key);
      if (pod === undefined) continue;
      for (const [name, amount] of podRequests(pod.spec).set("pods", 1)) sum.set(name, (sum.get(name) ?? 0) + amount);
    }
    for (const [name, amount] of sum)
      if (amount !== amountOf(node.requested, name)) found.push(`${node.name}: ${name} requested is not the sum`);
    for (const name of Object.keys({ ...node.requested, ...node.daemonOverhead })) {
      const used =
        amountOf(node.requested, name) +
        amountOf(node.daemonOverhead, name) +
        amountOf(node.boundRequested ?? {}, name);
      if (used > amountOf(node.allocatable, name)) found.push(`${node.name}: more ${name} than allocatable`);
    }
    if (node.existing && node.usdPerHour !== 0) found.push(`${node.name}: exists and has a price`);
  }
  for (const { pod } of [...document.fargate, ...document.unplaced]) place(pod);
  for (const key of pods.keys())
    if (places.get(key) !== 1) found.push(`${key} stands in ${places.get(key) ?? 0} places`);
  for (const key of places.keys()) if (!pods.has(key)) found.push(`${key} is no pod of the input`);
  const { totals } = document;
  let usd = 0;
  for (const { usdPerHour } of [...document.nodes, ...document.fargate]) usd += usdPerHour;
  if (usd !== totals.usdPerHour) found.push(`the sum is ${usd}, the total says ${totals.usdPerHour}`);
  if (totals.lowerBoundUsdPerHour > usd) found.push("the bound is above the cost");
  if (totals.pods !== pods.size) found.push("totals.pods is not the number of pods");
  if (totals.nodes !== document.nodes.filter(({ existing }) => !existing).length) found.push("totals.nodes is wrong");
  const gap = totals.lowerBoundUsdPerHour === 0 ? (usd === 0 ? 0 : null) : usd / totals.lowerBoundUsdPerHour - 1;
  if (gap !== totals.gapRatio) found.push("gapRatio is not cost / bound − 1");
  return found;
}

function amountOf(quantities: Quantities, name: string): number {
  const quantity = quantities[name] ?? "0";
  return name === "cpu" ? parseMilli(quantity) : parseUnits(quantity);
}
