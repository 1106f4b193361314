import type { NodeSelectorTerm, Pod } from "@nodeless/api";
import { LABELS } from "@nodeless/api";

/** Where a pod may land on Fargate. */
export type NodeConstraints =
  | {
      readonly kind: "satisfiable" /** Allowed zones, best first; undefined: any. */;
      readonly zones: readonly string[] | undefined;
    }
  | { readonly kind: "unsatisfiable" /** What cannot be had, e.g. `disktype=ssd`. */; readonly requirement: string };

/** Keys that mean the zone. */
const ZONE_KEYS: ReadonlySet<string> = new Set([LABELS.zone, "failure-domain.beta.kubernetes.io/zone"]);

/** Labels every Fargate node of a region has, beside its zone and hostname. */
function nodeLabels(region: string): ReadonlyMap<string, string> {
  return new Map([
    ["beta.kubernetes.io/arch", "amd64"],
    ["beta.kubernetes.io/os", "linux"],
    [LABELS.arch, "amd64"],
    [LABELS.os, "linux"],
    [LABELS.computeType, "fargate"],
    [LABELS.region, region],
    ["failure-domain.beta.kubernetes.io/region", region],
  ]);
}

interface Clause {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/**
 * What a pod's node selector and required node affinity mean on Fargate: conflicts are errors there, not a way out, and the zone is
 * honoured. Preferred affinity, pod affinity and topology spread are ignored. Source: fargate.md §2 rules 9 and 10.
 */
export function nodeConstraints(spec: Pick<Pod["spec"], "nodeSelector" | "affinity">, region: string): NodeConstraints {
  const labels = nodeLabels(region);
  const selector = Object.entries(spec.nodeSelector ?? {}).map(([key, value]) => ({
    key,
    operator: "In",
    values: [value],
  }));
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [{}];
  // Terms are alternatives: zones of all that can be satisfied, and the first failure if none can.
  const results = terms.map((term) => evaluate([...selector, ...clausesOf(term)], labels));
  const satisfiable = results.filter((result) => result.kind === "satisfiable");
  const [first] = results;
  if (satisfiable.length === 0) return first ?? { kind: "satisfiable", zones: undefined };
  if (satisfiable.some(({ zones }) => zones === undefined)) return { kind: "satisfiable", zones: undefined };
  return { kind: "satisfiable", zones: [...new Set(satisfiable.flatMap(({ zones }) => zones ?? []))] };
}

/** Fields (metadata.name) name one node; no Fargate node exists before its pod. */
function clausesOf(term: NodeSelectorTerm): readonly Clause[] {
  return [...(term.matchExpressions ?? []), ...(term.matchFields ?? [])];
}

function evaluate(clauses: readonly Clause[], labels: ReadonlyMap<string, string>): NodeConstraints {
  let zones: readonly string[] | undefined;
  for (const clause of clauses) {
    if (ZONE_KEYS.has(clause.key) && clause.operator === "In") {
      const allowed = clause.values ?? [];
      zones = zones === undefined ? allowed : zones.filter((zone) => allowed.includes(zone));
      if (zones.length === 0) return { kind: "unsatisfiable", requirement: formatClause(clause) };
    } else if (!ZONE_KEYS.has(clause.key) && !holds(clause, labels.get(clause.key)))
      return { kind: "unsatisfiable", requirement: formatClause(clause) };
  }
  return { kind: "satisfiable", zones };
}

function holds({ operator, values = [] }: Clause, value: string | undefined): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    default:
      return false;
  }
}

function formatClause({ key, operator, values = [] }: Clause): string {
  if (operator === "In" && values.length === 1) return `${key}=${values[0]}`;
  return values.length === 0 ? `${key} ${operator}` : `${key} ${operator} [${values.join(", ")}]`;
}
