export type {
  AdmissionAttributes,
  AdmissionPlugin,
  ApiRequest,
  ApiResponse,
  TokenAuthenticator,
  UserInfo,
} from "./server.ts";
