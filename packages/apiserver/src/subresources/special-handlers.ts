import type { Authentication } from "../auth/authenticate.ts";
import type { Authorizer } from "../auth/authorizer.ts";
import type { ServiceAccountTokens } from "../auth/service-account-tokens.ts";
import type { CallHandler } from "../rest/resource-call.ts";
import type { SpecialHandlers } from "../rest/resource-router.ts";
import { handleReplace } from "../rest/write-handlers.ts";
import { notImplemented } from "../status.ts";
import { bindFromCollection, bindPod } from "./binding.ts";
import { evictPod } from "./eviction.ts";
import { type PodLogs, podLogHandler } from "./pod-log.ts";
import { accessReview, rulesReview, selfReview, tokenReview } from "./reviews.ts";
import { getScale, patchScale, replaceScale } from "./scale.ts";
import { VIEW_OF_OBJECT } from "./standard.ts";
import { tokenRequest } from "./token-request.ts";

export type { PodLogs } from "./pod-log.ts";

/** Everything beyond create, read, update and delete, by where it is found. */
export function specialHandlers(options: {
  readonly tokens: ServiceAccountTokens;
  readonly authentication: Authentication;
  readonly authorizer: Authorizer;
  readonly logs: PodLogs | undefined;
}): SpecialHandlers {
  const { tokens, authentication, authorizer, logs } = options;
  const subresources = new Map<string, ReadonlyMap<string, CallHandler>>([
    ["*/status", VIEW_OF_OBJECT],
    ["*/approval", VIEW_OF_OBJECT],
    [
      "*/scale",
      new Map([
        ["GET", getScale],
        ["PUT", replaceScale],
        ["PATCH", patchScale],
      ]),
    ],
    ["core/namespaces/finalize", new Map([["PUT", handleReplace]])],
    ["core/pods/ephemeralcontainers", VIEW_OF_OBJECT],
    ["core/pods/resize", VIEW_OF_OBJECT],
    ["core/pods/binding", new Map([["POST", bindPod]])],
    ["core/pods/eviction", new Map([["POST", evictPod]])],
    ["core/pods/log", new Map([["GET", podLogHandler(logs)]])],
    ["core/serviceaccounts/token", new Map([["POST", tokenRequest(tokens)]])],
    ...["exec", "attach", "portforward", "proxy"].map((name): [string, ReadonlyMap<string, CallHandler>] => [
      `*/${name}`,
      new Map([["*", missing(name)]]),
    ]),
  ]);
  const creations = new Map<string, CallHandler>([
    ["core/bindings", bindFromCollection],
    ["authentication.k8s.io/tokenreviews", tokenReview(authentication)],
    ["authentication.k8s.io/selfsubjectreviews", selfReview],
    ["authorization.k8s.io/selfsubjectaccessreviews", accessReview(authorizer)],
    ["authorization.k8s.io/subjectaccessreviews", accessReview(authorizer)],
    ["authorization.k8s.io/localsubjectaccessreviews", accessReview(authorizer)],
    ["authorization.k8s.io/selfsubjectrulesreviews", rulesReview],
  ]);
  return { subresources, creations };
}

/** Streams into containers: no container process runs here. */
function missing(name: string): CallHandler {
  return async ({ definition }) => {
    throw notImplemented(
      `${definition.resource}/${name}`,
      "containers are simulated, there is no process to connect to",
    );
  };
}
