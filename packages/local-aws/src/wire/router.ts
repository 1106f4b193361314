import { AwsError } from "./aws-error.ts";
import { matchRest } from "./rest-bindings.ts";
import type { ServiceDescription, ServiceModel, WireProtocol } from "./service-model.ts";
import { formParameters, headerOf, type WireRequest } from "./wire-message.ts";

/** Which operation a request asks for, and in which protocol it is spoken. */
export interface Route {
  readonly service: ServiceDescription;
  readonly protocol: WireProtocol;
  readonly operation: string;
  /** REST path labels, percent-encoded. */
  readonly labels: ReadonlyMap<string, string>;
  /** Query-protocol parameters; empty for the others. */
  readonly parameters: URLSearchParams;
}

const NO_LABELS: ReadonlyMap<string, string> = new Map();
const NO_PARAMETERS = new URLSearchParams();

/**
 * Finds the operation: by `x-amz-target`, then by `Action` and `Version` (unique per service, so unsigned calls route too), then by
 * method and path. `modelOf` loads the schemas of REST services only. Throws AwsError when nothing fits.
 */
export async function route(
  request: WireRequest,
  services: readonly ServiceDescription[],
  modelOf: (service: ServiceDescription) => Promise<ServiceModel>,
): Promise<Route> {
  const target = headerOf(request, "x-amz-target");
  if (target !== undefined) return routeTarget(target, services);
  const parameters = formParameters(request);
  const action = parameters.get("Action");
  if (action !== null) return routeAction(action, parameters, services);
  for (const service of services) {
    if (service.protocol !== "restJson1") continue;
    const match = matchRest(await modelOf(service), request.method, request.path);
    if (match === undefined) continue;
    const { name } = match.operation;
    return { service, protocol: "restJson1", operation: name, labels: match.labels, parameters: NO_PARAMETERS };
  }
  throw new AwsError("UnknownOperationException", `no operation answers ${request.method} ${request.path}`, 404);
}

function routeTarget(target: string, services: readonly ServiceDescription[]): Route {
  const dot = target.lastIndexOf(".");
  const prefix = target.slice(0, Math.max(dot, 0));
  const service = services.find((candidate) => candidate.target === prefix && candidate.protocol.startsWith("awsJson"));
  if (service === undefined)
    throw new AwsError("UnknownOperationException", `no service answers x-amz-target ${JSON.stringify(target)}`, 400);
  const operation = target.slice(dot + 1);
  return { service, protocol: service.protocol, operation, labels: NO_LABELS, parameters: NO_PARAMETERS };
}

function routeAction(action: string, parameters: URLSearchParams, services: readonly ServiceDescription[]): Route {
  const version = parameters.get("Version");
  const service = services.find(
    (candidate) => candidate.version === version && (candidate.protocol.endsWith("Query") || candidate.queryCompatible),
  );
  if (service === undefined)
    throw new AwsError("InvalidAction", `no service answers action ${action} of version ${version ?? "(none)"}`, 400);
  const protocol = service.protocol === "ec2Query" ? "ec2Query" : "awsQuery";
  return { service, protocol, operation: action, labels: NO_LABELS, parameters };
}
