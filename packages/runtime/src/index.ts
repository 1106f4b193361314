export { abortable, aborted } from "./abortable.ts";
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
export type { ConditionReport } from "./conditions.ts";
export { findCondition, isConditionTrue, timestamp, updateCondition } from "./conditions.ts";
export type {
  ControllerOptions,
  ControllerSource,
  Reconcile,
  ReconcileContext,
  ReconcileResult,
} from "./controller.ts";
export { informerSource, runController } from "./controller.ts";
export {
  ApiStatusError,
  ConnectionError,
  isAlreadyExists,
  isConflict,
  isExpired,
  isForbidden,
  isInvalid,
  isNotFound,
  isTooLargeResourceVersion,
  isTooManyRequests,
  isUnauthorized,
} from "./errors.ts";
export type { EventRecorder, EventRecorderOptions, EventReport } from "./events.ts";
export { createEventRecorder } from "./events.ts";
export type { HttpsTransportOptions } from "./https-transport.ts";
export { httpsTransport } from "./https-transport.ts";
export type { Informer, InformerHandlers, InformerOptions } from "./informer.ts";
export { createInformer } from "./informer.ts";
export type { KubernetesClientOptions } from "./kubernetes-client.ts";
export { createKubernetesClient } from "./kubernetes-client.ts";
export type { LeaderElectionOptions } from "./leader-election.ts";
export { runLeaderElection } from "./leader-election.ts";
export type { Indexers } from "./object-store.ts";
export { portTransport } from "./port/port-transport.ts";
export { servePort } from "./port/serve-port.ts";
export type { Transport, TransportRequest, TransportResponse } from "./transport.ts";
export { tokenTransportOf, transportOf } from "./transport.ts";
export type { WakeUp } from "./wake-up.ts";
export { createWakeUp } from "./wake-up.ts";
export type { WorkQueue } from "./work-queue.ts";
export { createWorkQueue } from "./work-queue.ts";
