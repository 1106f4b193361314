export type { ControllerSettings } from "./controller-settings.ts";
export { DEFAULT_CONTROLLER_SETTINGS } from "./controller-settings.ts";
export type {
  ContainerContext,
  InProcessImage,
  KubeletHost,
  KubeletTimings,
  NodeRegistration,
} from "./kubelet/contract.ts";
export type { KubeletHostOptions } from "./kubelet/kubelet-host.ts";
export { createKubeletHost } from "./kubelet/kubelet-host.ts";
export type { RunControllersOptions } from "./run-controllers.ts";
export { runControllers } from "./run-controllers.ts";
export type { DefaultSchedulerOptions } from "./scheduler/default-scheduler.ts";
export { runDefaultScheduler } from "./scheduler/default-scheduler.ts";
export { SharedInformers } from "./shared-informers.ts";
