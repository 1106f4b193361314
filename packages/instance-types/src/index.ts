export { builtInInstanceTypes } from "./built-in-instance-types.ts";
export { imageFamily, imageFamilyBoots, parseImageAlias } from "./image-family.ts";
export type { InstanceTypeOptions } from "./instance-type.ts";
export { instanceTypeOf } from "./instance-type.ts";
export { instanceTypeRequirements } from "./instance-type-requirements.ts";
export type { InstanceTypeResources, NodeClassResources, ResourceModelSettings } from "./instance-type-resources.ts";
export { DEFAULT_RESOURCE_MODEL, instanceTypeResources } from "./instance-type-resources.ts";
export type { MachineFacts, MarketFacts } from "./machine-facts.ts";
