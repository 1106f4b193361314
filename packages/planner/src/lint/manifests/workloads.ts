import type { Pod, PodSpec } from "@nodeless/api";
import { type FargateMatch, type FargateProfile, matchProfile } from "@nodeless/fargate";
import { podKeyOf } from "@nodeless/scheduling";
import type { PlanInput, SourceDocument } from "../../contract.ts";
import { controllerOf } from "../../manifests/expansion/live-pods.ts";
import { skipsHook } from "../../manifests/expansion/workloads.ts";
import { isPlainObject, type Path } from "../../manifests/schema/check-value.ts";

/** Something that makes pods, with one of its pods. */
export interface LintWorkload {
  readonly document: SourceDocument;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `Deployment default/web` */
  readonly subject: string;
  /** Where the pod template stands; empty for a Pod. */
  readonly templatePath: Path;
  /** One pod as the API server would have it: defaults written in. */
  readonly pod: Pod;
  /** As many as it wants. */
  readonly pods: number;
  /** Which profile takes its pods. */
  readonly match: FargateMatch;
  /** Of a path within the pod: `spec`, `containers`, 0. */
  lineOf(path: Path): number;
}

const TEMPLATE_PATHS: ReadonlyMap<string, Path> = new Map<string, Path>([
  ["Pod", []],
  ["Deployment", ["spec", "template"]],
  ["ReplicaSet", ["spec", "template"]],
  ["ReplicationController", ["spec", "template"]],
  ["StatefulSet", ["spec", "template"]],
  ["DaemonSet", ["spec", "template"]],
  ["Job", ["spec", "template"]],
  ["CronJob", ["spec", "jobTemplate", "spec", "template"]],
]);

/** The workloads of an input in its order. What a controller of the input has made is not another one. */
export function lintWorkloads(input: PlanInput): readonly LintWorkload[] {
  const expanded = new Map<SourceDocument, Pod[]>();
  for (const pod of input.pods) {
    const source = input.podSources.get(podKeyOf(pod));
    const known = source === undefined ? undefined : expanded.get(source);
    if (known !== undefined) known.push(pod);
    else if (source !== undefined) expanded.set(source, [pod]);
  }
  const daemonSpecs = new Map(
    input.daemonSets.map(({ metadata, spec }) => [`${metadata.namespace}/${metadata.name}`, spec?.template.spec]),
  );
  const controllers = new Set<string>();
  for (const { kind, namespace, name } of input.documents)
    if (TEMPLATE_PATHS.has(kind) && kind !== "Pod") controllers.add(`${kind} ${namespace}/${name}`);
  const workloads: LintWorkload[] = [];
  for (const document of input.documents) {
    const templatePath = TEMPLATE_PATHS.get(document.kind);
    if (templatePath === undefined || skipsHook(document)) continue;
    const owner = ownerOf(document);
    if (owner !== undefined && controllers.has(owner)) continue;
    // Pods of one absent controller are equal: one stands for all.
    if (owner !== undefined) controllers.add(owner);
    const pods = expanded.get(document) ?? [];
    const daemonSpec = daemonSpecs.get(`${document.namespace}/${document.name}`);
    const pod = pods[0] ?? templatePod(document, templatePath, document.kind === "DaemonSet" ? daemonSpec : undefined);
    workloads.push(
      workload(document, { templatePath, pod, pods: wanted(document, pods), profiles: input.fargateProfiles }),
    );
  }
  return workloads;
}

function workload(
  document: SourceDocument,
  {
    templatePath,
    pod,
    pods,
    profiles,
  }: {
    readonly templatePath: Path;
    readonly pod: Pod;
    readonly pods: number;
    readonly profiles: readonly FargateProfile[];
  },
): LintWorkload {
  const { kind, name, namespace = "default" } = document;
  return {
    document,
    kind,
    name,
    namespace,
    subject: `${kind} ${namespace}/${name}`,
    templatePath,
    pod,
    pods,
    match: matchProfile(profiles, pod),
    lineOf: (path) => document.lineOf([...templatePath, ...path]),
  };
}

function ownerOf({ object, namespace }: SourceDocument): string | undefined {
  const { metadata } = object as { readonly metadata?: Pod["metadata"] };
  const owner = controllerOf(metadata?.ownerReferences);
  return owner === undefined ? undefined : `${owner.kind} ${namespace}/${owner.name}`;
}

function wanted({ object, kind }: SourceDocument, pods: readonly Pod[]): number {
  const { spec } = object;
  const replicas = isPlainObject(spec) && kind !== "Pod" ? spec["replicas"] : undefined;
  return typeof replicas === "number" ? replicas : pods.length;
}

/** The pod of a workload that wants none now. */
function templatePod(
  { object, kind, namespace = "default", name }: SourceDocument,
  path: Path,
  spec: PodSpec | undefined,
): Pod {
  let template: unknown = object;
  for (const step of path) template = isPlainObject(template) ? template[step] : undefined;
  const { metadata = {}, spec: own } = (template ?? {}) as Partial<Pick<Pod, "metadata" | "spec">>;
  const owner = { apiVersion: "apps/v1", kind, name, uid: `${kind}:${namespace}/${name}`, controller: true };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...metadata,
      name,
      namespace,
      uid: "",
      resourceVersion: "",
      creationTimestamp: "1970-01-01T00:00:00Z",
      ...(kind === "Pod" ? {} : { ownerReferences: [owner] }),
    },
    spec: spec ?? own ?? { containers: [] },
  };
}
