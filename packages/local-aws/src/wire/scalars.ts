import { determineTimestampFormat } from "@smithy/core/protocols";
import { AwsError } from "./aws-error.ts";
import type { Schema } from "./service-model.ts";

/** Timestamp formats as the SDK numbers them. */
const DATE_TIME = 5;
const HTTP_DATE = 6;
const EPOCH_SECONDS = 7;

export interface ScalarSettings {
  readonly timestampFormat: { readonly useTrait: true; readonly default: typeof DATE_TIME | typeof EPOCH_SECONDS };
  /** REST: timestamps in headers and query strings have other defaults. */
  readonly httpBindings: boolean;
}

export const QUERY_SCALARS: ScalarSettings = {
  timestampFormat: { useTrait: true, default: DATE_TIME },
  httpBindings: false,
};
export const JSON_RPC_SCALARS: ScalarSettings = {
  timestampFormat: { useTrait: true, default: EPOCH_SECONDS },
  httpBindings: false,
};
export const REST_SCALARS: ScalarSettings = {
  timestampFormat: { useTrait: true, default: EPOCH_SECONDS },
  httpBindings: true,
};

/** Parses a scalar that came as text (query string, header, label, form). Throws AwsError for text that is none. */
export function parseScalar(schema: Schema, text: string): unknown {
  if (schema.isBlobSchema()) return new Uint8Array(Buffer.from(text, "base64"));
  if (schema.isTimestampSchema()) return parseTimestamp(text);
  if (schema.isBooleanSchema()) return parseBoolean(text);
  if (schema.isBigIntegerSchema() && /^-?\d{1,40}$/.test(text)) return BigInt(text);
  if (schema.isNumericSchema()) return parseNumber(text);
  return text;
}

/** Writes a scalar as text. */
export function formatScalar(schema: Schema, value: unknown, settings: ScalarSettings): string {
  if (value instanceof Date) return String(formatTimestamp(schema, value, settings));
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (schema.isBlobSchema()) return Buffer.from(String(value)).toString("base64");
  return String(value);
}

/** Epoch seconds as a number, the other formats as text. */
export function formatTimestamp(schema: Schema, value: Date, settings: ScalarSettings): string | number {
  const format = determineTimestampFormat(schema, settings);
  if (format === EPOCH_SECONDS) return value.getTime() / 1000;
  return format === HTTP_DATE ? value.toUTCString() : value.toISOString();
}

/** Any of the three formats: clients differ in what they send, and no two can be mistaken for one another. */
export function parseTimestamp(value: string | number): Date {
  const seconds = typeof value === "number" ? value : /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined;
  const date = new Date(seconds === undefined ? value : Math.round(seconds * 1000));
  if (Number.isNaN(date.getTime())) throw malformed(`${JSON.stringify(value)} is not a timestamp`);
  return date;
}

export function malformed(message: string): AwsError {
  return new AwsError("SerializationException", message, 400);
}

function parseBoolean(text: string): boolean {
  if (/^true$/i.test(text)) return true;
  if (/^false$/i.test(text)) return false;
  throw malformed(`${JSON.stringify(text)} is not true or false`);
}

function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || (Number.isNaN(value) && text !== "NaN"))
    throw malformed(`${JSON.stringify(text)} is not a number`);
  return value;
}
