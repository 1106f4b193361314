export { planDiffMarkdown, planDiffTable } from "./diff-text.ts";
export type { PlanDiff, WorkloadChange, WorkloadState } from "./plan-diff.ts";
export { planDiff } from "./plan-diff.ts";
