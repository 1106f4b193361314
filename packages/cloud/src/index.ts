export type { OfferingKey } from "./errors.ts";
export { CloudError, InstanceNotFoundError, InsufficientCapacityError, NodeClassNotReadyError } from "./errors.ts";
export type { CloudInstance, CloudProvider, LaunchRequest, NodeClassStatus } from "./provider.ts";
