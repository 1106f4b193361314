import type { Authentication } from "../auth/authenticate.ts";
import type { Authorizer } from "../auth/authorizer.ts";
import { isJsonObject, objectAt } from "../json-value.ts";
import { jsonResponse } from "../request/responses.ts";
import { type CallHandler, decodeBody, type ResourceCall } from "../rest/resource-call.ts";
import type { UserInfo } from "../server.ts";
import { badRequest } from "../status.ts";
import { timestamp } from "../write/metadata.ts";

/*
 * Objects that are questions: POST answers with the same object and its status; nothing is stored.
 * Source: kubernetes pkg/registry/authentication and pkg/registry/authorization.
 */

function answered(call: ResourceCall, object: object, status: object): ReturnType<CallHandler> {
  const metadata = { creationTimestamp: timestamp(call.server.clock.now()) };
  return Promise.resolve(jsonResponse(201, { ...object, metadata, status }));
}

/** Who does this token belong to? */
export function tokenReview(authentication: Authentication): CallHandler {
  return async (call) => {
    const { object } = decodeBody(call);
    const spec = objectAt(object, "spec");
    const token = spec["token"];
    if (typeof token !== "string" || token === "")
      throw badRequest("token is required for TokenReview in authentication");
    const audiences = strings(spec["audiences"]);
    const user = await authentication.tokenUser(token, audiences.length === 0 ? undefined : audiences);
    if (user === undefined) return answered(call, object, { user: {}, error: "[invalid bearer token]" });
    return answered(call, object, {
      authenticated: true,
      user: userObject(user),
      ...(audiences.length === 0 ? {} : { audiences }),
    });
  };
}

/** Who am I? */
export const selfReview: CallHandler = async (call) =>
  answered(call, decodeBody(call).object, { userInfo: userObject(call.user) });

/** May somebody do this? The Self form asks about the caller. */
export function accessReview(authorizer: Authorizer): CallHandler {
  return async (call) => {
    const { object } = decodeBody(call);
    const spec = objectAt(object, "spec");
    const user = call.definition.resource === "selfsubjectaccessreviews" ? call.user : subjectOf(spec);
    const attributes = objectAt(spec, "resourceAttributes");
    const isResource = isJsonObject(spec["resourceAttributes"]);
    const text = (key: string): string => (typeof attributes[key] === "string" ? attributes[key] : "");
    const path = objectAt(spec, "nonResourceAttributes");
    const { allowed, reason } = await authorizer.authorize({
      user,
      verb: isResource ? text("verb") : String(path["verb"] ?? ""),
      path: String(path["path"] ?? ""),
      ...(isResource
        ? {
            resource: {
              group: text("group"),
              version: text("version"),
              resource: text("resource"),
              subresource: text("subresource"),
              namespace: text("namespace") || undefined,
              name: text("name"),
            },
          }
        : {}),
    });
    return answered(call, object, { allowed, ...(reason === "" ? {} : { reason }) });
  };
}

/** Everything I may do: without role-based access control, all of it. */
export const rulesReview: CallHandler = async (call) =>
  answered(call, decodeBody(call).object, {
    resourceRules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }],
    nonResourceRules: [{ verbs: ["*"], nonResourceURLs: ["*"] }],
    incomplete: false,
  });

function subjectOf(spec: Readonly<Record<string, unknown>>): UserInfo {
  const { user, uid } = spec;
  return {
    username: typeof user === "string" ? user : "",
    groups: strings(spec["groups"]),
    ...(typeof uid === "string" ? { uid } : {}),
  };
}

function userObject({ username, uid, groups, extra }: UserInfo): object {
  return {
    username,
    ...(uid === undefined ? {} : { uid }),
    groups,
    ...(extra === undefined || Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

function strings(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
