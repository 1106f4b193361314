export type { ApplyOptions, StepEvent } from "./apply-cluster.ts";
export { applyCluster } from "./apply-cluster.ts";
export type { AwsClientOptions, AwsClients } from "./aws-clients.ts";
export { createAwsClients } from "./aws-clients.ts";
export type { FargateProfileContext } from "./fargate-profiles.ts";
export {
  deleteFargateProfile,
  describeFargateProfile,
  ensureFargateProfile,
  listFargateProfiles,
} from "./fargate-profiles.ts";
export { fargateRoleName } from "./steps/roles.ts";
export type { ConnectKubernetes, Facts, Step, StepContext, StepOutcome } from "./steps/step.ts";
export { CLUSTER_TAG, StepFailedError } from "./steps/step.ts";
export type { SigningCredentials, TokenRequest } from "./token.ts";
export { eksToken, TOKEN_LIFETIME_MS } from "./token.ts";
