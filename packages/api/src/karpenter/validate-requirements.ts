import { isLabelValue, isQualifiedName, normalizedLabelKey, restrictedLabelReason } from "./labels.ts";
import type { NodeSelectorRequirementWithMinValues } from "./node-pool.ts";
import type { FieldError } from "./validate-node-pool.ts";

type Requirement = NodeSelectorRequirementWithMinValues;

const REQUIREMENTS_MAX = 100;
const MIN_VALUES_MAX = 50;
const NUMERIC: ReadonlySet<string> = new Set(["Gt", "Lt", "Gte", "Lte"]);
const OPERATORS: ReadonlySet<string> = new Set(["In", "NotIn", "Exists", "DoesNotExist", ...NUMERIC]);

/** Mistakes in a pool's requirements, each alone and all of them together with the pool's labels. */
export function* validateRequirements(
  path: string,
  requirements: readonly Requirement[],
  labels: Readonly<Record<string, string>> = {},
): Iterable<FieldError> {
  if (requirements.length > REQUIREMENTS_MAX)
    yield { path, message: `at most ${REQUIREMENTS_MAX} requirements, not ${requirements.length}` };
  for (const [index, requirement] of requirements.entries()) yield* validateOne(`${path}[${index}]`, requirement);
  yield* findContradictions(path, requirements, labels);
}

function* validateOne(path: string, requirement: Requirement): Iterable<FieldError> {
  const { key, operator, values = [], minValues } = requirement;
  const restricted = restrictedLabelReason(key);
  if (!isQualifiedName(key)) yield { path: `${path}.key`, message: `${JSON.stringify(key)} is not a label key` };
  else if (restricted !== undefined) yield { path: `${path}.key`, message: restricted };
  if (!OPERATORS.has(operator))
    yield { path: `${path}.operator`, message: `must be one of ${[...OPERATORS].join(", ")}, not ${operator}` };
  if (operator === "In" && values.length === 0)
    yield { path: `${path}.values`, message: "In needs at least one value; use Exists for any value" };
  if (NUMERIC.has(operator) && !(values.length === 1 && /^[0-9]+$/.test(values[0] ?? "")))
    yield { path: `${path}.values`, message: `${operator} needs exactly one whole number, as text: ["4"]` };
  if ((operator === "Exists" || operator === "DoesNotExist") && values.length > 0)
    yield { path: `${path}.values`, message: `${operator} takes no values` };
  if (operator === "In" || operator === "NotIn")
    for (const value of values)
      if (!isLabelValue(value))
        yield { path: `${path}.values`, message: `${JSON.stringify(value)} is not a label value` };
  if (minValues !== undefined) yield* validateMinValues(path, minValues, requirement);
}

function* validateMinValues(path: string, minValues: number, { operator, values }: Requirement): Iterable<FieldError> {
  if (!Number.isInteger(minValues) || minValues < 1 || minValues > MIN_VALUES_MAX)
    yield { path: `${path}.minValues`, message: `must be a whole number from 1 to ${MIN_VALUES_MAX}` };
  else if (operator === "In" && minValues > new Set(values).size)
    yield {
      path: `${path}.minValues`,
      message: `asks for ${minValues} different values, but only ${new Set(values).size} are listed`,
    };
}

/** Keys whose requirements and label leave no value at all: such a pool could never launch a node. */
function* findContradictions(
  path: string,
  requirements: readonly Requirement[],
  labels: Readonly<Record<string, string>>,
): Iterable<FieldError> {
  const byKey = new Map<string, Requirement[]>();
  for (const requirement of requirements) {
    const key = normalizedLabelKey(requirement.key);
    const group = byKey.get(key);
    if (group === undefined) byKey.set(key, [requirement]);
    else group.push(requirement);
  }
  for (const [key, group] of byKey) {
    const label = Object.hasOwn(labels, key) ? labels[key] : undefined;
    const all = label === undefined ? group : [...group, { key, operator: "In", values: [label] }];
    if (!leavesAValue(all))
      yield {
        path,
        message: `no value of ${key} satisfies all of its ${all.length} conditions together, so no node could be launched`,
      };
  }
}

/** Whether some value (or, if all allow it, absence) passes every requirement of one key. */
function leavesAValue(requirements: readonly Requirement[]): boolean {
  const absenceAllowed = requirements.every(({ operator }) => operator === "DoesNotExist" || operator === "NotIn");
  if (absenceAllowed) return true;
  if (requirements.some(({ operator }) => operator === "DoesNotExist")) return false;
  const listed = requirements.find(({ operator }) => operator === "In");
  if (listed !== undefined) return (listed.values ?? []).some((value) => requirements.every((r) => admits(r, value)));
  // Only exclusions and bounds are left: one more candidate than there are exclusions decides it.
  const low = Math.max(0, ...requirements.map(lowestAllowed));
  const high = Math.min(Number.MAX_SAFE_INTEGER, ...requirements.map(highestAllowed));
  const excluded = new Set(requirements.flatMap((r) => (r.operator === "NotIn" ? (r.values ?? []) : [])));
  for (let value = low; value <= Math.min(high, low + excluded.size); value += 1)
    if (!excluded.has(String(value))) return true;
  return false;
}

function admits(requirement: Requirement, value: string): boolean {
  const { operator, values = [] } = requirement;
  if (operator === "In") return values.includes(value);
  if (operator === "NotIn") return !values.includes(value);
  if (!NUMERIC.has(operator)) return true;
  const number = /^-?[0-9]+$/.test(value) ? Number(value) : Number.NaN;
  return number >= lowestAllowed(requirement) && number <= highestAllowed(requirement);
}

function lowestAllowed({ operator, values }: Requirement): number {
  return operator === "Gt" ? boundOf(values) + 1 : operator === "Gte" ? boundOf(values) : Number.NEGATIVE_INFINITY;
}

function highestAllowed({ operator, values }: Requirement): number {
  return operator === "Lt" ? boundOf(values) - 1 : operator === "Lte" ? boundOf(values) : Number.POSITIVE_INFINITY;
}

/** Malformed bounds have their own error; here they must not add a second one. */
function boundOf(values: readonly string[] = []): number {
  const bound = Number(values[0]);
  return Number.isNaN(bound) ? 0 : bound;
}
