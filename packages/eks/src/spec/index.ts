// What a cluster file says, without the AWS SDK: commands that only read files load in a moment.
export { defaultPool } from "../provisioner/default-pool.ts";
export type { ClusterConfig, FargateProfileConfig } from "./cluster-file/cluster-config.ts";
export type { ClusterFile, FileManifest } from "./cluster-file/parse-cluster-file.ts";
export { parseClusterFile } from "./cluster-file/parse-cluster-file.ts";
export type { FileProblem } from "./cluster-file/problem.ts";
export { formatProblem, InvalidClusterFileError } from "./cluster-file/problem.ts";
export { closest } from "./cluster-file/suggestion.ts";
export type { ClusterSpec, FargateProfileSpec, SpecDefaults, SpecNotice } from "./cluster-spec.ts";
export {
  clusterSpec,
  DEFAULT_CLUSTER_NAME,
  DEFAULT_REGION,
  DEFAULT_VERSION,
  PROVISIONER_NAMESPACE,
  SYSTEM_PROFILE_NAME,
} from "./cluster-spec.ts";
export { nodeAgent } from "./node-agents.ts";
