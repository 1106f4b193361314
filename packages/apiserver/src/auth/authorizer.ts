import type { UserInfo } from "../server.ts";

/** What a request wants to do. Source: k8s.io/apiserver pkg/authorization/authorizer. */
export interface AuthorizationAttributes {
  readonly user: UserInfo;
  /** `get`, `list`, `watch`, `create`, ... or, for other paths, the lower-case method. */
  readonly verb: string;
  /** Undefined for paths that are no resources. */
  readonly resource?: {
    readonly group: string;
    readonly version: string;
    readonly resource: string;
    readonly subresource: string;
    readonly namespace: string | undefined;
    readonly name: string;
  };
  readonly path: string;
}

export interface AuthorizationDecision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** The one place that says who may do what. */
export interface Authorizer {
  authorize(attributes: AuthorizationAttributes): AuthorizationDecision | Promise<AuthorizationDecision>;
}

/** Everyone who is authenticated may do everything. Role-based access control replaces this. */
export const allowAuthenticated: Authorizer = {
  authorize: () => ({ allowed: true, reason: "every authenticated user is allowed" }),
};
