import { canonicalQuantity } from "@nodeless/api";
import type { DecodeContext } from "./decode-context.ts";
import { goValueName } from "./decode-context.ts";
import type { Scalar } from "./table.ts";

/** Turns one JSON value into its canonical form, or throws through the context. Never sees null. */
export type Decoder = (value: unknown, context: DecodeContext) => unknown;

const INT32_MAX = 2_147_483_647;

function decodeString(value: unknown, context: DecodeContext): unknown {
  return typeof value === "string" ? value : context.typeError(goValueName(value), "string");
}

function decodeBool(value: unknown, context: DecodeContext): unknown {
  return typeof value === "boolean" ? value : context.typeError(goValueName(value), "bool");
}

function decodeInt32(value: unknown, context: DecodeContext): unknown {
  if (typeof value !== "number") return context.typeError(goValueName(value), "int32");
  if (!Number.isInteger(value) || value > INT32_MAX || value < -INT32_MAX - 1)
    return context.typeError(`number ${value}`, "int32");
  return value;
}

function decodeInt64(value: unknown, context: DecodeContext): unknown {
  if (typeof value !== "number") return context.typeError(goValueName(value), "int64");
  return Number.isInteger(value) ? value : context.typeError(`number ${value}`, "int64");
}

function decodeDouble(value: unknown, context: DecodeContext): unknown {
  return typeof value === "number" ? value : context.typeError(goValueName(value), "float64");
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeBytes(value: unknown, context: DecodeContext): unknown {
  if (typeof value !== "string") return context.typeError(goValueName(value), "[]uint8");
  const text = /[\r\n]/.test(value) ? value.replaceAll(/[\r\n]/g, "") : value;
  if (BASE64.test(text)) return text;
  const bad = /[^A-Za-z0-9+/]/.exec(text)?.index ?? text.length - (text.length % 4);
  return context.fail(`illegal base64 data at input byte ${bad}`);
}

const CANONICAL_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const RFC_3339 = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/;

/** `YYYY-MM-DDTHH:MM:SS` in UTC and the digits of the fraction. */
function parseTime(value: unknown, context: DecodeContext): readonly [seconds: string, fraction: string] {
  if (typeof value !== "string") return context.typeError(goValueName(value), "string");
  const match = RFC_3339.exec(value);
  const milliseconds = match === null ? Number.NaN : Date.parse(value.replace(/\.\d+/, ""));
  if (Number.isNaN(milliseconds))
    return context.fail(
      `parsing time ${JSON.stringify(value)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(value)} as "2006"`,
    );
  return [new Date(milliseconds).toISOString().slice(0, 19), match?.[2] ?? ""];
}

function decodeTime(value: unknown, context: DecodeContext): unknown {
  if (typeof value === "string" && CANONICAL_TIME.test(value) && !Number.isNaN(Date.parse(value))) return value;
  return `${parseTime(value, context)[0]}Z`;
}

function decodeMicroTime(value: unknown, context: DecodeContext): unknown {
  const [seconds, fraction] = parseTime(value, context);
  return `${seconds}.${fraction.slice(0, 6).padEnd(6, "0")}Z`;
}

/** Quantities repeat: the same few texts in every pod. The bound only guards against hostile input. */
const QUANTITY_CACHE_ENTRIES_MAX = 10_000;
const canonicalQuantities = new Map<string, string>();

function decodeQuantity(value: unknown, context: DecodeContext): unknown {
  if (typeof value !== "string" && typeof value !== "number") return context.typeError(goValueName(value), "string");
  const text = String(value);
  const known = canonicalQuantities.get(text);
  if (known !== undefined) return known;
  const canonical = canonicalOrUndefined(text);
  if (canonical === undefined)
    return context.fail("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  if (canonicalQuantities.size >= QUANTITY_CACHE_ENTRIES_MAX) canonicalQuantities.clear();
  canonicalQuantities.set(text, canonical);
  return canonical;
}

function canonicalOrUndefined(text: string): string | undefined {
  try {
    return canonicalQuantity(text);
  } catch {
    return undefined;
  }
}

function decodeIntOrString(value: unknown, context: DecodeContext): unknown {
  if (typeof value === "string") return value;
  return decodeInt32(value, context);
}

export const SCALAR_DECODERS: Readonly<Record<Scalar, Decoder>> = {
  string: decodeString,
  bool: decodeBool,
  int32: decodeInt32,
  int64: decodeInt64,
  double: decodeDouble,
  bytes: decodeBytes,
  time: decodeTime,
  microTime: decodeMicroTime,
  quantity: decodeQuantity,
  intOrString: decodeIntOrString,
  any: (value) => value,
};

/** What Go's zero value looks like: stands where a list item or map value is null. Undefined: null stays. */
export const SCALAR_ZEROS: Readonly<Record<Scalar, unknown>> = {
  string: "",
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  bytes: "",
  time: null,
  microTime: null,
  quantity: "0",
  intOrString: 0,
  any: null,
};
