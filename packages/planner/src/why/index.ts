export { explainPod } from "./explain-pod.ts";
export type * from "./explanation.ts";
export { explanationText } from "./explanation-text.ts";
export { nearNames } from "./near-names.ts";
export { explainNode } from "./planned-node.ts";
