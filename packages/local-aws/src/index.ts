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
