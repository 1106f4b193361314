import type { PlanInput, SourceDocument } from "../contract.ts";

/** What a pod comes from: equal pods of one workload are shown together. */
export interface Workload {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** `Deployment/web`. */
  readonly kindAndName: string;
  /** `default/web`; unique together with the kind. */
  readonly key: string;
}

/** The workload of a pod of the input, by `namespace/name`; the same object for all pods of a workload. */
export function workloadOf({ podSources }: Pick<PlanInput, "podSources">, podKey: string): Workload {
  const source = podSources.get(podKey);
  const known = source === undefined ? undefined : workloads.get(source);
  if (known !== undefined) return known;
  const slash = podKey.indexOf("/");
  const namespace = podKey.slice(0, slash);
  const kind = source?.kind ?? "Pod";
  const name = source?.name ?? podKey.slice(slash + 1);
  const workload = { kind, namespace, name, kindAndName: `${kind}/${name}`, key: `${namespace}/${name}` };
  if (source !== undefined) workloads.set(source, workload);
  return workload;
}

/** A document is in one namespace, and all its pods with it. */
const workloads = new WeakMap<SourceDocument, Workload>();
