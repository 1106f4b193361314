import type { MessagePort } from "node:worker_threads";
import type { Container, Pod } from "@nodeless/api";

/** A container to run in the provisioners' thread: what its environment holds, and ports for what it opens. */
export interface ContainerStart {
  readonly pod: Pod;
  readonly container: Container;
  readonly env: ReadonlyMap<string, string>;
  /** PEM; trusted for API servers of other clusters. */
  readonly certificateAuthorityPem: string;
  /** URL of the cluster it runs in: requests to it go through `api` instead of a socket. */
  readonly ownEndpoint: string;
  /** Requests to the own cluster's API server. */
  readonly api: MessagePort;
  /** {@link ToContainer} and {@link FromContainer}. */
  readonly control: MessagePort;
}

/** What the container's code says to its kubelet. */
export type FromContainer =
  | { readonly type: "log"; readonly line: string }
  | { readonly type: "token-wanted"; readonly id: number; readonly audience: string }
  /** Its code has ended; with an error it crashed. */
  | { readonly type: "ended"; readonly error?: string };

/** What the kubelet says to the container's code. */
export type ToContainer =
  | { readonly type: "token"; readonly id: number; readonly token: string }
  | { readonly type: "token-refused"; readonly id: number; readonly error: string }
  | { readonly type: "stop"; readonly reason: string };
