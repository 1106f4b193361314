import { XML_DECLARATION } from "./error-writing.ts";
import { type JsonSettings, readJson, writeJson } from "./json-shapes.ts";
import { queryTree, readQuery } from "./query-shapes.ts";
import { parseJson, readRest, writeRest } from "./rest-bindings.ts";
import type { Route } from "./router.ts";
import { JSON_RPC_SCALARS } from "./scalars.ts";
import type { OperationModel } from "./service-model.ts";
import type { WireRequest, WireResponse } from "./wire-message.ts";
import { element, writeXmlMembers } from "./xml-shapes.ts";

const JSON_RPC: JsonSettings = { ...JSON_RPC_SCALARS, jsonName: false };

/** Request → input in SDK types. Throws AwsError for what does not parse. */
export function readInput(operation: OperationModel, route: Route, request: WireRequest): object {
  switch (route.protocol) {
    case "restJson1":
      return readRest(operation, { ...request, labels: route.labels });
    case "awsJson1_0":
    case "awsJson1_1":
      return (readJson(operation.input, parseJson(request.body) ?? {}, JSON_RPC) ?? {}) as object;
    case "awsQuery":
    case "ec2Query": {
      const settings = { ec2: route.protocol === "ec2Query" };
      return readQuery(operation.input, queryTree(route.parameters), settings) as object;
    }
  }
}

/** Output in SDK types → response. */
export function writeOutput(operation: OperationModel, output: object, route: Route, requestId: string): WireResponse {
  switch (route.protocol) {
    case "restJson1": {
      const response = writeRest(operation, output);
      return { ...response, headers: { "content-type": "application/json", ...response.headers } };
    }
    case "awsJson1_0":
    case "awsJson1_1": {
      const version = route.protocol === "awsJson1_0" ? "1.0" : "1.1";
      const body = operation.output.isStructSchema()
        ? JSON.stringify(writeJson(operation.output, output, JSON_RPC))
        : "{}";
      return { status: 200, headers: { "content-type": `application/x-amz-json-${version}` }, body };
    }
    case "awsQuery":
    case "ec2Query":
      return writeXmlOutput(operation, output, route, requestId);
  }
}

function writeXmlOutput(operation: OperationModel, output: object, route: Route, requestId: string): WireResponse {
  const members = operation.output.isStructSchema() ? writeXmlMembers(operation.output, output) : undefined;
  const content =
    route.protocol === "ec2Query"
      ? element("requestId", requestId) + (members ?? element("return", "true"))
      : (members === undefined ? "" : element(`${operation.name}Result`, members)) +
        element("ResponseMetadata", element("RequestId", requestId));
  const root = `${operation.name}Response`;
  const body = `${XML_DECLARATION}<${root} xmlns="${route.service.xmlNamespace}">${content}</${root}>`;
  return { status: 200, headers: { "content-type": "text/xml;charset=UTF-8" }, body };
}
