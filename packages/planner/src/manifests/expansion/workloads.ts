import type { Job, PersistentVolumeClaim, PodTemplateSpec } from "@nodeless/api";
import type { InputNotice } from "../../contract.ts";
import { type ParsedDocument, subjectOf } from "../documents/parsed-document.ts";
import { isPlainObject, type Path } from "../schema/check-value.ts";
import { controllerOf, livePodCounts, ownerKey } from "./live-pods.ts";
import type { Checked, ObjectSet } from "./object-set.ts";
import { templateHash } from "./template-hash.ts";

/** A controller and the pods it makes. */
export interface Workload {
  readonly document: ParsedDocument;
  readonly kind: "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet" | "Job";
  readonly template: PodTemplateSpec;
  /** Where the template stands in the document. */
  readonly templatePath: Path;
  /** Pods it wants, without those that the input already has. */
  readonly pods: number;
  /** Field that says how many. */
  readonly countPath: Path;
  /** Of the first pod. */
  readonly firstIndex: number;
  /** Pods tell their index in labels (StatefulSets and indexed Jobs). */
  readonly indexLabels: (name: string, index: number) => Readonly<Record<string, string>>;
  /** Labels every pod gets besides the template's. */
  readonly labels: Readonly<Record<string, string>>;
  readonly owner: { readonly apiVersion: string; readonly kind: string; readonly name: string };
  /** Of a StatefulSet: each pod gets a claim of each, with these labels. */
  readonly claimTemplates: readonly PersistentVolumeClaim[];
  readonly claimLabels: Readonly<Record<string, string>>;
}

/** The workloads of an input and what the user should know about them. */
export interface Workloads {
  readonly workloads: readonly Workload[];
  readonly notices: readonly InputNotice[];
}

type ReplicatedKind = "Deployment" | "ReplicaSet" | "ReplicationController" | "StatefulSet";
const REPLICATED: ReadonlySet<string> = new Set<ReplicatedKind>([
  "Deployment",
  "ReplicaSet",
  "ReplicationController",
  "StatefulSet",
]);

const NO_LABELS = (): Readonly<Record<string, string>> => ({});

/** Finds what makes pods, in input order. A controller that belongs to another one of the input makes none of its own. */
export function findWorkloads(objects: ObjectSet): Workloads {
  const finder = new WorkloadFinder(objects);
  for (const one of objects.all) finder.add(one);
  return finder;
}

class WorkloadFinder implements Workloads {
  readonly workloads: Workload[] = [];
  readonly notices: InputNotice[] = [];
  readonly #live: ReadonlyMap<string, number>;
  readonly #autoscalers = new Map<string, Checked<"HorizontalPodAutoscaler">>();
  readonly #present: ReadonlySet<string>;
  readonly #cronJobsWithRuns = new Set<string>();

  constructor(objects: ObjectSet) {
    this.#live = livePodCounts(objects);
    this.#present = new Set(objects.all.map(({ kind, document }) => ownerKey(kind, document.namespace, document.name)));
    for (const one of objects.of("HorizontalPodAutoscaler")) {
      const { kind, name } = one.object.spec.scaleTargetRef;
      this.#autoscalers.set(ownerKey(kind, one.document.namespace, name), one);
    }
    for (const { object } of objects.of("Job")) {
      const owner = controllerOf(object.metadata.ownerReferences);
      if (owner !== undefined && !isFinished(object.status))
        this.#cronJobsWithRuns.add(ownerKey(owner.kind, object.metadata.namespace, owner.name));
    }
  }

  add(one: Checked): void {
    const { kind, document } = one;
    if (skipsHook(document)) {
      if (MAKES_PODS.has(kind))
        this.#notice(
          document,
          "belongs to a helm hook that does not run on install or upgrade; its pods are not planned",
        );
      return;
    }
    if (REPLICATED.has(kind)) this.#addReplicated(one as Checked<ReplicatedKind>);
    else if (kind === "Job") this.#addJob(document, (one as Checked<"Job">).object, []);
    else if (kind === "CronJob") this.#addCronJob(one as Checked<"CronJob">);
  }

  #notice({ at, ...document }: ParsedDocument, message: string): void {
    this.notices.push({ subject: subjectOf(document), at, message });
  }

  #addReplicated(one: Checked<ReplicatedKind>): void {
    const { kind, document, object } = one;
    const owner = controllerOf(object.metadata.ownerReferences);
    const { template } = object.spec;
    if (template === undefined || (owner !== undefined && this.#isPresent(owner.kind, document, owner.name))) return;
    const hash = kind === "Deployment" ? templateHash(template) : undefined;
    const { name } = document;
    const set = kind === "StatefulSet" ? (one as Checked<"StatefulSet">).object.spec : undefined;
    this.workloads.push({
      document,
      kind,
      template,
      templatePath: ["spec", "template"],
      pods: Math.max(0, this.#replicas(one) - this.#liveOf(kind, document)),
      countPath: ["spec", "replicas"],
      firstIndex: set?.ordinals?.start ?? 0,
      indexLabels: set === undefined ? NO_LABELS : statefulLabels,
      claimTemplates: set?.volumeClaimTemplates ?? [],
      claimLabels: set?.selector.matchLabels ?? {},
      labels: hash === undefined ? {} : { "pod-template-hash": hash },
      owner:
        hash === undefined
          ? { apiVersion: document.apiVersion, kind, name }
          : { apiVersion: document.apiVersion, kind: "ReplicaSet", name: `${name}-${hash}` },
    });
  }

  #isPresent(kind: string, { namespace }: ParsedDocument, name: string): boolean {
    return this.#present.has(ownerKey(kind, namespace, name));
  }

  #liveOf(kind: string, { namespace, name }: ParsedDocument): number {
    return this.#live.get(ownerKey(kind, namespace, name)) ?? 0;
  }

  #replicas({ kind, document, object }: Checked<ReplicatedKind>): number {
    const autoscaler = this.#autoscalers.get(ownerKey(kind, document.namespace, document.name));
    if (autoscaler === undefined) return object.spec.replicas ?? 1;
    const { minReplicas = 1, maxReplicas } = autoscaler.object.spec;
    const replicas = object.spec.replicas ?? minReplicas;
    const source = object.spec.replicas === undefined ? "its minReplicas" : `the replicas of the ${kind}`;
    this.#notice(
      autoscaler.document,
      `scales ${kind} ${document.name} between ${minReplicas} and ${maxReplicas}; planned with ${replicas}, ${source}`,
    );
    return replicas;
  }

  #addJob(document: ParsedDocument, { spec, status }: JobParts, path: Path): void {
    const { parallelism = 1, completions, suspend = false, completionMode } = spec;
    if (suspend) this.#notice(document, "is suspended; its pods are not planned");
    const left = completions === undefined ? parallelism : Math.max(0, completions - (status?.succeeded ?? 0));
    const wanted = suspend || isFinished(status) ? 0 : Math.min(parallelism, left);
    const { kind, name } = document;
    this.workloads.push({
      document,
      kind: "Job",
      template: spec.template,
      templatePath: [...path, "spec", "template"],
      pods: Math.max(0, wanted - this.#liveOf(kind, document)),
      countPath: [...path, "spec", "parallelism"],
      firstIndex: 0,
      indexLabels: completionMode === "Indexed" ? indexedJobLabels : NO_LABELS,
      labels: { "batch.kubernetes.io/job-name": name, "job-name": name },
      owner: { apiVersion: "batch/v1", kind: "Job", name },
      claimTemplates: [],
      claimLabels: {},
    });
  }

  #addCronJob({ document, object }: Checked<"CronJob">): void {
    const { suspend = false, jobTemplate, schedule } = object.spec;
    if (suspend) this.#notice(document, "is suspended; its pods are not planned");
    else if (!this.#cronJobsWithRuns.has(ownerKey("CronJob", document.namespace, document.name))) {
      const message = `runs on schedule ${JSON.stringify(schedule)}; one run is planned, as if it ran all the time`;
      this.#notice(document, message);
      this.#addJob(document, { spec: (jobTemplate as JobParts).spec }, ["spec", "jobTemplate"]);
    }
  }
}

/** The table of types requires the template's spec, which the API's types leave open. */
interface JobParts {
  readonly spec: Job["spec"];
  readonly status?: Job["status"];
}

const MAKES_PODS: ReadonlySet<string> = new Set([
  "Pod",
  "Deployment",
  "ReplicaSet",
  "ReplicationController",
  "StatefulSet",
  "DaemonSet",
  "Job",
  "CronJob",
]);

/** Source: kubernetes pkg/apis/batch: Complete and Failed are final. */
function isFinished(status: Job["status"]): boolean {
  return (
    status?.conditions?.some((one) => (one.type === "Complete" || one.type === "Failed") && one.status === "True") ===
    true
  );
}

/** Hook events during which pods run beside the release. `helm template` prints the others too, tests above all. */
const RUNNING_HOOKS: ReadonlySet<string> = new Set(["pre-install", "post-install", "pre-upgrade", "post-upgrade"]);

/** Whether the document is a helm hook that neither install nor upgrade runs. */
export function skipsHook({ object }: Pick<ParsedDocument, "object">): boolean {
  const { metadata } = object;
  const annotations = isPlainObject(metadata) ? metadata["annotations"] : undefined;
  const hook = isPlainObject(annotations) ? annotations["helm.sh/hook"] : undefined;
  return typeof hook === "string" && !hook.split(",").some((event) => RUNNING_HOOKS.has(event.trim()));
}

const statefulLabels = (name: string, index: number): Readonly<Record<string, string>> => ({
  "apps.kubernetes.io/pod-index": String(index),
  "statefulset.kubernetes.io/pod-name": name,
});

const indexedJobLabels = (_name: string, index: number): Readonly<Record<string, string>> => ({
  "batch.kubernetes.io/job-completion-index": String(index),
});
