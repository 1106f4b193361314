import { LABELS } from "@nodeless/api";
import type { Rejection } from "../model.ts";
import { compatibleOfferings } from "../requirements/offerings.ts";
import { formatRequirements } from "../requirements/requirement-format.ts";
import { mergeRequirements } from "../requirements/requirements.ts";
import { formatAmount } from "../resources/amounts.ts";
import { firstPortConflict } from "../resources/host-ports.ts";
import type { DomainRule } from "../topology/rule-plan.ts";
import { describeGroup } from "../topology/topology-state.ts";
import type { NodeState } from "./node-placement.ts";
import { violatedOnNode } from "./node-placement.ts";
import type { PlacementAttempt } from "./placement-attempt.ts";
import type { ShapeModel, VariantModel } from "./planning-model.ts";
import { nodeVerdict } from "./planning-model.ts";
import type { PoolCatalog, PoolType } from "./pool-catalog.ts";
import { typeMeets } from "./pool-catalog.ts";
import { covers, isAttachment } from "./resource-table.ts";

/** Existing nodes named one by one; more would drown the reader, and they repeat each other. */
const NODES_EXPLAINED_MAX = 100;

/** Why a fully relaxed pod fits nowhere: one rejection per pool, in pool order, then per existing node. */
export function explainUnplaced(attempt: PlacementAttempt, shape: ShapeModel): readonly Rejection[] {
  const variant = shape.variants.at(-1);
  if (variant === undefined) return [];
  if (variant.variant.refusal !== undefined) return [{ candidate: "pod", ...variant.variant.refusal }];
  const { catalogs } = attempt.model;
  const pools = catalogs.map((_, poolIndex) => rejectionOfPool({ attempt, shape, variant, poolIndex }));
  const nodes = attempt.nodes
    .slice(0, NODES_EXPLAINED_MAX)
    .map((node) => rejectionOfNode(node, shape, { variant, attempt }));
  const rejections = [...pools, ...nodes].filter((rejection) => rejection !== undefined);
  if (rejections.length > 0) return rejections;
  return [{ candidate: "pod", rule: "requirements", message: "there is no NodePool that could launch a node for it" }];
}

interface PoolQuestion {
  readonly attempt: PlacementAttempt;
  readonly shape: ShapeModel;
  readonly variant: VariantModel;
  readonly poolIndex: number;
}

function rejectionOfPool(question: PoolQuestion): Rejection | undefined {
  const { attempt, shape, variant, poolIndex } = question;
  const catalog = attempt.model.catalogs[poolIndex];
  if (catalog === undefined) return undefined;
  const candidate = catalog.pool.name;
  const reject = (rule: Rejection["rule"], message: string): Rejection => ({ candidate, rule, message });
  const verdict = variant.pools[poolIndex];
  if (typeof verdict === "string")
    return reject(verdict.startsWith("does not tolerate") ? "taints" : "requirements", verdict);
  const room = attempt.limitRoom(poolIndex);
  if (room !== undefined && room.nodes < 1)
    return {
      ...reject("limits", `NodePool ${candidate} has reached its limit of nodes`),
      limit: { resource: "nodes", left: room.nodes, needed: 1 },
    };
  const types = rejectionOfTypes(question, catalog);
  if (types !== undefined) return reject(types.rule, types.message);
  const port = firstPortConflict(shape.shape.ports, catalog.daemonPorts);
  if (port !== undefined)
    return reject("host-ports", `host port ${port.port}/${port.protocol} is taken by a DaemonSet on every node`);
  const answer = attempt.answerWithoutLimits(shape, variant, poolIndex);
  if (answer === "reserved")
    return reject("offerings", `reserved capacity of NodePool ${candidate} that it could use is used up in this pass`);
  if (answer !== "fits") return rejectionOfRules(question, reject);
  return { candidate, rule: "limits", ...rejectionOfLimits(question, catalog) };
}

function rejectionOfRules(
  question: PoolQuestion,
  reject: (rule: Rejection["rule"], message: string) => Rejection,
): Rejection {
  const { rules, plan } = question.variant;
  const violated = plan.domainRules
    .filter((rule) => allForbidden(question, rule))
    .flatMap(({ owned }) => owned.map(({ group }) => group))
    .concat(rules.owned.filter(({ key }) => key === LABELS.hostname))[0];
  const group = violated ?? rules.owned[0] ?? rules.guards[0];
  return group === undefined
    ? reject("min-values", "too few distinct instance types would remain for the NodePool's minValues")
    : reject("topology", `no domain of a new node satisfies ${describeGroup(group)}`);
}

/** True if the rule allows none of the domains that a new node of the pool may have with this pod on it. */
function allForbidden({ attempt: { model, topology }, variant, poolIndex }: PoolQuestion, rule: DomainRule): boolean {
  const table = topology.facts.tables[rule.keyIndex];
  const catalog = model.catalogs[poolIndex];
  const types = variant.pools[poolIndex];
  if (table === undefined || catalog === undefined || typeof types !== "object") return false;
  return catalog
    .possibleDomains(types, table.key)
    .every((domain) => topology.forbidding(rule, table.numberOf(domain)) !== undefined);
}

function rejectionOfLimits(
  { attempt, shape, variant, poolIndex }: PoolQuestion,
  { pool: { name }, hasMinValues }: PoolCatalog,
): Pick<Rejection, "message" | "limit"> {
  const verdict = variant.pools[poolIndex];
  const fitting = (typeof verdict === "object" ? verdict.priced : []).find(({ free }) => covers(free, shape.requests));
  const amounts = attempt.limitRoom(poolIndex)?.amounts();
  const { names } = attempt.model.resources;
  const index = names.findIndex((_, at) => (fitting?.capacity[at] ?? 0) > (amounts?.[at] ?? Number.POSITIVE_INFINITY));
  const resource = names[index];
  if (fitting !== undefined && resource === undefined && hasMinValues)
    return {
      message: `what the limits of NodePool ${name} leave is too little for as many instance types as its minValues ask for`,
    };
  if (fitting === undefined || resource === undefined)
    return { message: `the limits of NodePool ${name} leave no room` };
  const left = Math.max(0, amounts?.[index] ?? 0);
  const needed = fitting.capacity[index] ?? 0;
  return {
    message: `the limits of NodePool ${name} leave ${formatAmount(resource, left)} ${resource}; the cheapest fitting instance type, ${fitting.type.name}, has ${formatAmount(resource, needed)}`,
    limit: { resource, left, needed },
  };
}

/** The instance filter's three tests one after the other, so that the message can say which one left nothing. */
function rejectionOfTypes(
  { shape, variant, attempt }: PoolQuestion,
  catalog: PoolCatalog,
): Pick<Rejection, "rule" | "message"> | undefined {
  const { name } = catalog.pool;
  const wanted = mergeRequirements(catalog.pool.requirements, variant.variant.requirements);
  const asked = formatRequirements(variant.variant.requirements);
  if (catalog.types.length === 0)
    return { rule: "requirements", message: `no instance type meets the requirements of NodePool ${name}` };
  const meeting = catalog.types.filter(({ type }) => typeMeets(type, wanted));
  if (meeting.length === 0)
    return { rule: "requirements", message: `no instance type of NodePool ${name} meets ${asked}` };
  const holding = meeting.filter(({ free }) => covers(free, shape.requests));
  if (holding.length === 0)
    return {
      rule: "resources",
      message: shortfallMessage(meeting, shape, { pool: name, names: attempt.model.resources.names }),
    };
  if (holding.some(({ type }) => compatibleOfferings(type, wanted).length > 0)) return undefined;
  const where = asked === "" ? "" : ` for ${asked}`;
  return {
    rule: "offerings",
    message:
      holding.length === 1
        ? `only ${holding[0]?.type.name} of NodePool ${name} is large enough, and it has no available offering${where}`
        : `${holding.length} instance types of NodePool ${name} are large enough, but none has an available offering${where}`,
  };
}

function shortfallMessage(
  types: readonly PoolType[],
  { requests }: ShapeModel,
  { pool, names }: { readonly pool: string; readonly names: readonly string[] },
): string {
  for (const [index, resource] of names.entries()) {
    const asked = requests[index] ?? 0;
    const largest = types.reduce((best, one) => ((one.free[index] ?? 0) > (best.free[index] ?? 0) ? one : best));
    const offered = largest.free[index] ?? 0;
    if (asked <= 0 || asked <= offered) continue;
    if (types.every(({ type }) => (type.capacity.get(resource) ?? 0) === 0))
      return `requests ${formatAmount(resource, asked)} ${resource}, which no instance type of NodePool ${pool} has`;
    return `requests ${formatAmount(resource, asked)} ${resource}; the largest instance type of NodePool ${pool}, ${largest.type.name}, offers ${formatAmount(resource, Math.max(0, offered))}`;
  }
  const all = names
    .filter((name, index) => name !== "pods" && (requests[index] ?? 0) > 0)
    .map((name) => `${formatAmount(name, requests[names.indexOf(name)] ?? 0)} ${name}`);
  return `no single instance type of NodePool ${pool} offers ${all.join(" and ")} together`;
}

function rejectionOfNode(
  state: NodeState,
  shape: ShapeModel,
  { variant, attempt }: { readonly variant: VariantModel; readonly attempt: PlacementAttempt },
): Rejection | undefined {
  const candidate = state.model.node.name;
  const verdict = nodeVerdict(variant, state.model);
  if (verdict !== undefined)
    return { candidate, rule: verdict.startsWith("does not tolerate") ? "taints" : "requirements", message: verdict };
  const port = firstPortConflict(shape.shape.ports, state.ports);
  if (port !== undefined)
    return { candidate, rule: "host-ports", message: `host port ${port.port}/${port.protocol} is taken` };
  const { names } = attempt.model.resources;
  for (const [index, resource] of names.entries()) {
    const asked = shape.requests[index] ?? 0;
    const left = (state.model.remaining[index] ?? 0) - (state.used[index] ?? 0);
    if (asked <= 0 || asked <= left) continue;
    if (isAttachment(resource))
      return { candidate, rule: "volumes", message: attachmentMessage(resource, { asked, left }) };
    const message = `requests ${formatAmount(resource, asked)} ${resource}; ${formatAmount(resource, Math.max(0, left))} is left`;
    return { candidate, rule: "resources", message };
  }
  const group = violatedOnNode(state.model, variant, attempt.topology);
  return group === undefined
    ? undefined
    : { candidate, rule: "topology", message: `${describeGroup(group)} does not allow it` };
}

/** `attaches 1 volume; 0 more can be attached (…)` */
export function attachmentMessage(
  resource: string,
  { asked, left }: { readonly asked: number; readonly left: number },
): string {
  return `attaches ${asked === 1 ? "1 volume" : `${asked} volumes`}; ${Math.max(0, left)} more can be attached (${resource})`;
}
