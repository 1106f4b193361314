export { applyJsonPatch } from "./json-patch.ts";
export { applyMergePatch } from "./merge-patch.ts";
export { strategicMergePatch } from "./strategic-merge.ts";
