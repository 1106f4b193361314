import type { PersistentVolumeClaim, Pod, PodSpec, Volume } from "@nodeless/api";
import type { InputNotice, SourceDocument } from "../../contract.ts";
import { type ParsedDocument, reporter, subjectOf } from "../documents/parsed-document.ts";
import { PODS_MAX } from "../limits.ts";
import type { ProblemList } from "../problem.ts";
import { fateOf } from "./live-pods.ts";
import type { Checked, ObjectSet } from "./object-set.ts";
import type { PodDefaults } from "./pod-defaults.ts";
import { findWorkloads, skipsHook, type Workload } from "./workloads.ts";

/** Every pod of the input. */
export interface ExpandedPods {
  /** To be placed, in input order. Pods of one controller that differ in nothing share their `spec` and `labels` objects. */
  readonly pods: readonly Pod[];
  readonly boundPods: readonly Pod[];
  readonly podSources: ReadonlyMap<string, SourceDocument>;
  /** Claims that StatefulSets make for their pods, unless the input has them. */
  readonly claims: readonly PersistentVolumeClaim[];
  readonly notices: readonly InputNotice[];
}

/** Turns workloads into pods. Too many pods are a problem, and then none is made. */
export function expandPods(objects: ObjectSet, defaults: PodDefaults, problems: ProblemList): ExpandedPods {
  const { workloads, notices } = findWorkloads(objects);
  const expansion = new Expansion(objects, defaults);
  if (!isTooMany(objects, workloads, problems)) expansion.expand(workloads);
  return {
    pods: expansion.pods,
    boundPods: expansion.boundPods,
    podSources: expansion.podSources,
    claims: expansion.claims,
    notices: [...notices, ...expansion.notices],
  };
}

function isTooMany(objects: ObjectSet, workloads: readonly Workload[], problems: ProblemList): boolean {
  let total = objects.of("Pod").length;
  for (const { pods, document, countPath } of workloads) {
    total += pods;
    if (total <= PODS_MAX) continue;
    reporter(document, problems)(
      countPath,
      `makes ${pods} pods, and the input ${total} so far; at most ${PODS_MAX} are planned at once: lower the number, or plan a part of the input`,
    );
    return true;
  }
  return false;
}

const key = (namespace: string | undefined, name: string): string => `${namespace ?? "default"}/${name}`;

class Expansion {
  readonly pods: Pod[] = [];
  readonly boundPods: Pod[] = [];
  readonly podSources = new Map<string, SourceDocument>();
  readonly claims: PersistentVolumeClaim[] = [];
  readonly notices: InputNotice[] = [];
  readonly #objects: ObjectSet;
  readonly #defaults: PodDefaults;
  /** Names that somebody else decided. */
  readonly #taken = new Set<string>();
  readonly #bareSpecs = new Map<string, PodSpec>();
  readonly #existingClaims: ReadonlySet<string>;

  constructor(objects: ObjectSet, defaults: PodDefaults) {
    this.#objects = objects;
    this.#defaults = defaults;
    this.#existingClaims = new Set(
      objects.objects("PersistentVolumeClaim").map(({ metadata }) => key(metadata.namespace, metadata.name)),
    );
  }

  expand(workloads: readonly Workload[]): void {
    for (const { object } of this.#objects.of("Pod"))
      this.#taken.add(key(object.metadata.namespace, object.metadata.name));
    // StatefulSets decide their names too; a pod that is there already is one of them.
    const ordinals = new Map(workloads.filter(isStateful).map((one) => [one, this.#freeOrdinals(one)]));
    const byDocument = new Map(workloads.map((workload) => [workload.document, workload]));
    for (const one of this.#objects.all) {
      const workload = byDocument.get(one.document);
      if (workload !== undefined) this.#expandWorkload(workload, ordinals.get(workload));
      else if (one.kind === "Pod") this.#addPod(one as Checked<"Pod">);
    }
  }

  #addPod({ document, object }: Checked<"Pod">): void {
    if (skipsHook(document)) return;
    const { namespace, name } = object.metadata;
    const fate = fateOf(object);
    if (fate === "leave") return;
    const pod = { ...object, spec: this.#shared(object.spec, namespace ?? "default") };
    if (fate === "bound") this.boundPods.push(pod);
    else {
      this.pods.push(pod);
      this.podSources.set(key(namespace, name), document);
    }
    if ((object.spec.schedulingGates ?? []).length > 0 && fate === "place")
      this.#notice(document, "waits at scheduling gates; planned as if they were open");
  }

  /** Bare pods of one shape share their spec as those of one controller do, so that grouping them later is cheap. */
  #shared(spec: PodSpec, namespace: string): PodSpec {
    const text = `${namespace} ${JSON.stringify(spec)}`;
    const known = this.#bareSpecs.get(text);
    if (known !== undefined) return known;
    const completed = this.#defaults.complete(spec, namespace);
    this.#bareSpecs.set(text, completed);
    return completed;
  }

  #notice({ at, ...document }: ParsedDocument, message: string): void {
    this.notices.push({ subject: subjectOf(document), at, message });
  }

  #freeOrdinals(workload: Workload): readonly number[] {
    const { document, firstIndex, pods } = workload;
    const free: number[] = [];
    for (let ordinal = firstIndex; free.length < pods; ordinal += 1) {
      const name = key(document.namespace, `${document.name}-${ordinal}`);
      if (this.#taken.has(name)) continue;
      this.#taken.add(name);
      free.push(ordinal);
    }
    return free;
  }

  #expandWorkload(workload: Workload, ordinals: readonly number[] | undefined): void {
    const { document, template, labels, pods } = workload;
    const namespace = document.namespace ?? "default";
    const spec = this.#defaults.complete(template.spec ?? { containers: [] }, namespace);
    const shared = { ...template.metadata?.labels, ...labels };
    for (let count = 0; count < pods; count += 1) {
      const index = ordinals?.[count] ?? count;
      const name = ordinals === undefined ? this.#freeName(workload, index) : `${document.name}-${index}`;
      const own = workload.indexLabels(name, index);
      this.pods.push(
        podOf(workload, {
          name,
          namespace,
          labels: Object.keys(own).length === 0 ? shared : { ...shared, ...own },
          spec: this.#withClaims(workload, spec, name),
        }),
      );
      this.podSources.set(key(namespace, name), document);
    }
  }

  /** `web-0`; where another pod has that name already, `web-deployment-0`. */
  #freeName({ document, kind }: Workload, index: number): string {
    const { name, namespace } = document;
    let free = `${name}-${index}`;
    for (let suffix = kind.toLowerCase(); this.#taken.has(key(namespace, free)); suffix += "-x")
      free = `${name}-${suffix}-${index}`;
    this.#taken.add(key(namespace, free));
    return free;
  }

  /** The spec with the volumes of the set's claims, and the claims themselves. Source: kubernetes pkg/controller/statefulset. */
  #withClaims({ document, claimTemplates, claimLabels }: Workload, spec: PodSpec, podName: string): PodSpec {
    if (claimTemplates.length === 0) return spec;
    const namespace = document.namespace ?? "default";
    const volumes = claimTemplates.map((template): Volume => {
      const claimName = `${template.metadata.name}-${podName}`;
      const { metadata } = template;
      if (!this.#existingClaims.has(key(namespace, claimName)))
        this.claims.push({
          apiVersion: "v1",
          kind: "PersistentVolumeClaim",
          metadata: {
            name: claimName,
            namespace,
            uid: `PersistentVolumeClaim:${namespace}/${claimName}`,
            resourceVersion: "",
            creationTimestamp: "1970-01-01T00:00:00Z",
            labels: { ...metadata.labels, ...claimLabels },
            ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
          },
          spec: template.spec,
        });
      return { name: metadata.name, persistentVolumeClaim: { claimName } };
    });
    const names = new Set(volumes.map(({ name }) => name));
    return { ...spec, volumes: [...volumes, ...(spec.volumes ?? []).filter(({ name }) => !names.has(name))] };
  }
}

const isStateful = ({ kind }: Workload): boolean => kind === "StatefulSet";

function podOf(
  { template, owner, document }: Workload,
  {
    name,
    namespace,
    labels,
    spec,
  }: {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly spec: PodSpec;
  },
): Pod {
  const annotations = template.metadata?.annotations;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace,
      uid: `Pod:${namespace}/${name}`,
      resourceVersion: "",
      creationTimestamp: "1970-01-01T00:00:00Z",
      labels,
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [{ ...owner, uid: `${owner.kind}:${document.namespace}/${owner.name}`, controller: true }],
    },
    spec,
  };
}
