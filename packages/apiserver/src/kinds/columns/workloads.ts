import type {
  ControllerRevision,
  CronJob,
  DaemonSet,
  Deployment,
  Job,
  LabelSelector,
  PodTemplateSpec,
  ReplicaSet,
  ReplicationController,
  StatefulSet,
} from "@nodeless/api";
import { formatLabelClauses, labelSelectorClauses } from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import { ageText, humanDuration } from "./age.ts";
import { AGE, column, count, NAME, NONE, wide } from "./plain.ts";

/** Source of all columns here: kubernetes/kubernetes pkg/printers/internalversion/printers.go (release 1.36). */
interface WithTemplate {
  readonly spec: { readonly template: PodTemplateSpec; readonly selector?: LabelSelector };
}

const containers = ({ spec }: PodTemplateSpec): string => (spec?.containers ?? []).map(({ name }) => name).join(",");
const images = ({ spec }: PodTemplateSpec): string =>
  (spec?.containers ?? []).map(({ image }) => image ?? "").join(",");

/** `app=web,tier in (a,b)`, or `<none>`. */
export function selectorText(selector: LabelSelector | undefined): string {
  const clauses = selector === undefined ? [] : labelSelectorClauses(selector);
  const sorted = [...clauses].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  return sorted.length === 0 ? NONE : formatLabelClauses(sorted);
}

/** `a=1,b=2`, or `<none>`. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  const pairs = Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`);
  return pairs.length === 0 ? NONE : pairs.sort().join(",");
}

const CONTAINERS: ColumnRule<WithTemplate> = wide("Containers", ({ spec }) => containers(spec.template));
const IMAGES: ColumnRule<WithTemplate> = wide("Images", ({ spec }) => images(spec.template));
const SELECTOR: ColumnRule<WithTemplate> = wide("Selector", ({ spec }) => selectorText(spec.selector));

export const DEPLOYMENT_COLUMNS: readonly ColumnRule<Deployment>[] = [
  NAME,
  column("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
  count("Up-to-date", ({ status }) => status?.updatedReplicas),
  count("Available", ({ status }) => status?.availableReplicas),
  AGE,
  CONTAINERS,
  IMAGES,
  SELECTOR,
];

export const REPLICA_SET_COLUMNS: readonly ColumnRule<ReplicaSet>[] = [
  NAME,
  count("Desired", ({ spec }) => spec.replicas),
  count("Current", ({ status }) => status?.replicas),
  count("Ready", ({ status }) => status?.readyReplicas),
  AGE,
  wide("Containers", ({ spec }) => (spec.template === undefined ? "" : containers(spec.template))),
  wide("Images", ({ spec }) => (spec.template === undefined ? "" : images(spec.template))),
  wide("Selector", ({ spec }) => selectorText(spec.selector)),
];

export const REPLICATION_CONTROLLER_COLUMNS: readonly ColumnRule<ReplicationController>[] = [
  NAME,
  count("Desired", ({ spec }) => spec.replicas),
  count("Current", ({ status }) => status?.replicas),
  count("Ready", ({ status }) => status?.readyReplicas),
  AGE,
  wide("Containers", ({ spec }) => (spec.template === undefined ? "" : containers(spec.template))),
  wide("Images", ({ spec }) => (spec.template === undefined ? "" : images(spec.template))),
  wide("Selector", ({ spec }) => labelsText(spec.selector)),
];

export const STATEFUL_SET_COLUMNS: readonly ColumnRule<StatefulSet>[] = [
  NAME,
  column("Ready", ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`),
  AGE,
  CONTAINERS,
  IMAGES,
];

export const DAEMON_SET_COLUMNS: readonly ColumnRule<DaemonSet>[] = [
  NAME,
  count("Desired", ({ status }) => status?.desiredNumberScheduled),
  count("Current", ({ status }) => status?.currentNumberScheduled),
  count("Ready", ({ status }) => status?.numberReady),
  count("Up-to-date", ({ status }) => status?.updatedNumberScheduled),
  count("Available", ({ status }) => status?.numberAvailable),
  column("Node Selector", ({ spec }) => labelsText(spec.template.spec?.nodeSelector)),
  AGE,
  CONTAINERS,
  IMAGES,
  SELECTOR,
];

export const JOB_COLUMNS: readonly ColumnRule<Job>[] = [
  NAME,
  column("Status", jobStatus),
  column("Completions", jobCompletions),
  column("Duration", jobDuration),
  AGE,
  CONTAINERS,
  IMAGES,
  SELECTOR,
];

function jobStatus({ metadata, status }: Job): string {
  const holds = (wanted: string): boolean =>
    (status?.conditions ?? []).some((condition) => condition.type === wanted && condition.status === "True");
  if (holds("Complete")) return "Complete";
  if (holds("Failed")) return "Failed";
  if (metadata.deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(holds) ?? "Running";
}

function jobCompletions({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration({ status }: Job, now: Date): string {
  if (status?.startTime === undefined) return "";
  const end = status.completionTime === undefined ? now.getTime() : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
}

export const CRON_JOB_COLUMNS: readonly ColumnRule<CronJob>[] = [
  NAME,
  column("Schedule", ({ spec }) => spec.schedule),
  column("Timezone", ({ spec }) => spec.timeZone ?? NONE),
  column("Suspend", ({ spec }) => (spec.suspend === undefined ? "<unset>" : spec.suspend ? "True" : "False")),
  count("Active", ({ status }) => status?.active?.length),
  column("Last Schedule", ({ status }, now) =>
    status?.lastScheduleTime === undefined ? NONE : ageText(status.lastScheduleTime, now),
  ),
  AGE,
  wide("Containers", ({ spec }) => containers(spec.jobTemplate.spec?.template ?? {})),
  wide("Images", ({ spec }) => images(spec.jobTemplate.spec?.template ?? {})),
  wide("Selector", ({ spec }) => selectorText(spec.jobTemplate.spec?.selector)),
];

export const CONTROLLER_REVISION_COLUMNS: readonly ColumnRule<ControllerRevision>[] = [
  NAME,
  column("Controller", ({ metadata }) => {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner === undefined) return NONE;
    const [group] = owner.apiVersion.split("/");
    return `${owner.kind.toLowerCase()}.${group}/${owner.name}`;
  }),
  column("Revision", ({ revision }) => revision, { type: "integer", format: "int64" }),
  AGE,
];
