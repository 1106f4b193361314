import type { FieldSchema, JsonObject, TypeReference, TypeSchema } from "../schema/index.ts";
import { setOwnField, typeOf } from "../schema/index.ts";
import { BrokenMessageError, MessageReader, type WireType } from "./reader.ts";
import { base64, readIntOrString, readQuantity, readRawJson, readTexts, readTime } from "./special-values.ts";

/** Deeper messages are refused: real ones stay far below (CRD schemas), and reading recurses. */
const DEPTH_MAX = 200;

/** Reads one value and puts it into the object that is being built. */
type FieldReader = (target: JsonObject, reader: MessageReader, wireType: WireType, depth: number) => void;
type FieldTable = ReadonlyMap<number, FieldReader>;

const tables = new Map<string, FieldTable>();

/** Reads a message of the named type into its JSON form. Throws BrokenMessageError. */
export function readMessage(typeName: string, bytes: Uint8Array, depth = 0): unknown {
  const union = UNIONS.get(typeName);
  if (union !== undefined) return union(bytes, depth);
  let table = tables.get(typeName);
  if (table === undefined) {
    const type = typeOf(typeName);
    table = fieldTable(type, type);
    tables.set(typeName, table);
  }
  return readInto({}, table, bytes, depth);
}

/** Reads a message of a type that is not in the table. */
export function readMessageOf(type: TypeSchema, bytes: Uint8Array): unknown {
  return readInto({}, fieldTable(type, type), bytes, 0);
}

function readInto(target: JsonObject, table: FieldTable, bytes: Uint8Array, depth: number): JsonObject {
  if (depth > DEPTH_MAX) throw new BrokenMessageError("messages are nested too deeply");
  const reader = new MessageReader(bytes);
  while (!reader.isAtEnd) {
    const [fieldNumber, wireType] = reader.tag();
    const read = table.get(fieldNumber);
    if (read === undefined) reader.skip(wireType);
    else read(target, reader, wireType, depth);
  }
  return target;
}

/** The types of an embedded message's fields stand in the type whose JSON they appear in. */
function fieldTable(owner: TypeSchema, message: TypeSchema): FieldTable {
  const table = new Map<number, FieldReader>();
  for (const field of message.fields.values()) {
    if (field.wireNumber === 0) continue;
    const declared = owner.fields.get(field.name);
    if (declared !== undefined)
      table.set(field.wireNumber, fieldReader(owner === message ? declared : merged(declared, field, message)));
  }
  for (const { wireNumber, message: embedded } of message.embedded) {
    const nested = fieldTable(owner, embedded);
    table.set(wireNumber, (target, reader, wireType, depth) => {
      readInto(target, nested, bytesOf(reader, wireType), depth + 1);
    });
  }
  return table;
}

/** Whose flags an embedded message's fields have, where the table states none for them. */
const FLAGS_OF: ReadonlyMap<string, string> = new Map([["core/v1.EphemeralContainerCommon", "core/v1.Container"]]);

/** Embedded members that are messages are pointers (volume sources, probe handlers); scalars have omitempty. */
function merged(declared: FieldSchema, field: FieldSchema, message: TypeSchema): FieldSchema {
  const source = FLAGS_OF.get(message.name);
  const flags = source === undefined ? undefined : typeOf(source).fields.get(field.name);
  return {
    ...declared,
    pointer: flags?.pointer ?? (declared.type.kind === "object" || field.pointer),
    keepZero: flags?.keepZero ?? field.keepZero,
  };
}

function bytesOf(reader: MessageReader, wireType: WireType): Uint8Array {
  if (wireType !== "bytes") throw new BrokenMessageError(`wrong wireType ${wireType}`);
  return reader.bytes();
}

function fieldReader(field: FieldSchema): FieldReader {
  const { name, type } = field;
  if (type.kind === "list") return listReader(name, type.items);
  if (type.kind === "map") return mapReader(name, type.values);
  const read = valueReader(type);
  const drops = dropRule(field);
  return (target, reader, wireType, depth) => {
    const value = read(reader, wireType, depth);
    // A later zero of the same field would reset it; writers send each field once.
    if (value !== undefined && !drops(value)) target[name] = value;
  };
}

/** Go writes the zero values of fields that are not pointers; those with omitempty are not in the JSON. */
function dropRule({ type, pointer, keepZero }: FieldSchema): (value: unknown) => boolean {
  if (pointer || keepZero) return () => false;
  if (type.kind === "object")
    return (value) => typeof value === "object" && value !== null && Object.keys(value).length === 0;
  if (type.kind === "scalar" && type.scalar === "intOrString") return () => false;
  return (value) => value === "" || value === 0 || value === false;
}

type ValueReader = (reader: MessageReader, wireType: WireType, depth: number) => unknown;

function valueReader(type: TypeReference): ValueReader {
  switch (type.kind) {
    case "object":
      return (reader, wireType, depth) => readMessage(type.name, bytesOf(reader, wireType), depth + 1);
    case "list":
      return (reader, wireType) => readTexts(bytesOf(reader, wireType));
    case "map":
      throw new Error("the schema table has no map of maps");
    case "scalar":
      return SCALAR_READERS[type.scalar];
  }
}

function integer(reader: MessageReader, wireType: WireType): number {
  if (wireType !== "varint") throw new BrokenMessageError(`wrong wireType ${wireType}`);
  return reader.integer();
}

const UTF_8 = new TextDecoder();

const SCALAR_READERS = {
  string: (reader: MessageReader, wireType: WireType): unknown => UTF_8.decode(bytesOf(reader, wireType)),
  bytes: (reader: MessageReader, wireType: WireType): unknown => base64(bytesOf(reader, wireType)),
  int32: integer,
  int64: integer,
  bool: (reader: MessageReader, wireType: WireType): unknown => integer(reader, wireType) !== 0,
  double: (reader: MessageReader, wireType: WireType): unknown => {
    if (wireType !== "fixed64") throw new BrokenMessageError(`wrong wireType ${wireType}`);
    return reader.double();
  },
  time: (reader: MessageReader, wireType: WireType): unknown => readTime(bytesOf(reader, wireType), { micro: false }),
  microTime: (reader: MessageReader, wireType: WireType): unknown =>
    readTime(bytesOf(reader, wireType), { micro: true }),
  quantity: (reader: MessageReader, wireType: WireType): unknown => readQuantity(bytesOf(reader, wireType)),
  intOrString: (reader: MessageReader, wireType: WireType): unknown => readIntOrString(bytesOf(reader, wireType)),
  any: (reader: MessageReader, wireType: WireType): unknown => readRawJson(bytesOf(reader, wireType)),
} as const;

function listReader(name: string, items: TypeReference): FieldReader {
  const read = valueReader(items);
  const isInteger = items.kind === "scalar" && (items.scalar === "int32" || items.scalar === "int64");
  return (target, reader, wireType, depth) => {
    target[name] ??= [];
    const list = target[name] as unknown[];
    if (isInteger && wireType === "bytes") {
      const packed = new MessageReader(reader.bytes());
      while (!packed.isAtEnd) list.push(packed.integer());
    } else list.push(read(reader, wireType, depth));
  };
}

/** Entries are messages { 1: key, 2: value }; either may be missing if it is zero. */
function mapReader(name: string, values: TypeReference): FieldReader {
  const read = valueReader(values);
  return (target, reader, wireType, depth) => {
    target[name] ??= {};
    const map = target[name] as JsonObject;
    const entry = new MessageReader(bytesOf(reader, wireType));
    let key = "";
    let value: unknown = values.kind === "object" ? {} : values.kind === "list" ? [] : "";
    while (!entry.isAtEnd) {
      const [fieldNumber, entryWireType] = entry.tag();
      if (fieldNumber === 1 && entryWireType === "bytes") key = entry.text();
      else if (fieldNumber === 2) value = read(entry, entryWireType, depth + 1);
      else entry.skip(entryWireType);
    }
    setOwnField(map, key, value);
  };
}

const SCHEMA = "apiextensions/v1.JSONSchemaProps";

/** { 1: what, 2: else what }: the JSON is one of the two. Source: apiextensions-apiserver generated.proto and marshal.go. */
function unionReader(
  first: (reader: MessageReader, wireType: WireType, depth: number) => unknown,
  second: (reader: MessageReader, wireType: WireType, depth: number) => unknown,
  { secondIsList, firstUnlessSecond }: { readonly secondIsList: boolean; readonly firstUnlessSecond: boolean },
): (bytes: Uint8Array, depth: number) => unknown {
  return (bytes, depth) => {
    let one: unknown;
    let other: unknown;
    const reader = new MessageReader(bytes);
    while (!reader.isAtEnd) {
      const [fieldNumber, wireType] = reader.tag();
      if (fieldNumber === 1) one = first(reader, wireType, depth);
      else if (fieldNumber === 2 && secondIsList)
        other = [...((other as unknown[] | undefined) ?? []), second(reader, wireType, depth)];
      else if (fieldNumber === 2) other = second(reader, wireType, depth);
      else reader.skip(wireType);
    }
    return firstUnlessSecond ? (other ?? one) : (one ?? other);
  };
}

const schemaValue: ValueReader = (reader, wireType, depth) => readMessage(SCHEMA, bytesOf(reader, wireType), depth + 1);
const UNIONS: ReadonlyMap<string, (bytes: Uint8Array, depth: number) => unknown> = new Map([
  [
    "apiextensions/v1.JSONSchemaPropsOrBool",
    unionReader(SCALAR_READERS.bool, schemaValue, { secondIsList: false, firstUnlessSecond: true }),
  ],
  [
    "apiextensions/v1.JSONSchemaPropsOrArray",
    unionReader(schemaValue, schemaValue, { secondIsList: true, firstUnlessSecond: false }),
  ],
  [
    "apiextensions/v1.JSONSchemaPropsOrStringArray",
    unionReader(schemaValue, SCALAR_READERS.string, { secondIsList: true, firstUnlessSecond: true }),
  ],
]);
