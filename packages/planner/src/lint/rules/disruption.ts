import type { PodDisruptionBudget } from "@nodeless/api";
import { ANNOTATIONS } from "@nodeless/api";
import type { SourceDocument } from "../../contract.ts";
import type { Path } from "../../manifests/schema/check-value.ts";
import { selectedWorkloads } from "../manifests/by-namespace.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atDocument, atPod, eachWorkload, subjectOf, valueAt } from "./hits.ts";

/** What keeps nodes from being drained, replaced and patched. */
export const DISRUPTION_RULES: readonly LintRule[] = [
  {
    id: "pdb-blocks-drain",
    severity: "warning",
    title: "PodDisruptionBudget that allows no disruption",
    why: "Karpenter can neither consolidate nor replace the node, kubectl drain waits for ever, and EKS deletes the Fargate pod at the time it has announced, without regard for the budget.",
    source: "Karpenter, disruption; EKS user guide, Fargate pod patching",
    check: function* (project) {
      for (const { document, budget } of budgetsOf(project)) {
        const selected = selectedBy(document, budget, project);
        const pods = selected.reduce((sum, workload) => sum + workload.pods, 0);
        const blocking = pods === 0 ? alwaysBlocks(budget) : blocksAll(budget, pods);
        if (blocking === undefined) continue;
        const [field] = blocking;
        yield atDocument(document, ["spec", field], {
          message: `${blocking.join(": ")} allows no eviction${pods === 0 ? "" : ` of ${pods === 1 ? "the only pod" : `${pods} pods`} of ${selected.map(({ subject }) => subject).join(", ")}`}`,
          remedy: pods === 1 ? "run 2 replicas, or write maxUnavailable: 1" : "write maxUnavailable: 1",
        });
      }
    },
  },
  {
    id: "pdb-overlap",
    severity: "error",
    title: "pod under two PodDisruptionBudgets",
    why: "The eviction API refuses such a pod (`This pod has multiple PodDisruptionBudget, which the eviction subresource does not support`): its node is never drained.",
    source: "Kubernetes, eviction API; Karpenter, disruption",
    check: function* (project) {
      const first = new Map<LintWorkload, SourceDocument>();
      for (const { document, budget } of budgetsOf(project))
        for (const workload of selectedBy(document, budget, project)) {
          const other = first.get(workload);
          if (other === undefined) first.set(workload, document);
          else
            yield atDocument(document, ["spec", "selector"], {
              message: `selects ${workload.subject}, and so does ${subjectOf(other)} at ${other.at.file}:${other.at.line}`,
              remedy: "remove one, or make their selectors disjoint",
            });
        }
    },
  },
  {
    id: "do-not-disrupt-value",
    severity: "warning",
    title: "karpenter.sh/do-not-disrupt without effect",
    why: "Karpenter takes true, and on pods a duration from their start; anything else is an InvalidDoNotDisruptAnnotation event and no protection. Its predecessors are not read any more.",
    source: "Karpenter, disruption controls",
    check: eachWorkload(function* (workload, { input }) {
      const { annotations = {} } = workload.pod.metadata;
      const value = annotations[ANNOTATIONS.doNotDisrupt];
      const path: Path = ["metadata", "annotations"];
      if (value !== undefined && value !== "true" && value !== "false" && !isDuration(value))
        yield atPod(workload, [...path, ANNOTATIONS.doNotDisrupt], {
          message: `${JSON.stringify(value)} protects nothing`,
          remedy: 'write "true", or a duration such as "2h"',
        });
      const isOldApi = (input?.documents ?? []).some(({ kind }) => kind === "Provisioner");
      for (const old of OLD_ANNOTATIONS)
        if (annotations[old] !== undefined && !isOldApi)
          yield atPod(workload, [...path, old], {
            message: `${old} is not read by Karpenter 1.x`,
            remedy: `write ${ANNOTATIONS.doNotDisrupt}: "true"`,
          });
      yield* misplaced(workload);
    }),
  },
];

const OLD_ANNOTATIONS = ["karpenter.sh/do-not-evict", "karpenter.sh/do-not-consolidate"];
const isDuration = (value: string): boolean => /^(\d+(\.\d+)?(ms|s|m|h))+$/.test(value) && /[1-9]/.test(value);

/** The annotation of a Deployment is not that of its pods. */
function* misplaced(workload: LintWorkload): Iterable<LintHit> {
  const { document, templatePath, pod } = workload;
  const path = ["metadata", "annotations", ANNOTATIONS.doNotDisrupt];
  if (templatePath.length === 0 || pod.metadata.annotations?.[ANNOTATIONS.doNotDisrupt] !== undefined) return;
  if (valueAt(document.object, path) !== undefined)
    yield atDocument(document, path, {
      message: `is on the ${workload.kind}, not on its pods`,
      remedy: `move it to ${templatePath.join(".")}.metadata.annotations`,
    });
}

interface Budget {
  readonly document: SourceDocument;
  readonly budget: PodDisruptionBudget;
}

function* budgetsOf({ input, documents }: LintProject): Iterable<Budget> {
  const budgets = new Map(
    (input?.podDisruptionBudgets ?? []).map((one) => [`${one.metadata.namespace}/${one.metadata.name}`, one]),
  );
  for (const document of documents) {
    if (document.kind !== "PodDisruptionBudget") continue;
    const budget = budgets.get(`${document.namespace}/${document.name}`);
    if (budget !== undefined) yield { document, budget };
  }
}

const WITHOUT_BUDGET: ReadonlySet<string> = new Set(["DaemonSet", "Job", "CronJob"]);

function selectedBy(
  { namespace = "default" }: SourceDocument,
  { spec }: PodDisruptionBudget,
  project: LintProject,
): readonly LintWorkload[] {
  return selectedWorkloads(project, namespace, spec?.selector).filter(({ kind }) => !WITHOUT_BUDGET.has(kind));
}

type Blocking = readonly [field: "minAvailable" | "maxUnavailable", value: string];

/** Whatever the number of pods. */
function alwaysBlocks({ spec }: PodDisruptionBudget): Blocking | undefined {
  const { minAvailable, maxUnavailable } = spec ?? {};
  if (maxUnavailable === 0 || maxUnavailable === "0" || maxUnavailable === "0%")
    return ["maxUnavailable", String(maxUnavailable)];
  return minAvailable === "100%" ? ["minAvailable", "100%"] : undefined;
}

/** Percentages are rounded up. Source: kubernetes pkg/controller/disruption. */
function blocksAll(budget: PodDisruptionBudget, pods: number): Blocking | undefined {
  const always = alwaysBlocks(budget);
  const { minAvailable } = budget.spec ?? {};
  if (always !== undefined || minAvailable === undefined) return always;
  const text = String(minAvailable);
  const needed = text.endsWith("%") ? Math.ceil((Number(text.slice(0, -1)) / 100) * pods) : Number(text);
  return needed >= pods ? ["minAvailable", text] : undefined;
}
