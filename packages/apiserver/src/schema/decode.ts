import { DecodeContext, goValueName } from "./decode-context.ts";
import type { JsonObject } from "./own-fields.ts";
import { isJsonObject, setOwnField } from "./own-fields.ts";
import type { Decoder } from "./scalars.ts";
import { SCALAR_DECODERS, SCALAR_ZEROS } from "./scalars.ts";
import type { FieldSchema, TypeReference, TypeSchema } from "./table.ts";
import { typeOf } from "./table.ts";

/** A decoded body and the paths of fields its type does not have, in the order they were met. */
export interface DecodedBody {
  readonly value: JsonObject;
  readonly unknownFields: readonly string[];
}

/**
 * Decodes a parsed JSON body as Go's decoder would: checks types, drops unknown fields, nulls and empty optional values, and brings
 * quantities and times into canonical form. Builds a new object; free-form parts are shared with the body. Throws DecodeError.
 */
export function decodeBody(typeName: string, body: unknown): DecodedBody {
  const context = new DecodeContext();
  const decode = structDecoder(typeName);
  return { value: decode(body, context) as JsonObject, unknownFields: context.unknownFields };
}

const structDecoders = new Map<string, Decoder>();

/** Compiled once per type. Types refer to each other in circles, so references resolve on first use. */
function structDecoder(name: string): Decoder {
  const known = structDecoders.get(name);
  if (known !== undefined) return known;
  const decoder = UNIONS.get(name) ?? compileStruct(typeOf(name));
  structDecoders.set(name, decoder);
  return decoder;
}

interface FieldDecoder {
  readonly name: string;
  readonly decode: Decoder;
  /** Go would leave this value out when it writes the object again. */
  readonly omits: (value: unknown) => boolean;
}

function compileStruct(type: TypeSchema): Decoder {
  const goName = type.name.slice(type.name.indexOf(".") + 1);
  const fields = new Map<string, FieldDecoder>();
  for (const field of type.fields.values())
    fields.set(field.name, { name: field.name, decode: compile(field.type), omits: omitRule(field) });
  // Go writes the zero of a required field that is missing; validation then says what is wrong with it.
  const required = [...type.fields.values()].filter(({ required, pointer }) => required && !pointer);
  return (value, context) => {
    if (!isJsonObject(value)) return context.typeError(goValueName(value), `v1.${goName}`);
    const result: JsonObject = {};
    context.enterStruct(goName);
    for (const key of Object.keys(value)) {
      const field = fields.get(key);
      if (field === undefined) {
        context.unknownField(key);
        continue;
      }
      const raw = value[key];
      if (raw === null || raw === undefined) continue;
      context.push(key);
      const decoded = field.decode(raw, context);
      if (!field.omits(decoded)) result[key] = decoded;
      context.pop();
    }
    for (const { name, type } of required) {
      if (result[name] !== undefined) continue;
      const zero = missingValue(type, context);
      if (zero !== undefined) result[name] = zero;
    }
    context.leaveStruct();
    return result;
  };
}

const never = (): boolean => false;

function omitRule({ type, pointer, keepZero, required }: FieldSchema): (value: unknown) => boolean {
  if (pointer || keepZero || required || type.kind === "object") return never;
  if (type.kind === "list") return (value) => (value as readonly unknown[]).length === 0;
  if (type.kind === "map") return (value) => Object.keys(value as object).length === 0;
  switch (type.scalar) {
    case "string":
    case "bytes":
      return (value) => value === "";
    case "bool":
      return (value) => value === false;
    case "int32":
    case "int64":
    case "double":
      return (value) => value === 0;
    default:
      return never;
  }
}

function compile(type: TypeReference): Decoder {
  switch (type.kind) {
    case "scalar":
      return SCALAR_DECODERS[type.scalar];
    case "list":
      return compileList(type.items);
    case "map":
      return compileMap(type.values);
    case "object": {
      let decode: Decoder | undefined;
      return (value, context) => {
        decode ??= structDecoder(type.name);
        return decode(value, context);
      };
    }
  }
}

function goTypeName(type: TypeReference): string {
  switch (type.kind) {
    case "scalar":
      return type.scalar === "double" ? "float64" : type.scalar;
    case "list":
      return `[]${goTypeName(type.items)}`;
    case "map":
      return `map[string]${goTypeName(type.values)}`;
    case "object":
      return `v1.${type.name.slice(type.name.indexOf(".") + 1)}`;
  }
}

function zeroOf(type: TypeReference): unknown {
  switch (type.kind) {
    case "scalar":
      return SCALAR_ZEROS[type.scalar];
    case "list":
    case "map":
      return null;
    case "object":
      return {};
  }
}

/** Undefined: the zero would be written as null, which readers take for absent anyway. */
function missingValue(type: TypeReference, context: DecodeContext): unknown {
  switch (type.kind) {
    case "object":
      return structDecoder(type.name)({}, context);
    case "list":
      return [];
    case "map":
      return undefined;
    case "scalar":
      return SCALAR_ZEROS[type.scalar] ?? undefined;
  }
}

function compileList(items: TypeReference): Decoder {
  const decode = compile(items);
  const goType = `[]${goTypeName(items)}`;
  return (value, context) => {
    if (!Array.isArray(value)) return context.typeError(goValueName(value), goType);
    const result: unknown[] = [];
    for (let index = 0; index < value.length; index += 1) {
      context.push(index);
      const item: unknown = value[index];
      result.push(item === null || item === undefined ? zeroOf(items) : decode(item, context));
      context.pop();
    }
    return result;
  };
}

function compileMap(values: TypeReference): Decoder {
  const decode = compile(values);
  const goType = `map[string]${goTypeName(values)}`;
  return (value, context) => {
    if (!isJsonObject(value)) return context.typeError(goValueName(value), goType);
    const result: JsonObject = {};
    for (const key of Object.keys(value)) {
      const item = value[key];
      context.push(key);
      setOwnField(result, key, item === null || item === undefined ? zeroOf(values) : decode(item, context));
      context.pop();
    }
    return result;
  };
}

/** Types whose JSON is one of several shapes. Source: apiextensions-apiserver pkg/apis/apiextensions/v1/marshal.go. */
const SCHEMA: TypeReference = { kind: "object", name: "apiextensions/v1.JSONSchemaProps" };
const decodeSchema = compile(SCHEMA);
const decodeSchemas = compileList(SCHEMA);
const decodeStrings = compileList({ kind: "scalar", scalar: "string" });
const UNIONS: ReadonlyMap<string, Decoder> = new Map<string, Decoder>([
  [
    "apiextensions/v1.JSONSchemaPropsOrBool",
    (value, context) => (typeof value === "boolean" ? value : decodeSchema(value, context)),
  ],
  [
    "apiextensions/v1.JSONSchemaPropsOrArray",
    (value, context) => (Array.isArray(value) ? decodeSchemas(value, context) : decodeSchema(value, context)),
  ],
  [
    "apiextensions/v1.JSONSchemaPropsOrStringArray",
    (value, context) => (Array.isArray(value) ? decodeStrings(value, context) : decodeSchema(value, context)),
  ],
]);
