import type { JsonObject } from "../schema/index.ts";
import { findKind } from "../schema/index.ts";
import { badRequest, unsupportedMediaType } from "../status.ts";
import { readMessage, readMessageOf } from "./messages.ts";
import { OPTION_TYPES } from "./options.ts";
import { BrokenMessageError, MessageReader } from "./reader.ts";

/** `k8s\0` */
const MAGIC = [0x6b, 0x38, 0x73, 0x00];
const ACCEPTED = ["application/json", "application/yaml"];

/**
 * Decodes a body of media type `application/vnd.kubernetes.protobuf` into the JSON form of its object, with apiVersion and kind.
 * Throws StatusError: 400 if it is broken, 415 if its kind has no protobuf form here (custom resources).
 * Source: k8s.io/apimachinery pkg/runtime/serializer/protobuf/protobuf.go.
 */
export function decodeProtobufBody(bytes: Uint8Array): unknown {
  if (!MAGIC.every((byte, index) => bytes[index] === byte))
    throw badRequest("provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]");
  try {
    return decodeEnvelope(bytes.subarray(MAGIC.length));
  } catch (error) {
    if (error instanceof BrokenMessageError) throw badRequest(`the body is not a protobuf message: ${error.message}`);
    throw error;
  }
}

/** Unknown { 1: { 1: apiVersion, 2: kind }, 2: the object's message, 3: content encoding, 4: content type }. */
function decodeEnvelope(bytes: Uint8Array): unknown {
  const reader = new MessageReader(bytes);
  let meta: { apiVersion: string; kind: string } = { apiVersion: "", kind: "" };
  let raw: Uint8Array = new Uint8Array();
  while (!reader.isAtEnd) {
    const [fieldNumber, wireType] = reader.tag();
    if (fieldNumber === 1 && wireType === "bytes") meta = decodeTypeMeta(reader.bytes());
    else if (fieldNumber === 2 && wireType === "bytes") raw = reader.bytes();
    else reader.skip(wireType);
  }
  return { ...meta, ...decodeObject(meta, raw) };
}

function decodeTypeMeta(bytes: Uint8Array): { apiVersion: string; kind: string } {
  const reader = new MessageReader(bytes);
  const meta = { apiVersion: "", kind: "" };
  while (!reader.isAtEnd) {
    const [fieldNumber, wireType] = reader.tag();
    if (fieldNumber === 1 && wireType === "bytes") meta.apiVersion = reader.text();
    else if (fieldNumber === 2 && wireType === "bytes") meta.kind = reader.text();
    else reader.skip(wireType);
  }
  return meta;
}

function decodeObject(
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
  raw: Uint8Array,
): JsonObject {
  // Options belong to every group: `v1` or the group of the resource.
  if (kind === "DeleteOptions") return readMessage("meta/v1.DeleteOptions", raw) as JsonObject;
  const options = OPTION_TYPES.get(kind);
  if (options !== undefined) return readMessageOf(options, raw) as JsonObject;
  const slash = apiVersion.indexOf("/");
  const group = slash < 0 ? "" : apiVersion.slice(0, slash);
  const type = findKind({ group, version: apiVersion.slice(slash + 1), kind });
  if (type === undefined) throw unsupportedMediaType(ACCEPTED);
  return readMessage(type.name, raw) as JsonObject;
}
