import type { KubernetesObject, Pod } from "@nodeless/api";
import { API_AUDIENCE, type ServiceAccountTokens, type TokenClaims } from "../auth/service-account-tokens.ts";
import { isJsonObject, objectAt } from "../json-value.ts";
import { jsonResponse } from "../request/responses.ts";
import { type CallHandler, keyOf, type ResourceCall, readBody } from "../rest/resource-call.ts";
import { badRequest, conflict, invalid, notFound } from "../status.ts";
import { timestamp } from "../write/metadata.ts";

const DEFAULT_SECONDS = 3_600;
const MINIMUM_SECONDS = 600;
const MAXIMUM_SECONDS = 2 ** 32;

/** `serviceaccounts/x/token`. Source: kubernetes pkg/registry/core/serviceaccount/storage/token.go. */
export function tokenRequest(tokens: ServiceAccountTokens): CallHandler {
  return async (call) => {
    const key = keyOf(call);
    const account = call.server.cache.get(key);
    if (account === undefined) throw notFound(call.definition, key.name);
    const body = readBody(call).value;
    if (!isJsonObject(body)) throw badRequest("the body must be a TokenRequest");
    const spec = objectAt(body, "spec");
    const given = Array.isArray(spec["audiences"]) ? spec["audiences"].map(String) : [];
    const audiences = given.length === 0 ? [API_AUDIENCE] : given;
    const expirationSeconds = secondsOf(spec["expirationSeconds"]);
    const boundObjectRef = spec["boundObjectRef"];
    const { token, expires } = tokens.issue({
      namespace: key.namespace,
      serviceAccount: { name: key.name, uid: account.object.metadata.uid ?? "" },
      audiences,
      expirationSeconds,
      ...(isJsonObject(boundObjectRef) ? boundTo(call, boundObjectRef) : {}),
    });
    const expirationTimestamp = timestamp(expires);
    return jsonResponse(201, {
      kind: "TokenRequest",
      apiVersion: "authentication.k8s.io/v1",
      metadata: {
        name: key.name,
        namespace: key.namespace,
        creationTimestamp: timestamp(call.server.clock.now()),
      },
      spec: { audiences, expirationSeconds, boundObjectRef: isJsonObject(boundObjectRef) ? boundObjectRef : null },
      status: { token, expirationTimestamp },
    });
  };
}

function secondsOf(value: unknown): number {
  if (value === undefined || value === null) return DEFAULT_SECONDS;
  const seconds = Number(value);
  const problem =
    !Number.isInteger(seconds) || seconds < MINIMUM_SECONDS
      ? "may not specify a duration less than 10 minutes"
      : seconds > MAXIMUM_SECONDS
        ? "may not specify a duration larger than 2^32 seconds"
        : undefined;
  if (problem === undefined) return seconds;
  throw invalid({ group: "authentication.k8s.io", kind: "TokenRequest" }, "", [
    { field: "spec.expirationSeconds", reason: "FieldValueInvalid", message: `Invalid value: ${seconds}: ${problem}` },
  ]);
}

/** The token dies with the pod (or node) it is bound to. */
function boundTo(call: ResourceCall, reference: Readonly<Record<string, unknown>>): Pick<TokenClaims, "pod" | "node"> {
  const { namespace } = keyOf(call);
  const name = String(reference["name"] ?? "");
  switch (reference["kind"]) {
    case "Pod": {
      const pod = found(call, { resource: "pods", namespace, name }, reference["uid"]) as Pod;
      if ((pod.spec?.serviceAccountName ?? "") !== call.url.name)
        throw badRequest(
          `cannot bind token for serviceaccount "${call.url.name}" to pod running with different serviceaccount name.`,
        );
      const nodeName = pod.spec?.nodeName ?? "";
      const node = call.server.cache.get({ prefix: "core/nodes", namespace: "", name: nodeName });
      return {
        pod: { name, uid: pod.metadata.uid ?? "" },
        ...(node === undefined ? {} : { node: { name: nodeName, uid: node.object.metadata.uid ?? "" } }),
      };
    }
    case "Node": {
      const node = found(call, { resource: "nodes", namespace: "", name }, reference["uid"]);
      return { node: { name, uid: node.metadata.uid ?? "" } };
    }
    default:
      throw badRequest(`cannot bind token to object of type ${String(reference["kind"])}`);
  }
}

function found(
  call: ResourceCall,
  { resource, namespace, name }: { readonly resource: string; readonly namespace: string; readonly name: string },
  uid: unknown,
): KubernetesObject {
  const stored = call.server.cache.latest({ prefix: `core/${resource}`, namespace, name });
  if (stored === undefined) throw notFound({ group: "", resource }, name);
  const actual = stored.object.metadata.uid;
  if (typeof uid === "string" && uid !== "" && uid !== actual)
    throw conflict(
      { group: "", resource },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record (${actual}). The object might have been deleted and then recreated`,
    );
  return stored.object;
}
