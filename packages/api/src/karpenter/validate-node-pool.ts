import { InvalidScheduleError, parseCron } from "../cron-schedule.ts";
import type { Taint } from "../generated/kubernetes.ts";
import { isQuantity } from "../quantity.ts";
import { isLabelValue, isQualifiedName, restrictedLabelReason } from "./labels.ts";
import type { NodePool, NodePoolDisruption, NodePoolSpec } from "./node-pool.ts";
import { validateRequirements } from "./validate-requirements.ts";

/** One mistake in one field. */
export interface FieldError {
  /** E.g. `spec.template.spec.requirements[2].values`. */
  readonly path: string;
  /** Says what is wrong and what to write instead. */
  readonly message: string;
}

/**
 * Every mistake in a NodePool at once, in field order; empty when it can be used. Assumes the shape its
 * CustomResourceDefinition enforces, and adds the rules across fields.
 * Source: Karpenter 1.14 (karpenter.md §1.4, §2.1).
 */
export function validateNodePool(pool: Pick<NodePool, "spec">): readonly FieldError[] {
  const { template, disruption, limits, weight, replicas } = pool.spec;
  const at = "spec.template.spec";
  return [
    ...validateLabels("spec.template.metadata.labels", template.metadata?.labels),
    ...validateTaints(at, template.spec.taints, template.spec.startupTaints),
    ...validateRequirements(`${at}.requirements`, template.spec.requirements, template.metadata?.labels),
    ...validateNodeClassRef(`${at}.nodeClassRef`, template.spec.nodeClassRef),
    ...duration(`${at}.terminationGracePeriod`, template.spec.terminationGracePeriod, { never: false }),
    ...duration(`${at}.expireAfter`, template.spec.expireAfter, { never: true }),
    ...validateDisruption("spec.disruption", disruption),
    ...validateLimits("spec.limits", limits),
    ...(weight === undefined || (Number.isInteger(weight) && weight >= 1 && weight <= 100)
      ? []
      : [{ path: "spec.weight", message: `must be a whole number from 1 to 100, not ${weight}` }]),
    ...(replicas === undefined ? [] : validateStaticPool(pool.spec)),
  ];
}

const LABELS_MAX = 100;

function* validateLabels(path: string, labels: Readonly<Record<string, string>> = {}): Iterable<FieldError> {
  const entries = Object.entries(labels);
  if (entries.length > LABELS_MAX) yield { path, message: `at most ${LABELS_MAX} labels, not ${entries.length}` };
  for (const [key, value] of entries) {
    const restricted = restrictedLabelReason(key);
    const field = `${path}[${key}]`;
    if (!isQualifiedName(key)) yield { path: field, message: `${JSON.stringify(key)} is not a label key` };
    else if (restricted !== undefined) yield { path: field, message: restricted };
    if (!isLabelValue(value))
      yield { path: field, message: `${JSON.stringify(value)} is not a label value (63 letters, digits, - _ .)` };
  }
}

const TAINT_EFFECTS: ReadonlySet<string> = new Set(["NoSchedule", "PreferNoSchedule", "NoExecute", ""]);

function* validateTaints(
  path: string,
  taints: readonly Taint[] = [],
  startupTaints: readonly Taint[] = [],
): Iterable<FieldError> {
  const seen = new Map<string, string>();
  const all = [
    ...taints.map((taint, index) => ({ taint, field: `${path}.taints[${index}]` })),
    ...startupTaints.map((taint, index) => ({ taint, field: `${path}.startupTaints[${index}]` })),
  ];
  for (const { taint, field } of all) {
    if (!isQualifiedName(taint.key)) yield { path: field, message: `${JSON.stringify(taint.key)} is not a taint key` };
    if (!isLabelValue(taint.value ?? ""))
      yield { path: field, message: `${JSON.stringify(taint.value)} is not a taint value` };
    if (!TAINT_EFFECTS.has(taint.effect))
      yield {
        path: field,
        message: `effect must be NoSchedule, PreferNoSchedule or NoExecute, not ${JSON.stringify(taint.effect)}`,
      };
    const identity = `${taint.key}:${taint.effect}`;
    const earlier = seen.get(identity);
    if (earlier !== undefined)
      yield { path: field, message: `${identity} is already at ${earlier}; a node holds each key and effect once` };
    seen.set(identity, field);
  }
}

function* validateNodeClassRef(
  path: string,
  reference: { readonly group: string; readonly kind: string; readonly name: string },
): Iterable<FieldError> {
  const { group, kind, name } = reference;
  if (group === "" || group.includes("/"))
    yield {
      path: `${path}.group`,
      message: `is a group without a version, e.g. karpenter.k8s.aws, not ${JSON.stringify(group)}`,
    };
  if (kind === "") yield { path: `${path}.kind`, message: "must not be empty, e.g. EC2NodeClass" };
  if (name === "") yield { path: `${path}.name`, message: "must not be empty" };
}

const DURATION = /^([0-9]+(s|m|h))+$/;

function duration(
  path: string,
  value: string | undefined,
  { never }: { readonly never: boolean },
): readonly FieldError[] {
  if (value === undefined || DURATION.test(value) || (never && value === "Never")) return [];
  const choices = never ? "a duration such as 30s, 10m or 720h, or Never" : "a duration such as 10m or 48h";
  return [{ path, message: `must be ${choices}, not ${JSON.stringify(value)}` }];
}

const NODE_COUNT = /^([0-9]+|(100|[0-9]{1,2})%)$/;
const WINDOW = /^([0-9]+h([0-9]+m)?|[0-9]+m)(0s)?$/;

function* validateDisruption(path: string, disruption: NodePoolDisruption | undefined): Iterable<FieldError> {
  yield* duration(`${path}.consolidateAfter`, disruption?.consolidateAfter, { never: true });
  for (const [index, budget] of (disruption?.budgets ?? []).entries()) {
    const field = `${path}.budgets[${index}]`;
    if (!NODE_COUNT.test(budget.nodes))
      yield {
        path: `${field}.nodes`,
        message: `must be a number of nodes or 0% to 100%, not ${JSON.stringify(budget.nodes)}`,
      };
    if ((budget.schedule === undefined) !== (budget.duration === undefined))
      yield { path: field, message: "schedule and duration go together: when the window opens and how long it stays" };
    if (budget.schedule !== undefined && !isCron(budget.schedule))
      yield {
        path: `${field}.schedule`,
        message: `must be five cron fields in UTC or a macro such as @daily, not ${JSON.stringify(budget.schedule)}`,
      };
    if (budget.duration !== undefined && !WINDOW.test(budget.duration))
      yield {
        path: `${field}.duration`,
        message: `must be in hours and minutes, e.g. 8h or 1h30m, not ${JSON.stringify(budget.duration)}`,
      };
  }
}

function isCron(text: string): boolean {
  try {
    parseCron(text);
    return true;
  } catch (error) {
    if (error instanceof InvalidScheduleError) return false;
    throw error;
  }
}

function* validateLimits(path: string, limits: Readonly<Record<string, string | number>> = {}): Iterable<FieldError> {
  for (const [resource, amount] of Object.entries(limits))
    if (!isQuantity(String(amount)))
      yield {
        path: `${path}.${resource}`,
        message: `must be a quantity such as 1000 or 64Gi, not ${JSON.stringify(amount)}`,
      };
}

/** A pool with `replicas` keeps a fixed number of nodes; what chooses nodes by demand has no meaning there. */
function* validateStaticPool({ weight, limits }: NodePoolSpec): Iterable<FieldError> {
  if (weight !== undefined)
    yield { path: "spec.weight", message: "has no meaning beside replicas: a fixed pool is never chosen" };
  for (const resource of Object.keys(limits ?? {}))
    if (resource !== "nodes")
      yield { path: `spec.limits.${resource}`, message: "only a limit on nodes may stand beside replicas" };
}
