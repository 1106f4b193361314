export type { FargateOffer } from "./fargate-offers.ts";
export type { PlanOutcome } from "./plan-cluster.ts";
export { planCluster } from "./plan-cluster.ts";
export { HOURS_PER_MONTH } from "./plan-document.ts";
export { PlanFindingsError } from "./plan-findings-error.ts";
export type { PlanKnobs, PlanOptions } from "./plan-options.ts";
export type { PodRefusal, PodRoute } from "./pod-routes.ts";
export { formatRefusal, type RefusedPod } from "./refusals.ts";
export { type Workload, workloadOf } from "./workloads.ts";
