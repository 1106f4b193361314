import { type Clock, type Logger, type Random, uuid } from "@nodeless/environment";
import { AwsError } from "./aws-error.ts";
import { type AccessKeyDirectory, callerArn } from "./callers.ts";
import { writeError } from "./error-writing.ts";
import type { CallContext, HandlerMap } from "./handlers.ts";
import { checkRequired } from "./missing-members.ts";
import { readInput, writeOutput } from "./operation-codec.ts";
import { type Route, route } from "./router.ts";
import {
  type OperationModel,
  readServiceModel,
  type ServiceDescription,
  type ServiceModel,
  type WireProtocol,
} from "./service-model.ts";
import { SERVICES } from "./services.ts";
import { headerOf, isForm, type WireRequest, type WireResponse } from "./wire-message.ts";

export interface AwsServerOptions {
  /** Handlers by service name (`eks`, `ec2`, …). A service that is absent has no operations. */
  readonly handlers: Readonly<Record<string, HandlerMap>>;
  readonly keys: AccessKeyDirectory;
  /** Awaited before an answer leaves: everything the handler changed must be durable by then. */
  readonly flush: () => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly accountId: string;
  readonly region: string;
}

/** The generic AWS server: protocols, routing and errors from the SDK's schemas, meaning from the handlers. No socket. */
export class AwsServer {
  readonly #options: AwsServerOptions;
  readonly #models = new Map<string, Promise<ServiceModel>>();

  constructor(options: AwsServerOptions) {
    this.#options = options;
  }

  /** Answers one request; never rejects. `localHost` stands in for a Host header that is no host name. */
  async handle(request: WireRequest, localHost: string): Promise<WireResponse> {
    const requestId = uuid(this.#options.random);
    const found: { route?: Route; model?: ServiceModel } = {};
    let response: WireResponse;
    try {
      response = await this.#answer(request, { requestId, host: hostOf(request, localHost), found });
    } catch (error) {
      const protocol = found.route?.protocol ?? guessProtocol(request);
      response = writeError(this.#refusal(error, found.route), { protocol, model: found.model, requestId });
    }
    return { ...response, headers: { ...response.headers, "x-amzn-requestid": requestId } };
  }

  async #answer(
    request: WireRequest,
    call: {
      readonly requestId: string;
      readonly host: string;
      readonly found: { route?: Route; model?: ServiceModel };
    },
  ): Promise<WireResponse> {
    const { keys, clock, accountId, region, flush } = this.#options;
    // Browsers name the page that sends; no AWS client does. A page on the web must not drive the local cloud.
    if (request.headers["origin"] !== undefined) throw new AwsError("AccessDenied", "web pages may not call", 403);
    const matched = await route(request, SERVICES, (service) => this.#model(service));
    const { service, operation: name, protocol } = matched;
    call.found.route = matched;
    const arn = callerArn(request, { service: service.name, operation: name, protocol, keys, now: clock.now() });
    const model = await this.#model(service);
    call.found.model = model;
    const operation = operationOf(model, name);
    const handler = this.#handler(service, name);
    const input = readInput(operation, matched, request);
    checkRequired(operation.input, input, protocol);
    const context: CallContext = { accountId, region, callerArn: arn, requestId: call.requestId, host: call.host };
    try {
      const output = await handler(input as never, context);
      return writeOutput(operation, output, matched, call.requestId);
    } finally {
      await flush();
    }
  }

  #model(service: ServiceDescription): Promise<ServiceModel> {
    let model = this.#models.get(service.name);
    if (model === undefined) {
      model = service.load().then((module) => readServiceModel(service, module));
      this.#models.set(service.name, model);
    }
    return model;
  }

  #handler(service: ServiceDescription, operation: string): HandlerMap[string] {
    const handlers = this.#options.handlers[service.name] ?? {};
    const handler = Object.hasOwn(handlers, operation) ? handlers[operation] : undefined;
    if (handler !== undefined) return handler;
    // 501 is not on the SDKs' retry lists, other 5xx are.
    throw new AwsError("NotImplemented", `nodeless' local AWS does not have ${operation} of ${service.name}`, 501);
  }

  #refusal(error: unknown, matched: Route | undefined): AwsError {
    if (error instanceof AwsError) return error;
    const operation = matched === undefined ? undefined : `${matched.service.name}.${matched.operation}`;
    this.#options.logger.error("aws operation failed", { operation, error });
    return new AwsError("InternalFailure", "The local AWS failed to answer; its log has the cause.", 500);
  }
}

function operationOf(model: ServiceModel, name: string): OperationModel {
  const operation = model.operations.get(name);
  if (operation !== undefined) return operation;
  const query = model.description.protocol.endsWith("Query");
  const code = query ? "InvalidAction" : "UnknownOperationException";
  throw new AwsError(code, `The action ${name} is not valid for this web service.`, 400);
}

/** The envelope for errors that happen before the service is known. */
function guessProtocol(request: WireRequest): WireProtocol {
  if (headerOf(request, "x-amz-target") !== undefined) return "awsJson1_1";
  return isForm(request) || request.query.has("Action") ? "awsQuery" : "restJson1";
}

/** Answers hold URLs made of the Host header: only a plain name, address and port may get into them. */
function hostOf(request: WireRequest, localHost: string): string {
  const host = headerOf(request, "host") ?? "";
  return /^(?:[A-Za-z0-9-]{1,63}\.){0,10}[A-Za-z0-9-]{1,63}(?::\d{1,5})?$|^\[[0-9a-fA-F:]{2,45}\](?::\d{1,5})?$/.test(
    host,
  )
    ? host
    : localHost;
}
