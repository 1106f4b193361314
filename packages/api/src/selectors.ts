import type { LabelSelector } from "./generated/kubernetes.ts";

/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

/** One clause of a label selector. A value set with one element and `In` is `key=value`. */
export interface LabelClause {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values: readonly string[];
}

/** The text is not a selector. Caller: answer 400 with the message. */
export class InvalidSelectorError extends Error {
  override readonly name = "InvalidSelectorError";
}

/** True if every clause holds. `NotIn` also holds when the key is absent. */
export function matchesClauses(clauses: readonly LabelClause[], labels: Labels | undefined): boolean {
  return clauses.every((clause) => matchesClause(clause, labels));
}

function matchesClause({ key, operator, values }: LabelClause, labels: Labels | undefined): boolean {
  const value = labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
  }
}

/** Clauses of a LabelSelector object. An empty selector has no clause and matches everything. */
export function labelSelectorClauses(selector: LabelSelector): readonly LabelClause[] {
  const equal = Object.entries(selector.matchLabels ?? {}).map(
    ([key, value]): LabelClause => ({ key, operator: "In", values: [value] }),
  );
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values }): LabelClause => ({
      key,
      operator: operator as LabelClause["operator"],
      values: values ?? [],
    }),
  );
  return [...equal, ...expressions];
}

/** Kubernetes' rule for selector fields: nil selects nothing, empty selects everything. */
export function matchesLabelSelector(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  return selector !== undefined && matchesClauses(labelSelectorClauses(selector), labels);
}

const NAME = "[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?";
const KEY = `(?:${NAME}/)?${NAME}`;
const VALUE = `(?:${NAME})?`;
const SET_CLAUSE = new RegExp(`^(${KEY})\\s+(in|notin)\\s*\\(([^()]*)\\)$`);
const EQUALITY_CLAUSE = new RegExp(`^(${KEY})\\s*(=|==|!=)\\s*(${VALUE})$`);
const EXISTENCE_CLAUSE = new RegExp(`^(!?)\\s*(${KEY})$`);
const WHOLE_VALUE = new RegExp(`^${VALUE}$`);

/**
 * Parses the query form: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Empty text selects everything.
 * Source: k8s.io/apimachinery pkg/labels/selector.go. Throws InvalidSelectorError.
 */
export function parseLabelSelector(text: string): readonly LabelClause[] {
  return splitTopLevel(text).map(parseClause);
}

function splitTopLevel(text: string): readonly string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === "(") depth += 1;
    else if (text[index] === ")") depth -= 1;
    else if (text[index] === "," && depth === 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.length === 1 && parts[0]?.trim() === "" ? [] : parts.map((part) => part.trim());
}

function parseClause(text: string): LabelClause {
  const set = SET_CLAUSE.exec(text);
  if (set !== null) {
    const values = (set[3] ?? "").split(",").map((value) => value.trim());
    if (!values.every((value) => WHOLE_VALUE.test(value)))
      throw new InvalidSelectorError(`unable to parse requirement: ${JSON.stringify(text)}`);
    return { key: set[1] ?? "", operator: set[2] === "in" ? "In" : "NotIn", values };
  }
  const equality = EQUALITY_CLAUSE.exec(text);
  if (equality !== null)
    return { key: equality[1] ?? "", operator: equality[2] === "!=" ? "NotIn" : "In", values: [equality[3] ?? ""] };
  const existence = EXISTENCE_CLAUSE.exec(text);
  if (existence !== null)
    return { key: existence[2] ?? "", operator: existence[1] === "!" ? "DoesNotExist" : "Exists", values: [] };
  throw new InvalidSelectorError(`unable to parse requirement: ${JSON.stringify(text)}`);
}

/** The query form of clauses, the inverse of {@link parseLabelSelector}. */
export function formatLabelClauses(clauses: readonly LabelClause[]): string {
  return clauses.map(formatClause).join(",");
}

function formatClause({ key, operator, values }: LabelClause): string {
  switch (operator) {
    case "In":
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${values.join(",")})`;
    case "NotIn":
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${values.join(",")})`;
    case "Exists":
      return key;
    case "DoesNotExist":
      return `!${key}`;
  }
}
