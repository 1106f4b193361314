export type { CloudInstance, CloudProvider, LaunchRequest, NodeClassStatus } from "./provider.ts";
