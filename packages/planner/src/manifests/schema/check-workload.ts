import type { LabelSelector, PodTemplateSpec } from "@nodeless/api";
import { formatLabelClauses, labelSelectorClauses, matchesLabelSelector } from "@nodeless/api";
import type { KindObjects } from "../expansion/object-set.ts";
import { checkLabels, checkPodSpec } from "./check-pod-spec.ts";
import type { Path, Report } from "./check-value.ts";
import type { ReadKind } from "./kinds.ts";

/** The rules of a kind that makes pods, beyond the types of its fields. Source: kubernetes pkg/apis/{apps,batch,core}/validation. */
export function checkWorkload(kind: ReadKind, object: KindObjects[ReadKind], report: Report): void {
  const { metadata } = object as { readonly metadata: { readonly labels?: Readonly<Record<string, string>> } };
  checkLabels(metadata.labels, ["metadata", "labels"], report);
  const { spec } = object as { readonly spec?: unknown };
  if (kind === "Pod") checkPodSpec(spec as KindObjects["Pod"]["spec"], ["spec"], report);
  else if (CONTROLLERS.has(kind)) checkController(object as Controller, report);
  else if (kind === "ReplicationController")
    checkReplicationController(object as KindObjects["ReplicationController"], report);
  else if (kind === "Job") checkJob(spec as KindObjects["Job"]["spec"], ["spec"], report);
  else if (kind === "CronJob")
    checkJob((spec as CronJobParts).jobTemplate.spec, ["spec", "jobTemplate", "spec"], report);
}

const CONTROLLERS: ReadonlySet<ReadKind> = new Set(["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet"]);

/** The table of types requires the template's spec, which the API's types leave open. */
interface CronJobParts {
  readonly jobTemplate: { readonly spec: KindObjects["Job"]["spec"] };
}

interface Controller {
  readonly spec: {
    readonly replicas?: number;
    readonly selector: LabelSelector;
    readonly template: PodTemplateSpec;
  };
}

function checkController({ spec }: Controller, report: Report): void {
  const { selector, template } = spec;
  checkCount(spec.replicas, ["spec", "replicas"], report);
  checkTemplate(template, ["spec", "template"], { restartPolicies: ["Always"], report });
  if (labelSelectorClauses(selector).length === 0)
    report(["spec", "selector"], "must not be empty; select the labels of the template");
  else if (!matchesLabelSelector(selector, template.metadata?.labels))
    report(
      ["spec", "selector"],
      `selects ${formatLabelClauses(labelSelectorClauses(selector))}, which the labels of spec.template.metadata do not have; make them equal`,
    );
}

function checkReplicationController({ spec }: KindObjects["ReplicationController"], report: Report): void {
  if (spec.template === undefined) return;
  checkCount(spec.replicas, ["spec", "replicas"], report);
  checkTemplate(spec.template, ["spec", "template"], { restartPolicies: ["Always"], report });
}

function checkJob(spec: KindObjects["Job"]["spec"], path: Path, report: Report): void {
  checkCount(spec.parallelism, [...path, "parallelism"], report);
  checkCount(spec.completions, [...path, "completions"], report);
  checkTemplate(spec.template, [...path, "template"], { restartPolicies: ["OnFailure", "Never"], report });
}

function checkCount(count: number | undefined, path: Path, report: Report): void {
  if (count !== undefined && count < 0) report(path, `must be 0 or more, not ${count}`);
}

function checkTemplate(
  { metadata, spec }: PodTemplateSpec,
  path: Path,
  { restartPolicies, report }: { readonly restartPolicies: readonly string[]; readonly report: Report },
): void {
  checkLabels(metadata?.labels, [...path, "metadata", "labels"], report);
  if (spec === undefined) return;
  checkPodSpec(spec, [...path, "spec"], report);
  const { restartPolicy = "Always" } = spec;
  if (!restartPolicies.includes(restartPolicy))
    report(
      [...path, "spec", "restartPolicy"],
      restartPolicies.length === 1
        ? `must be ${restartPolicies[0]} here, not ${restartPolicy}; a Job runs pods that end`
        : `must be ${restartPolicies.join(" or ")} in a Job, not ${restartPolicy}${spec.restartPolicy === undefined ? " (the default)" : ""}`,
    );
}
