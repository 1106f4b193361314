import { describeError } from "@nodeless/environment";
import { AdmissionDeniedError } from "./admission/admission-chain.ts";
import type { Authentication } from "./auth/authenticate.ts";
import type { Authorizer } from "./auth/authorizer.ts";
import type { Discovery } from "./discovery/discovery.ts";
import type { RequestMetrics } from "./health/metrics.ts";
import type { OpenApi } from "./openapi/open-api.ts";
import type { ProtobufDecoder } from "./request/body.ts";
import { type ParsedUrl, parseUrl, type ResourceRequest, resourceRequest } from "./request/request-info.ts";
import { errorResponse, textResponse } from "./request/responses.ts";
import { BODY_BYTES_MAX, type ResourceCall } from "./rest/resource-call.ts";
import { routeResource, type SpecialHandlers, verbOf } from "./rest/resource-router.ts";
import type { ApiRequest, ApiResponse, UserInfo } from "./server.ts";
import type { ServerContext } from "./server-context.ts";
import {
  badRequest,
  forbidden,
  internalError,
  requestEntityTooLarge,
  StatusError,
  serviceUnavailable,
  unauthorized,
} from "./status.ts";
import type { Watches } from "./watch/watch.ts";

/** Answers what is no resource: health, version, documents. Undefined = not mine. */
export type PathHandler = (url: ParsedUrl, request: ApiRequest) => ApiResponse | undefined;

export interface RequestHandlerParts {
  readonly server: ServerContext;
  readonly watches: Watches;
  readonly special: SpecialHandlers;
  readonly authentication: Authentication;
  readonly authorizer: Authorizer;
  readonly discovery: Discovery;
  readonly openApi: OpenApi;
  readonly metrics: RequestMetrics;
  readonly protobuf: ProtobufDecoder;
  /** Paths that need no credentials. */
  readonly publicPaths: PathHandler;
  /** Paths that need some. */
  readonly privatePaths: PathHandler;
}

/** From request to response: who, what, may they, do it. Never throws. */
export class RequestHandler {
  readonly #parts: RequestHandlerParts;
  #closed = false;

  constructor(parts: RequestHandlerParts) {
    this.#parts = parts;
  }

  close(): void {
    this.#closed = true;
  }

  async handle(request: ApiRequest): Promise<ApiResponse> {
    const { metrics, server } = this.#parts;
    const startMs = server.clock.monotonicMs();
    const url = parseUrl(request.path);
    const resource = url === undefined ? undefined : resourceRequest(url.segments);
    let response: ApiResponse;
    try {
      if (url === undefined) throw badRequest("the URL path is not validly encoded");
      if (this.#closed) throw serviceUnavailable("apiserver is shutting down");
      response = await this.#answer(request, url, resource);
    } catch (error) {
      response = errorResponse(this.#statusOf(error, request, resource));
    }
    metrics.count(
      {
        verb:
          resource === undefined || url === undefined ? request.method : verbOf(request.method, resource, url.query),
        resource: resource?.resource ?? "",
        code: response.status,
      },
      server.clock.monotonicMs() - startMs,
    );
    return response;
  }

  async #answer(request: ApiRequest, url: ParsedUrl, resource: ResourceRequest | undefined): Promise<ApiResponse> {
    const { authentication, authorizer, publicPaths } = this.#parts;
    const open = publicPaths(url, request);
    if (open !== undefined) return open;
    const user = await authentication.userOf(request);
    if (user === undefined) throw unauthorized();
    if (Buffer.byteLength(request.body ?? "") > BODY_BYTES_MAX)
      throw requestEntityTooLarge(`limit is ${BODY_BYTES_MAX}`);
    const verb = resource === undefined ? request.method.toLowerCase() : verbOf(request.method, resource, url.query);
    const decision = authorizer.authorize({
      user,
      verb,
      path: url.path,
      ...(resource === undefined ? {} : { resource }),
    });
    const { allowed } = decision instanceof Promise ? await decision : decision;
    if (!allowed) throw denied(user, verb, url, resource);
    return resource === undefined
      ? this.#answerPath(url, request)
      : this.#answerResource(request, url, { resource, user });
  }

  #answerPath(url: ParsedUrl, request: ApiRequest): ApiResponse {
    const { discovery, openApi, privatePaths } = this.#parts;
    return (
      discovery.handle(url.segments, request) ??
      openApi.handle(url, request) ??
      privatePaths(url, request) ??
      textResponse(404, "404 page not found\n")
    );
  }

  #answerResource(
    request: ApiRequest,
    url: ParsedUrl,
    { resource, user }: { readonly resource: ResourceRequest; readonly user: UserInfo },
  ): ApiResponse | Promise<ApiResponse> {
    const { server, watches, protobuf, special } = this.#parts;
    const definition = server.kinds.find(resource.group, resource.version, resource.resource);
    if (definition === undefined) return textResponse(404, "404 page not found\n");
    const call: ResourceCall = {
      server,
      watches,
      protobuf,
      request,
      user,
      url: resource,
      query: url.query,
      definition,
    };
    return routeResource(call, special);
  }

  #statusOf(error: unknown, request: ApiRequest, resource: ResourceRequest | undefined): StatusError {
    if (error instanceof StatusError) return error;
    if (error instanceof AdmissionDeniedError) {
      if (resource !== undefined && error.code === 403) return forbidden(resource, resource.name, error.message);
      return new StatusError(error.code, "Forbidden", error.message);
    }
    this.#parts.server.logger.error("request failed", { method: request.method, path: request.path, error });
    return internalError(describeError(error), error);
  }
}

/** Source of the text: k8s.io/apiserver pkg/endpoints/handlers/responsewriters/errors.go. */
function denied(
  { username }: UserInfo,
  verb: string,
  url: ParsedUrl,
  resource: ResourceRequest | undefined,
): StatusError {
  if (resource === undefined)
    return new StatusError(403, "Forbidden", `forbidden: User "${username}" cannot ${verb} path "${url.path}"`);
  const name = resource.subresource === "" ? resource.resource : `${resource.resource}/${resource.subresource}`;
  const where = resource.namespace === undefined ? "at the cluster scope" : `in the namespace "${resource.namespace}"`;
  return forbidden(
    resource,
    resource.name,
    `User "${username}" cannot ${verb} resource "${name}" in API group "${resource.group}" ${where}`,
  );
}
