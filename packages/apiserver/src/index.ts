export { AdmissionDeniedError } from "./admission/admission-chain.ts";
export type { AuthorizationAttributes, AuthorizationDecision, Authorizer } from "./auth/authorizer.ts";
export { API_AUDIENCE, generateServiceAccountKey } from "./auth/service-account-tokens.ts";
export type { ApiServer, ApiServerOptions } from "./create-api-server.ts";
export { createApiServer } from "./create-api-server.ts";
export type {
  AdmissionAttributes,
  AdmissionPlugin,
  ApiRequest,
  ApiResponse,
  TokenAuthenticator,
  UserInfo,
} from "./server.ts";
export type { PortRange } from "./services/service-allocation.ts";
export type { StatusCause, StatusDetails, StatusObject } from "./status.ts";
export { StatusError } from "./status.ts";
export type { PodLogAnswer, PodLogOptions, PodLogs } from "./subresources/pod-log.ts";
export type { ClusterCertificates } from "./tls/certificates.ts";
export { createCertificates } from "./tls/certificates.ts";
export type { HttpsListener, HttpsOptions } from "./tls/listen-https.ts";
export { listenHttps } from "./tls/listen-https.ts";
export type { WatchTimings } from "./watch/watch.ts";
