import type { LabelSelector, Pod, PodAffinityTerm } from "@nodeless/api";
import type { SchedulingInput } from "../model.ts";
import { expressionHolds } from "./plain-rules.ts";

/** Does the owner's term select pods of the other's namespace and labels? */
export function termSelects(
  term: PodAffinityTerm,
  owner: Pod,
  {
    other,
    input,
  }: {
    readonly other: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> };
    readonly input: SchedulingInput;
  },
): boolean {
  const { namespace, labels: theirs } = other;
  const listed = (term.namespaces ?? []).includes(namespace);
  const byLabels =
    term.namespaceSelector !== undefined &&
    (isEmpty(term.namespaceSelector) || selects(term.namespaceSelector, input.namespaceLabels.get(namespace)));
  const unstated = term.namespaceSelector === undefined && (term.namespaces ?? []).length === 0;
  const own = unstated && namespace === (owner.metadata.namespace ?? "default");
  if (!listed && !byLabels && !own) return false;
  const mine = owner.metadata.labels ?? {};
  return (
    selects(term.labelSelector, theirs) &&
    (term.matchLabelKeys ?? []).every((key) => mine[key] === undefined || mine[key] === theirs[key]) &&
    (term.mismatchLabelKeys ?? []).every((key) => mine[key] === undefined || mine[key] !== theirs[key])
  );
}

const isEmpty = ({ matchLabels, matchExpressions }: LabelSelector): boolean =>
  Object.keys(matchLabels ?? {}).length + (matchExpressions ?? []).length === 0;

/** Nil selects nothing, empty selects everything. */
export function selects(
  selector: LabelSelector | undefined,
  labels: Readonly<Record<string, string>> | undefined,
): boolean {
  if (selector === undefined || labels === undefined) return false;
  const value = (key: string): string | undefined => (Object.hasOwn(labels, key) ? labels[key] : undefined);
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, wanted]) => value(key) === wanted);
  return equal && (selector.matchExpressions ?? []).every((one) => expressionHolds(one, value(one.key)));
}
