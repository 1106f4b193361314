export type {
  ContainerContext,
  InProcessImage,
  KubeletHost,
  KubeletTimings,
  NodeRegistration,
} from "./kubelet/contract.ts";
export type { KubeletHostOptions } from "./kubelet/kubelet-host.ts";
export { createKubeletHost } from "./kubelet/kubelet-host.ts";
