import { formatTimestamp, malformed, parseTimestamp, type ScalarSettings } from "./scalars.ts";
import type { Schema } from "./service-model.ts";

export interface JsonSettings extends ScalarSettings {
  /** REST JSON honours the `jsonName` trait, JSON 1.x does not. */
  readonly jsonName: boolean;
}

/** Parsed JSON → a value in SDK types. Unknown members are ignored, nulls are absent, wrong types throw AwsError. */
export function readJson(schema: Schema, value: unknown, settings: JsonSettings): unknown {
  if (schema.isDocumentSchema() || schema.isUnitSchema()) return value;
  if (schema.isStructSchema()) return readStruct(schema, value, settings);
  if (schema.isListSchema()) {
    if (!Array.isArray(value)) throw unexpected(schema, value, "a list");
    const items = schema.getValueSchema();
    return value.filter((item) => item !== null).map((item) => readJson(items, item, settings));
  }
  if (schema.isMapSchema()) {
    const values = schema.getValueSchema();
    const entries = Object.entries(asObject(schema, value)).filter(([, item]) => item !== null);
    // fromEntries defines own properties, whatever the key is called.
    return Object.fromEntries(entries.map(([key, item]) => [key, readJson(values, item, settings)]));
  }
  return readJsonScalar(schema, value);
}

function readStruct(schema: Schema, value: unknown, settings: JsonSettings): object {
  const source = asObject(schema, value);
  const result: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const key = jsonKey(name, member, settings);
    const found = Object.hasOwn(source, key) ? source[key] : undefined;
    if (found !== undefined && found !== null) result[name] = readJson(member, found, settings);
  }
  return result;
}

function readJsonScalar(schema: Schema, value: unknown): unknown {
  if (schema.isTimestampSchema()) {
    if (typeof value !== "string" && typeof value !== "number") throw unexpected(schema, value, "a timestamp");
    return parseTimestamp(value);
  }
  if (schema.isBlobSchema()) {
    if (typeof value !== "string") throw unexpected(schema, value, "base64 text");
    return new Uint8Array(Buffer.from(value, "base64"));
  }
  if (schema.isBooleanSchema()) {
    if (typeof value !== "boolean") throw unexpected(schema, value, "true or false");
    return value;
  }
  if (schema.isNumericSchema() || schema.isBigIntegerSchema()) {
    if (typeof value !== "number") throw unexpected(schema, value, "a number");
    return value;
  }
  if (typeof value !== "string") throw unexpected(schema, value, "text");
  return value;
}

/** A value in SDK types → plain JSON. Members the schema does not know are left out. */
export function writeJson(schema: Schema, value: unknown, settings: JsonSettings): unknown {
  if (value === undefined || value === null) return undefined;
  if (schema.isStructSchema()) {
    const source = value as Readonly<Record<string, unknown>>;
    const entries: [string, unknown][] = [];
    for (const [name, member] of schema.structIterator()) {
      if (source[name] === undefined || source[name] === null) continue;
      entries.push([jsonKey(name, member, settings), writeJson(member, source[name], settings)]);
    }
    return Object.fromEntries(entries);
  }
  if (schema.isListSchema()) {
    const items = schema.getValueSchema();
    return (value as readonly unknown[]).map((item) => writeJson(items, item, settings));
  }
  if (schema.isMapSchema()) {
    const values = schema.getValueSchema();
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, writeJson(values, item, settings)]));
  }
  if (value instanceof Date) return formatTimestamp(schema, value, settings);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return value;
}

function jsonKey(name: string, member: Schema, settings: JsonSettings): string {
  return (settings.jsonName ? member.getMergedTraits().jsonName : undefined) ?? name;
}

function asObject(schema: Schema, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw unexpected(schema, value, "an object");
  return value as Readonly<Record<string, unknown>>;
}

function unexpected(schema: Schema, value: unknown, wanted: string): Error {
  const where = schema.isMemberSchema() ? schema.getMemberName() : (schema.getName() ?? "value");
  const kind = Array.isArray(value) ? "a list" : typeof value;
  return malformed(`${where} must be ${wanted}, not ${kind}`);
}
