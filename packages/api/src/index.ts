export { editDistance } from "./edit-distance.ts";
// The generated file lists its names one by one.

export type { CronSchedule } from "./cron-schedule.ts";
export { InvalidScheduleError, nextRun, parseCron } from "./cron-schedule.ts";
export type * from "./generated/kubernetes.ts";
export type { ConvertAwsNodeTemplateOptions } from "./karpenter/convert-aws-node-template.ts";
export { awsNodeTemplateLosses, convertAwsNodeTemplate } from "./karpenter/convert-aws-node-template.ts";
export type { ConvertProvisionerOptions } from "./karpenter/convert-provisioner.ts";
export { convertProvisioner, provisionerLosses } from "./karpenter/convert-provisioner.ts";
export { karpenterCrds } from "./karpenter/crds/karpenter-crds.ts";
export type {
  AmiFamily,
  AmiSelectorTerm,
  BlockDevice,
  BlockDeviceMapping,
  CapacityReservationSelectorTerm,
  EC2NodeClass,
  EC2NodeClassSpec,
  EC2NodeClassStatus,
  KubeletConfiguration,
  MetadataOptions,
  SecurityGroupSelectorTerm,
  SubnetSelectorTerm,
} from "./karpenter/ec2-node-class.ts";
export {
  isLabelValue,
  isQualifiedName,
  LABEL_ALIASES,
  nearestWellKnownLabel,
  normalizedLabelKey,
  restrictedLabelReason,
  WELL_KNOWN_LABELS,
} from "./karpenter/labels.ts";
export type {
  DisruptionReason,
  NodeClaim,
  NodeClaimSpec,
  NodeClaimStatus,
  NodeClaimTemplate,
  NodeClaimTemplateSpec,
  NodeClassReference,
  NodePool,
  NodePoolBudget,
  NodePoolDisruption,
  NodePoolSpec,
  NodePoolStatus,
  NodeSelectorRequirementWithMinValues,
} from "./karpenter/node-pool.ts";
export type {
  AWSNodeTemplate,
  AWSNodeTemplateSpec,
  AWSNodeTemplateStatus,
  Provisioner,
  ProvisionerKubeletConfiguration,
  ProvisionerSpec,
  ProvisionerStatus,
} from "./karpenter/provisioner.ts";
export { AWS_NODE_TEMPLATES, EC2_NODE_CLASSES, NODE_CLAIMS, NODE_POOLS, PROVISIONERS } from "./karpenter/resources.ts";
export type { FieldError } from "./karpenter/validate-node-pool.ts";
export { validateNodePool } from "./karpenter/validate-node-pool.ts";
export type { Draft, Fresh, KubernetesList, KubernetesObject, ObjectKey } from "./objects.ts";
export { draftOf, formatObjectKey, parseObjectKey } from "./objects.ts";
export type { ResourceAmounts } from "./pod-requests.ts";
export { containerRequests, parseResourceList, podRequests } from "./pod-requests.ts";
export {
  canonicalQuantity,
  compareQuantities,
  formatBytes,
  formatMilli,
  InvalidQuantityError,
  isQuantity,
  parseMilli,
  parseUnits,
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
