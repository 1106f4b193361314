export type { DecodedBody } from "./decode.ts";
export { decodeBody } from "./decode.ts";
export { DecodeError } from "./decode-context.ts";
export type { JsonObject } from "./own-fields.ts";
export { isJsonObject, ownField, setOwnField } from "./own-fields.ts";
export type { FieldSchema, ResourceEntry, Scalar, TypeReference, TypeSchema } from "./table.ts";
export { findKind, findType, resourceEntries, typeOf } from "./table.ts";
