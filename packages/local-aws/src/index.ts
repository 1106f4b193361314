export type {
  AddonInstallation,
  AwsTimings,
  BootInstance,
  ClusterEndpoint,
  ClusterHost,
  ClusterLaunch,
  InstanceHost,
  LocalAws,
  LocalAwsOptions,
} from "./contract.ts";
export type { CloudEvent } from "./events.ts";
export type { KnownImage } from "./images.ts";
export { imageIdForPath, KUBERNETES_VERSIONS, knownImages } from "./images.ts";
export type { SteerableLocalAws } from "./local-aws.ts";
export { createLocalAws } from "./local-aws.ts";
export { LOCAL_ACCESS_KEY_ID, LOCAL_SECRET_ACCESS_KEY } from "./sts/credentials.ts";
export type { WireRequest, WireResponse } from "./wire/wire-message.ts";
