export type {
  ContainerContext,
  InProcessImage,
  KubeletHost,
  KubeletTimings,
  NodeRegistration,
} from "./kubelet/contract.ts";
