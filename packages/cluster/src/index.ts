export type { ClusterCounts } from "./cluster-counts.ts";
export { clusterCounts } from "./cluster-counts.ts";
export { PortUnavailableError } from "./free-port.ts";
export type { KubeconfigEntry } from "./kubeconfig.ts";
export { InvalidKubeconfigError, mergeKubeconfig, removeFromKubeconfig } from "./kubeconfig.ts";
export type { LocalCluster, LocalClusterOptions } from "./start-local-cluster.ts";
export { startLocalCluster } from "./start-local-cluster.ts";
export type { LockHolder } from "./state/lock.ts";
export { AlreadyRunningError, acquireLock, lockHolder } from "./state/lock.ts";
export type { RememberedFile, RuntimeInfo } from "./state/runtime-info.ts";
export { hasRememberedFile, readRuntime, rememberedFile, rememberFile } from "./state/runtime-info.ts";
export type { StatePaths } from "./state/state-directory.ts";
export {
  contextOf,
  deleteState,
  InvalidNameError,
  knownNames,
  statePaths,
  writeFileAtomically,
} from "./state/state-directory.ts";
export type { Timings } from "./timings.ts";
export { COMPRESSED_TIMINGS, REALISTIC_TIMINGS } from "./timings.ts";
