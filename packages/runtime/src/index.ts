export type {
  DeleteOptions,
  KubernetesClient,
  ListOptions,
  ObjectReference,
  PatchKind,
  PatchOptions,
  RequestOptions,
  ResourceClient,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./client.ts";
export type { Reconcile, ReconcileContext, ReconcileResult } from "./controller.ts";
export type { Informer, InformerHandlers } from "./informer.ts";
export type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
