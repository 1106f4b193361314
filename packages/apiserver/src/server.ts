import type { KubernetesObject } from "@nodeless/api";

/** Who sends a request, after authentication. */
export interface UserInfo {
  readonly username: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** One request, independent of who carried it. */
export interface ApiRequest {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Text from callers in this process, who need not encode it for us to decode it again. */
  readonly body?: Uint8Array | string;
  /** The caller as a trusted adapter knows it (client certificate, in-process component); else the bearer token decides. */
  readonly user?: UserInfo;
  /** Ends watches. */
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /**
   * For readers in this process: the value that these bytes (the whole body, or one chunk of the stream) are the JSON of, if the server has
   * it anyway. It is the server's own: read-only. Undefined: decode the bytes.
   */
  readonly decoded?: (bytes: Uint8Array) => unknown;
}

/** Recognizes a bearer token: undefined = not mine. Throws nothing for bad tokens. */
export type TokenAuthenticator = (token: string) => UserInfo | undefined | Promise<UserInfo | undefined>;

/** What an admission plugin sees. `object` is undefined on DELETE. */
export interface AdmissionAttributes {
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly object: KubernetesObject | undefined;
  readonly oldObject: KubernetesObject | undefined;
}

/** One step of admission, in process. Plugins run in order of name, mutating ones first; as a webhook would, but without the socket. */
export interface AdmissionPlugin {
  /** E.g. `0500-amazon-eks-fargate-mutation.amazonaws.com`. */
  readonly name: string;
  /** Returns the changed object, or undefined for no change. Throw AdmissionDeniedError to refuse. */
  admit(attributes: AdmissionAttributes): KubernetesObject | undefined | Promise<KubernetesObject | undefined>;
}
