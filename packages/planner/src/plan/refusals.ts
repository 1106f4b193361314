import type { Pod } from "@nodeless/api";
import type { Rejection, SchedulingPlan } from "@nodeless/scheduling";
import type { PlanInput } from "../contract.ts";
import { type LimitRemedy, limitRemedies } from "./limit-remedies.ts";
import type { PodRefusal } from "./pod-routes.ts";

/** A pod that nothing takes. */
export interface RefusedPod {
  readonly pod: Pod;
  readonly refusals: readonly PodRefusal[];
}

/** Pods that EC2 cannot take, with what each candidate said; equal pods share their list. */
export function refusedByEc2(
  plan: Pick<SchedulingPlan, "unplaced">,
  { nodePools, podSources }: Pick<PlanInput, "nodePools" | "podSources">,
): readonly RefusedPod[] {
  if (plan.unplaced.length === 0) return [];
  const known = new Map<readonly Rejection[], readonly PodRefusal[]>();
  const poolNames = new Set(nodePools.map(({ metadata }) => metadata.name));
  // Pods of a running cluster come from no manifest.
  const limitRemedy = limitRemedies(plan, { nodePools, fromManifests: podSources.size > 0 });
  return plan.unplaced.map(({ pod, rejections }) => {
    const refusals = known.get(rejections) ?? refusalsOf(rejections, { poolNames, limitRemedy });
    known.set(rejections, refusals);
    return { pod, refusals };
  });
}

/** One line of `unplaced[].reasons`: who, by which rule, what, and the remedy. */
export function formatRefusal({ candidate, rule, message, remedy }: PodRefusal): string {
  return `${candidate} (${rule}): ${message}; remedy: ${remedy}`;
}

function refusalsOf(
  rejections: readonly Rejection[],
  { poolNames, limitRemedy }: { readonly poolNames: ReadonlySet<string>; readonly limitRemedy: LimitRemedy },
): readonly PodRefusal[] {
  const isNode = ({ candidate }: Rejection): boolean => candidate !== "pod" && !poolNames.has(candidate);
  const own = rejections.filter((rejection) => !isNode(rejection)).map((one) => refusalOf(one, limitRemedy));
  const nodes = rejections.filter(isNode);
  if (nodes.length === 0) return own;
  return [
    ...own,
    {
      candidate: "existing nodes",
      rule: [...new Set(nodes.map(({ rule }) => rule))].join(", "),
      message: nodeMessage(nodes),
      remedy:
        own.length === 0
          ? "add a NodePool, so that a node can be launched"
          : "none is needed if a NodePool takes the pod",
    },
  ];
}

function refusalOf(rejection: Rejection, limitRemedy: LimitRemedy): PodRefusal {
  const { candidate, rule, message } = rejection;
  const remedy = rule === "limits" ? limitRemedy(rejection) : remedyOf(rule, candidate);
  return {
    candidate: candidate === "pod" ? "pod" : `NodePool ${candidate}`,
    rule,
    message,
    remedy: isForeign(rule, message)
      ? "add a NodePool whose instance types have it; what only a device plugin brings, no catalogue knows"
      : remedy,
  };
}

/** A resource that no type has at all, a GPU or a device: smaller requests do not help. */
function isForeign(rule: Rejection["rule"], message: string): boolean {
  return rule === "resources" && /, which no instance type of NodePool \S+ has$/.test(message);
}

/** Nodes repeat each other: the first one's words, and how many failed by which rule. */
function nodeMessage(nodes: readonly Rejection[]): string {
  const byRule = new Map<string, number>();
  for (const { rule } of nodes) byRule.set(rule, (byRule.get(rule) ?? 0) + 1);
  const [first] = nodes;
  const counts = [...byRule].map(([rule, count]) => `${count} by ${rule}`).join(", ");
  return `${counts}${first === undefined ? "" : `; ${first.candidate}: ${first.message}`}`;
}

function remedyOf(rule: Exclude<Rejection["rule"], "limits">, pool: string): string {
  switch (rule) {
    case "taints":
      return "add a toleration to the pod, or a NodePool without the taint";
    case "requirements":
      return pool === "pod"
        ? "add a NodePool"
        : "change the pod's node selector or affinity, or add a NodePool that offers it";
    case "resources":
      return "lower the requests, or let the NodePool have larger instance types";
    case "offerings":
      return "allow another zone, capacity type or instance type";
    case "topology":
      return "loosen the spread or affinity, or give the NodePool more domains";
    case "host-ports":
      return "use a Service instead of a host port";
    case "min-values":
      return `lower minValues of NodePool ${pool}, or allow more instance types`;
    case "volumes":
      return "correct the claim or its StorageClass, or add the missing object to the manifests";
    case "unsupported":
      return "remove that rule from the pod";
    default: {
      const unknown: never = rule;
      return unknown;
    }
  }
}
