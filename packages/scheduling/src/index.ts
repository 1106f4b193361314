export type { BoundOptions, CertifiedPlan, SchedulingBound } from "./certified/optimize-scheduling.ts";
export { boundScheduling, optimizeScheduling, wellPackedPrices } from "./certified/optimize-scheduling.ts";
export type { ProgressPoint, SolveLimits } from "./certified/problem.ts";
export { checkPlan } from "./checker/check-plan.ts";
export type { CandidateAnswers, NodeAnswer, PoolAnswer, Refusal } from "./explain/explain-candidates.ts";
export { explainCandidates } from "./explain/explain-candidates.ts";
export type { NodeQuestion, RequirementLayer, TypeAnswer, TypeRefusal } from "./explain/explain-types.ts";
export { explainTypes, podLayers, remainingLayer } from "./explain/explain-types.ts";
export type { SettledPlan } from "./explain/settled-input.ts";
export type {
  CapacityType,
  ExistingNode,
  InstanceType,
  LimitShortfall,
  Offering,
  PlanFinding,
  PlannedClaim,
  Rejection,
  Requirement,
  Requirements,
  SchedulingInput,
  SchedulingNodePool,
  SchedulingPlan,
  SchedulingPolicies,
  UnplacedPod,
} from "./model.ts";
export { planScheduling } from "./packing/plan-scheduling.ts";
export { podKeyOf } from "./packing/pod-shape.ts";
export { labelHint } from "./requirements/label-hint.ts";
export { labelOf } from "./requirements/labels.ts";
export type { LabelledNode } from "./requirements/node-affinity.ts";
export { matchesNodeAffinity, matchesNodeSelectorTerm } from "./requirements/node-affinity.ts";
export { cheapestOffering, compatibleOfferings } from "./requirements/offerings.ts";
export type { RequirementOperator } from "./requirements/requirement.ts";
export {
  allowsLabel,
  allowsValue,
  demandsLabel,
  intersectRequirements,
  isEmptyRequirement,
  requirement,
  requirementsOverlap,
} from "./requirements/requirement.ts";
export { formatRequirement, formatRequirements } from "./requirements/requirement-format.ts";
export type { Incompatibility } from "./requirements/requirements.ts";
export {
  compatibleRequirements,
  mergeRequirements,
  requirementsConflict,
  requirementsFromLabels,
  requirementsFromNodeSelectorRequirements,
  toNodeSelectorRequirements,
} from "./requirements/requirements.ts";
export { addAmounts, formatAmount, subtractAmounts } from "./resources/amounts.ts";
export type { HostPort } from "./resources/host-ports.ts";
export { firstPortConflict, hostPortsOf } from "./resources/host-ports.ts";
export { firstUntoleratedTaint, formatTaint, toleratesTaint, toleratesTaints } from "./taints/tolerations.ts";
export type { NodeFilter, TopologyGroup, TopologyOwner } from "./topology/topology-group.ts";
export { groupSelects, TopologyGroups } from "./topology/topology-group.ts";
export { nodeAttachments } from "./volumes/node-attachments.ts";
export type { PodVolumes, VolumeSources } from "./volumes/pod-volumes.ts";
export { volumesOf } from "./volumes/pod-volumes.ts";
