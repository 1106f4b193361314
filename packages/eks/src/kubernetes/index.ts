export { applyObject, ResourceFinder } from "./apply.ts";
