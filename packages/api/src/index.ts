// The generated file lists its names one by one.
export type * from "./generated/kubernetes.ts";
export type { Draft, Fresh, KubernetesList, KubernetesObject, ObjectKey } from "./objects.ts";
export { draftOf, formatObjectKey, parseObjectKey } from "./objects.ts";
export type { ResourceAmounts } from "./pod-requests.ts";
export { containerRequests, parseResourceList, podRequests } from "./pod-requests.ts";
export {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  formatBytes,
  formatMilli,
  InvalidQuantityError,
  isQuantity,
  parseMilli,
  parseUnits,
  subtractQuantities,
} from "./quantity.ts";
export * from "./resources.ts";
export type { LabelClause, Labels } from "./selectors.ts";
export {
  formatLabelClauses,
  InvalidSelectorError,
  labelSelectorClauses,
  matchesClauses,
  matchesLabelSelector,
  parseLabelSelector,
} from "./selectors.ts";
export { ANNOTATIONS, DEFAULT_SCHEDULER, FARGATE_SCHEDULER, FINALIZERS, LABELS, TAINTS } from "./well-known.ts";
