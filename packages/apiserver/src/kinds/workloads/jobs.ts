import type { CronJob, Draft, Job, JobSpec } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { CRON_JOB_COLUMNS, JOB_COLUMNS } from "../columns/workloads.ts";
import type { FieldErrors } from "../field-errors.ts";
import { validateTemplateMatches } from "../validation/selectors.ts";
import { cronProblem } from "./cron-schedule.ts";
import { defaultedTemplate, validateTemplate } from "./template.ts";

const CONTROLLER_UID = "batch.kubernetes.io/controller-uid";
const LEGACY_CONTROLLER_UID = "controller-uid";
const JOB_NAME = "batch.kubernetes.io/job-name";
const LEGACY_JOB_NAME = "job-name";
const RESTART_POLICIES = ["OnFailure", "Never"];
/** A Job's name plus `-<index>-<5 characters>` must still be a label. Source: pkg/apis/batch/validation. */
const CRON_JOB_NAME_CHARACTERS_MAX = 52;
const IMMUTABLE = "field is immutable";

/** Source: kubernetes/kubernetes pkg/apis/batch/v1/defaults.go (release 1.36). */
function applyJobSpecDefaults(spec: Draft<JobSpec>): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= 6;
  spec.completionMode ??= "NonIndexed";
  spec.suspend ??= false;
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? "TerminatingOrFailed" : "Failed";
  spec.manualSelector ??= false;
  spec.template = defaultedTemplate(spec.template);
}

export const JOB: AnyBehaviour = behaviour<Job>({
  applyDefaults(draft) {
    draft.spec ??= { template: {} };
    applyJobSpecDefaults(draft.spec);
    const labels = draft.spec.template.metadata?.labels;
    if (labels !== undefined && Object.keys(labels).length > 0) draft.metadata.labels ??= { ...labels };
  },
  completeCreate: generateSelector,
  validate({ spec }, errors) {
    validateJobSpec(spec, "spec", errors);
    validateTemplateMatches(spec.selector, spec.template.metadata?.labels, errors);
  },
  validateCreate({ spec }, errors) {
    if (spec.selector === undefined && spec.manualSelector === true) errors.required("spec.selector");
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    for (const field of ["completions", "selector", "completionMode", "podFailurePolicy"] as const)
      if (!jsonEqual(spec[field], old[field]) && !(field === "completions" && isElastic(spec)))
        errors.invalid(`spec.${field}`, spec[field] ?? null, IMMUTABLE);
    // A suspended job that has not started may still be scheduled elsewhere; everything else of the template is fixed.
    if (!jsonEqual(fixedTemplate(spec), fixedTemplate(old))) errors.invalid("spec.template", spec.template, IMMUTABLE);
  },
  columns: JOB_COLUMNS,
  selectableFields: { "status.successful": ({ status }) => `${status?.succeeded ?? 0}` },
});

const isElastic = ({ completionMode, completions, parallelism }: JobSpec): boolean =>
  completionMode === "Indexed" && completions === parallelism;

function fixedTemplate({ template, suspend }: JobSpec): unknown {
  if (suspend !== true) return template;
  const {
    nodeSelector: _selector,
    tolerations: _tolerations,
    affinity: _affinity,
    schedulingGates: _gates,
    ...spec
  } = template.spec ?? { containers: [] };
  return { labels: template.metadata?.labels, spec };
}

/** The pods of a job are told apart by its uid. Source: kubernetes/kubernetes pkg/registry/batch/job/strategy.go. */
function generateSelector({ metadata, spec }: Draft<Job>): void {
  if (spec.manualSelector === true) return;
  spec.template.metadata ??= {};
  spec.template.metadata.labels = {
    ...spec.template.metadata.labels,
    [LEGACY_JOB_NAME]: metadata.name,
    [JOB_NAME]: metadata.name,
    [LEGACY_CONTROLLER_UID]: metadata.uid,
    [CONTROLLER_UID]: metadata.uid,
  };
  spec.selector ??= {};
  spec.selector.matchLabels = { ...spec.selector.matchLabels, [CONTROLLER_UID]: metadata.uid };
}

function validateJobSpec(spec: JobSpec, path: string, errors: FieldErrors): void {
  for (const field of ["parallelism", "completions", "backoffLimit", "ttlSecondsAfterFinished"] as const)
    errors.nonNegative(`${path}.${field}`, spec[field]);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && deadline < 0) errors.nonNegative(`${path}.activeDeadlineSeconds`, deadline);
  errors.oneOf(`${path}.completionMode`, spec.completionMode, ["Indexed", "NonIndexed"]);
  if (spec.completionMode === "Indexed" && spec.completions === undefined)
    errors.required(`${path}.completions`, "when completion mode is Indexed");
  errors.oneOf(`${path}.podReplacementPolicy`, spec.podReplacementPolicy, ["Failed", "TerminatingOrFailed"]);
  validateTemplate(spec.template, `${path}.template`, errors, { restartPolicies: RESTART_POLICIES });
}

export const CRON_JOB: AnyBehaviour = behaviour<CronJob>({
  applyDefaults(draft) {
    draft.spec ??= { schedule: "", jobTemplate: {} };
    const { spec } = draft;
    spec.concurrencyPolicy ??= "Allow";
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    spec.jobTemplate ??= {};
    spec.jobTemplate.metadata ??= {};
    spec.jobTemplate.spec ??= { template: {} };
    const job = spec.jobTemplate.spec;
    job.template = defaultedTemplate(job.template);
  },
  validate({ spec }, errors) {
    if ((spec.schedule ?? "") === "") errors.required("spec.schedule");
    else {
      const problem = cronProblem(spec.schedule);
      if (problem !== undefined) errors.invalid("spec.schedule", spec.schedule, problem);
      if (/TZ=/.test(spec.schedule))
        errors.invalid(
          "spec.schedule",
          spec.schedule,
          "cannot use TZ or CRON_TZ in schedule, use timeZone field instead",
        );
    }
    errors.oneOf("spec.concurrencyPolicy", spec.concurrencyPolicy, ["Allow", "Forbid", "Replace"]);
    errors.nonNegative("spec.startingDeadlineSeconds", spec.startingDeadlineSeconds);
    errors.nonNegative("spec.successfulJobsHistoryLimit", spec.successfulJobsHistoryLimit);
    errors.nonNegative("spec.failedJobsHistoryLimit", spec.failedJobsHistoryLimit);
    if (spec.timeZone !== undefined && !isTimeZone(spec.timeZone))
      errors.invalid("spec.timeZone", spec.timeZone, `unknown time zone ${spec.timeZone}`);
    validateTemplate(spec.jobTemplate.spec?.template, "spec.jobTemplate.spec.template", errors, {
      restartPolicies: RESTART_POLICIES,
    });
  },
  validateCreate({ metadata }, errors) {
    if (metadata.name.length > CRON_JOB_NAME_CHARACTERS_MAX)
      errors.invalid("metadata.name", metadata.name, `must be no more than ${CRON_JOB_NAME_CHARACTERS_MAX} characters`);
  },
  columns: CRON_JOB_COLUMNS,
});

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
