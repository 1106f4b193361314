import type { CheckedPod, Expression, Manifest, Taint, Toleration } from "./manifest-pods.ts";
import type { PlanJsonNode } from "./plan-checker.ts";

/** A node of the plan with what its labels and taints will be. */
export interface LabelledNode {
  readonly node: PlanJsonNode;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  /** Undefined for a node that exists, and for the pool that `nodeless up` makes. */
  readonly pool: Manifest | undefined;
  /** Pods that the plan puts there. */
  readonly placed: readonly CheckedPod[];
  /** Pods that are there already. */
  readonly residents: readonly CheckedPod[];
}

/** Node selectors, required affinity and host ports of its pods, and the requirements of its pool. */
export function nodeObjections(node: LabelledNode): readonly string[] {
  const { name } = node.node;
  const own = poolExpressions(node.pool);
  return [
    ...own
      .filter(({ key }) => Object.hasOwn(node.labels, key))
      .filter((one) => !holds(one, node.labels))
      .map(({ key, operator, values }) => `${name}: its pool wants ${key} ${operator} ${values}`),
    ...node.placed.filter((pod) => !accepts(pod, node, own)).map(({ key }) => `${key}: ${name} is no node it selects`),
    ...portObjections(node),
  ];
}

function poolExpressions(pool: Manifest | undefined): readonly Expression[] {
  const template = pool?.spec?.["template"] as { spec?: { requirements?: readonly Expression[] } } | undefined;
  return template?.spec?.requirements ?? [];
}

/** Labels that a pool lets its nodes choose are not in the plan: there must be a value that suits every pod of the node. */
function accepts(pod: CheckedPod, node: LabelledNode, pool: readonly Expression[]): boolean {
  const selector = Object.entries(pod.spec.nodeSelector ?? {}).map(([key, value]) => ({
    key: ALIASES.get(key) ?? key,
    operator: "In",
    values: [value],
  }));
  const terms = pod.terms.length === 0 ? [[]] : pod.terms;
  return terms.some((term) =>
    [...selector, ...term.map((one) => ({ ...one, key: ALIASES.get(one.key) ?? one.key }))].every((one) => {
      if (Object.hasOwn(node.labels, one.key)) return holds(one, node.labels);
      const free = pool.filter(({ key }) => key === one.key);
      if (free.length === 0) return holds(one, node.labels);
      const values = [one, ...free].flatMap((expression) => expression.values ?? []);
      return [...values, "any-other"].some((value) =>
        [one, ...free].every((each) => holds(each, { [one.key]: value })),
      );
    }),
  );
}

/** Deprecated names of the same labels. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ["beta.kubernetes.io/arch", "kubernetes.io/arch"],
  ["beta.kubernetes.io/os", "kubernetes.io/os"],
  ["beta.kubernetes.io/instance-type", "node.kubernetes.io/instance-type"],
  ["failure-domain.beta.kubernetes.io/zone", "topology.kubernetes.io/zone"],
  ["failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/region"],
]);

/** Kubernetes' operators, on labels as they stand. */
export function holds({ key, operator, values = [] }: Expression, labels: Readonly<Record<string, string>>): boolean {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return Number(value) > Number(values[0]);
    case "Lt":
      return Number(value) < Number(values[0]);
    default:
      throw new Error(`${operator} is no operator`);
  }
}

/** Pods on a node with a taint that they do not tolerate. */
export function taintObjections({ node, taints, placed }: LabelledNode): readonly string[] {
  const hard = taints.filter(({ effect }) => effect !== "PreferNoSchedule");
  return placed.flatMap(({ key, spec, isDaemon }) =>
    hard
      .filter((taint) => !(isDaemon && DAEMONS_TOLERATE.has(taint.key)))
      .filter((taint) => !(spec.tolerations ?? []).some((one) => tolerates(one, taint)))
      .map((taint) => `${key}: does not tolerate ${taint.key} of ${node.name}`),
  );
}

const DAEMONS_TOLERATE: ReadonlySet<string> = new Set([
  "node.kubernetes.io/not-ready",
  "node.kubernetes.io/unschedulable",
]);

function tolerates({ key, operator = "Equal", value = "", effect = "" }: Toleration, taint: Taint): boolean {
  if (effect !== "" && effect !== taint.effect) return false;
  if (key === undefined || key === "") return operator === "Exists";
  return key === taint.key && (operator === "Exists" || value === (taint.value ?? ""));
}

function portObjections({ node, placed, residents }: LabelledNode): readonly string[] {
  const seen = new Set(residents.flatMap(({ hostPorts }) => hostPorts));
  return placed.flatMap(({ key, hostPorts }) =>
    hostPorts.flatMap((port) => {
      const taken = seen.has(port);
      seen.add(port);
      return taken ? [`${key}: ${port} is taken on ${node.name}`] : [];
    }),
  );
}
