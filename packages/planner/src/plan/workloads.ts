import type { PlanInput } from "../contract.ts";

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

/** The workload of a pod of the input, by `namespace/name`. */
export function workloadOf({ podSources }: Pick<PlanInput, "podSources">, podKey: string): Workload {
  const slash = podKey.indexOf("/");
  const namespace = podKey.slice(0, slash);
  const source = podSources.get(podKey);
  const kind = source?.kind ?? "Pod";
  const name = source?.name ?? podKey.slice(slash + 1);
  return { kind, namespace, name, kindAndName: `${kind}/${name}`, key: `${namespace}/${name}` };
}
