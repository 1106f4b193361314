import type { Container, Fresh, Job, Pod } from "@nodeless/api";
import { podFromTemplate } from "../workload/pod-from-template.ts";
import { COMPLETION_INDEX } from "./completion-indexes.ts";

/** Keeps a finished pod until the Job has counted it. */
export const TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking";

/** The Job's pod; of an indexed Job the one for `index`. Source: kubernetes pkg/controller/job newPodTemplate. */
export function jobPod(job: Job, index: number | undefined): Fresh<Pod> {
  const pod = podFromTemplate(job.spec.template, job);
  const finalizers = [...(pod.metadata.finalizers ?? []), TRACKING_FINALIZER];
  const tracked: Fresh<Pod> = { ...pod, metadata: { ...pod.metadata, finalizers } };
  if (index === undefined) return tracked;
  const { name } = job.metadata;
  const { spec } = tracked;
  return {
    ...tracked,
    metadata: {
      ...tracked.metadata,
      generateName: `${name}-${index}-`,
      labels: { ...tracked.metadata.labels, [COMPLETION_INDEX]: String(index) },
      annotations: { ...tracked.metadata.annotations, [COMPLETION_INDEX]: String(index) },
    },
    spec: {
      ...spec,
      hostname: `${name}-${index}`,
      containers: spec.containers.map(withIndex),
      ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(withIndex) }),
    },
  };
}

function withIndex(container: Container): Container {
  const variable = {
    name: "JOB_COMPLETION_INDEX",
    valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: `metadata.labels['${COMPLETION_INDEX}']` } },
  };
  const others = (container.env ?? []).filter(({ name }) => name !== variable.name);
  return { ...container, env: [...others, variable] };
}
