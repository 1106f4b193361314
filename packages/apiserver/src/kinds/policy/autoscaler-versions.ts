import type {
  AutoscalingV2HorizontalPodAutoscaler,
  HorizontalPodAutoscaler,
  KubernetesObject,
  MetricSpec,
} from "@nodeless/api";

/** Where v1 keeps the metrics it has no fields for, so that nothing is lost. Source: pkg/apis/autoscaling/annotations.go. */
const OTHER_METRICS = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";

const isCpuPercent = ({ resource }: MetricSpec): boolean =>
  resource?.name === "cpu" && resource.target.averageUtilization !== undefined;

/** An autoscaling/v1 autoscaler as v2 keeps it. Source: kubernetes/kubernetes pkg/apis/autoscaling/v1/conversion.go. */
export function autoscalerToStorage(object: HorizontalPodAutoscaler): KubernetesObject {
  const { targetCPUUtilizationPercentage, ...spec } = object.spec;
  const { currentCPUUtilizationPercentage, ...status } = object.status ?? { currentReplicas: 0, desiredReplicas: 0 };
  const { [OTHER_METRICS]: otherText, [BEHAVIOR]: behaviorText, ...annotations } = object.metadata.annotations ?? {};
  const other = parsed(otherText);
  const behavior = parsed(behaviorText);
  const metrics = [
    ...(Array.isArray(other) ? (other as MetricSpec[]) : []),
    ...(targetCPUUtilizationPercentage === undefined
      ? []
      : [cpu({ target: { type: "Utilization", averageUtilization: targetCPUUtilizationPercentage } })]),
  ];
  const { annotations: _annotations, ...metadata } = object.metadata;
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata: { ...metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: { ...spec, metrics, ...(behavior === undefined ? {} : { behavior }) },
    status: {
      ...status,
      ...(currentCPUUtilizationPercentage === undefined
        ? {}
        : { currentMetrics: [cpu({ current: { averageUtilization: currentCPUUtilizationPercentage } })] }),
    },
  } as KubernetesObject;
}

const cpu = <T extends object>(
  value: T,
): { readonly type: string; readonly resource: { readonly name: string } & T } => ({
  type: "Resource",
  resource: { name: "cpu", ...value },
});

/** Free text that a user may have written: nonsense counts as absent. */
function parsed(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A stored v2 autoscaler as v1 shows it. */
export function autoscalerFromStorage(stored: KubernetesObject): HorizontalPodAutoscaler {
  const object = stored as AutoscalingV2HorizontalPodAutoscaler;
  const { metrics = [], behavior, ...spec } = object.spec;
  const { currentMetrics = [], conditions: _conditions, ...status } = object.status ?? { desiredReplicas: 0 };
  const percent = metrics.find(isCpuPercent)?.resource?.target.averageUtilization;
  const others = metrics.filter((metric) => !isCpuPercent(metric));
  const current = currentMetrics.find(({ resource }) => resource?.name === "cpu")?.resource?.current.averageUtilization;
  const annotations = {
    ...object.metadata.annotations,
    ...(others.length === 0 ? {} : { [OTHER_METRICS]: JSON.stringify(others) }),
    ...(behavior === undefined ? {} : { [BEHAVIOR]: JSON.stringify(behavior) }),
  };
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    metadata: { ...object.metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec: { ...spec, ...(percent === undefined ? {} : { targetCPUUtilizationPercentage: percent }) },
    status: {
      currentReplicas: 0,
      ...status,
      ...(current === undefined ? {} : { currentCPUUtilizationPercentage: current }),
    },
  } as HorizontalPodAutoscaler;
}
