export type { CloudConformanceRule, CloudConformanceSubject } from "./conformance.ts";
export { cloudProviderConformance } from "./conformance.ts";
