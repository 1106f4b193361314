export { LiveContext } from "./live-context.ts";
export type { LiveQuestion } from "./live-input.ts";
export { liveInput } from "./live-input.ts";
export { explainLiveClaim, explainLiveNode } from "./live-node.ts";
export type { LiveObjects } from "./live-objects.ts";
export { explainLivePod } from "./live-pod.ts";
