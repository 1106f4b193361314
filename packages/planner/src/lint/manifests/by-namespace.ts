import type { LabelSelector, Labels } from "@nodeless/api";
import { labelSelectorClauses, matchesClauses } from "@nodeless/api";
import type { LintProject } from "../project.ts";
import type { LintWorkload } from "./workloads.ts";

type Manifests = Pick<LintProject, "workloads" | "input" | "documents">;

interface NamespaceContent {
  readonly workloads: LintWorkload[];
  /** Labels of all pods, those of one workload once where they share them. */
  readonly podLabels: Set<Labels>;
}

const contents = new WeakMap<readonly LintWorkload[], ReadonlyMap<string, NamespaceContent>>();

function contentOf({ workloads, input }: Manifests): ReadonlyMap<string, NamespaceContent> {
  const known = contents.get(workloads);
  if (known !== undefined) return known;
  const byNamespace = new Map<string, NamespaceContent>();
  const content = (namespace = "default"): NamespaceContent => {
    const found = byNamespace.get(namespace) ?? { workloads: [], podLabels: new Set() };
    byNamespace.set(namespace, found);
    return found;
  };
  for (const workload of workloads) {
    content(workload.namespace).workloads.push(workload);
    content(workload.namespace).podLabels.add(workload.pod.metadata.labels ?? {});
  }
  for (const { metadata } of [...(input?.pods ?? []), ...(input?.boundPods ?? [])])
    content(metadata.namespace).podLabels.add(metadata.labels ?? {});
  contents.set(workloads, byNamespace);
  return byNamespace;
}

/** Workloads of a namespace in input order. */
export function workloadsIn(project: Manifests, namespace: string): readonly LintWorkload[] {
  return contentOf(project).get(namespace)?.workloads ?? [];
}

/** Workloads of a namespace whose pods a selector selects; an empty selector selects all. */
export function selectedWorkloads(
  project: Manifests,
  namespace: string,
  selector: LabelSelector | undefined,
): readonly LintWorkload[] {
  if (selector === undefined) return [];
  const clauses = labelSelectorClauses(selector);
  return workloadsIn(project, namespace).filter(({ pod }) => matchesClauses(clauses, pod.metadata.labels));
}

/** Whether any pod of a namespace is selected, bound ones and those of StatefulSets by their own names among them. */
export function selectsAnyPod(project: Manifests, namespace: string, selector: LabelSelector): boolean {
  const clauses = labelSelectorClauses(selector);
  for (const labels of contentOf(project).get(namespace)?.podLabels ?? [])
    if (matchesClauses(clauses, labels)) return true;
  return false;
}

const BUILT_IN = /^(v1|[a-z]+\/v\w+|[\w.]+\.k8s\.io\/\w+)$/;
/** Kinds that select or configure pods and make none. */
const MAKES_NONE = /Monitor|Policy|Rule|Binding|Certificate|Secret|Gateway|Route|Issuer|Profile|Config/;
const makers = new WeakMap<Manifests["documents"], ReadonlySet<string | undefined>>();

/** Whether a custom resource of the namespace may make pods with any labels. */
export function makesUnknownPods({ documents }: Manifests, namespace: string): boolean {
  let namespaces = makers.get(documents);
  if (namespaces === undefined) {
    const custom = documents.filter(({ kind, apiVersion }) => !BUILT_IN.test(apiVersion) && !MAKES_NONE.test(kind));
    namespaces = new Set(custom.map((document) => document.namespace));
    makers.set(documents, namespaces);
  }
  return namespaces.has(namespace);
}
