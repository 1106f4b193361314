export type { ApplyOptions, StepEvent } from "./apply-cluster.ts";
export { applyCluster, clusterSteps } from "./apply-cluster.ts";
export type { AwsClientOptions, AwsClients } from "./aws-clients.ts";
export { createAwsClients } from "./aws-clients.ts";
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
export type { FargateProfileContext } from "./fargate-profiles.ts";
export {
  deleteFargateProfile,
  describeFargateProfile,
  ensureFargateProfile,
  listFargateProfiles,
} from "./fargate-profiles.ts";
export { applyObject, ResourceFinder } from "./kubernetes/apply.ts";
export { fargateRoleName } from "./steps/roles.ts";
export type { ConnectKubernetes, Facts, Step, StepContext, StepOutcome } from "./steps/step.ts";
export { CLUSTER_TAG, StepFailedError } from "./steps/step.ts";
export type { SigningCredentials, TokenRequest } from "./token.ts";
export { eksToken, TOKEN_LIFETIME_MS } from "./token.ts";
