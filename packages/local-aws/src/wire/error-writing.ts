import type { AwsError } from "./aws-error.ts";
import { writeRestBody } from "./rest-bindings.ts";
import type { ErrorModel, ServiceModel, WireProtocol } from "./service-model.ts";
import type { WireResponse } from "./wire-message.ts";
import { element, escapeXml } from "./xml-shapes.ts";

/** Where an error goes: the protocol decides the envelope, the model (if the service was found) the code and status. */
export interface ErrorEnvelope {
  readonly protocol: WireProtocol;
  readonly model: ServiceModel | undefined;
  readonly requestId: string;
}

/** An error as the protocol writes it. Sources: smithy's protocol documents for restJson1, awsJson, awsQuery and ec2Query. */
export function writeError(error: AwsError, envelope: ErrorEnvelope): WireResponse {
  const model = envelope.model?.errors.get(error.code);
  const status = error.statusCode ?? usualStatus(model, envelope.protocol);
  switch (envelope.protocol) {
    case "restJson1":
      return {
        status,
        headers: { "content-type": "application/json", "x-amzn-errortype": model?.name ?? error.code },
        body: JSON.stringify(jsonBody(error, model)),
      };
    case "awsJson1_0":
    case "awsJson1_1":
      return writeJsonRpcError(error, model, { ...envelope, status });
    case "awsQuery":
      return xml(status, queryError(error, model, { status, requestId: envelope.requestId }));
    case "ec2Query":
      return xml(status, ec2Error(error, envelope.requestId));
  }
}

/** JSON 1.x services answer 400 for every error of the caller, whatever their models say. */
function usualStatus(model: ErrorModel | undefined, protocol: WireProtocol): number {
  const status = model?.status ?? 400;
  return protocol.startsWith("awsJson") && status < 500 ? 400 : status;
}

function writeJsonRpcError(
  error: AwsError,
  model: ErrorModel | undefined,
  envelope: ErrorEnvelope & { readonly status: number },
): WireResponse {
  const { protocol, status } = envelope;
  const version = protocol === "awsJson1_0" ? "1.0" : "1.1";
  const headers: Record<string, string> = { "content-type": `application/x-amz-json-${version}` };
  if (envelope.model?.description.queryCompatible === true)
    headers["x-amzn-query-error"] = `${model?.wireCode ?? error.code};${sender(status)}`;
  const type = `${envelope.model?.namespace ?? "com.amazon.coral.service"}#${model?.name ?? error.code}`;
  return { status, headers, body: JSON.stringify({ __type: type, ...jsonBody(error, model) }) };
}

/** The message goes under both spellings where the shape has the capital one: clients differ in which they read. */
function jsonBody(error: AwsError, model: ErrorModel | undefined): object {
  const details: object = model === undefined ? error.details : JSON.parse(writeRestBody(model.schema, error.details));
  const capital = model?.schema.getMemberSchemas()["Message"] === undefined ? {} : { Message: error.message };
  return { ...details, message: error.message, ...capital };
}

function queryError(
  error: AwsError,
  model: ErrorModel | undefined,
  { status, requestId }: { readonly status: number; readonly requestId: string },
): string {
  const content =
    element("Type", sender(status)) +
    element("Code", escapeXml(model?.wireCode ?? error.code)) +
    element("Message", escapeXml(error.message));
  return element("ErrorResponse", element("Error", content) + element("RequestId", requestId));
}

function ec2Error(error: AwsError, requestId: string): string {
  const content = element("Code", escapeXml(error.code)) + element("Message", escapeXml(error.message));
  return element("Response", element("Errors", element("Error", content)) + element("RequestID", requestId));
}

function sender(status: number): string {
  return status < 500 ? "Sender" : "Receiver";
}

function xml(status: number, content: string): WireResponse {
  return { status, headers: { "content-type": "text/xml;charset=UTF-8" }, body: `${XML_DECLARATION}${content}` };
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';
