import { notAcceptable } from "../status.ts";

/** How the client wants an answer represented. */
export type Representation =
  | { readonly kind: "object" }
  | { readonly kind: "table"; readonly version: "v1" | "v1beta1"; readonly includeObject: IncludeObject }
  | { readonly kind: "partial" };

export type IncludeObject = "Metadata" | "Object" | "None";

const ACCEPTED = ["application/json", "application/yaml"];

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** Ranges of an Accept header in order. Quality values are ignored: clients list by preference. */
export function parseAccept(accept: string | undefined): readonly MediaRange[] {
  return (accept ?? "*/*").split(",").map((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    return {
      type: type.toLowerCase(),
      parameters: new Map(
        parameters.map((parameter) => {
          const equals = parameter.indexOf("=");
          return [parameter.slice(0, equals), parameter.slice(equals + 1)];
        }),
      ),
    };
  });
}

function isJson(type: string): boolean {
  return type === "application/json" || type === "*/*" || type === "application/*";
}

/** Picks the first representation the server has; protobuf is never answered. Throws 406. */
export function negotiate(accept: string | undefined, includeObject: string | null): Representation {
  for (const { type, parameters } of parseAccept(accept)) {
    if (!isJson(type) && type !== "application/yaml") continue;
    const as = parameters.get("as");
    if (as === undefined) return { kind: "object" };
    if (parameters.get("g") !== "meta.k8s.io") continue;
    const version = parameters.get("v") === "v1beta1" ? "v1beta1" : "v1";
    if (as === "Table") return { kind: "table", version, includeObject: includeObjectOf(includeObject) };
    if (as === "PartialObjectMetadata" || as === "PartialObjectMetadataList") return { kind: "partial" };
  }
  throw notAcceptable([...ACCEPTED, "application/vnd.kubernetes.protobuf"]);
}

function includeObjectOf(text: string | null): IncludeObject {
  return text === "Object" || text === "None" ? text : "Metadata";
}

/** The media type of a body without its parameters, lower case. */
export function contentType(headers: Readonly<Record<string, string>> | undefined): string {
  return (headers?.["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? "";
}
