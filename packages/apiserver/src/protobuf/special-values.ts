import { BrokenMessageError, MessageReader, type WireType } from "./reader.ts";

/** Reads the fields of a small message whose shape is known here; others are skipped. */
function readFields(
  bytes: Uint8Array,
  read: (fieldNumber: number, reader: MessageReader, wireType: WireType) => boolean,
): void {
  const reader = new MessageReader(bytes);
  while (!reader.isAtEnd) {
    const [fieldNumber, wireType] = reader.tag();
    if (!read(fieldNumber, reader, wireType)) reader.skip(wireType);
  }
}

/** Quantity { 1: text }. Source of the shapes here: the generated.proto files of k8s.io/apimachinery. */
export function readQuantity(bytes: Uint8Array): string {
  let text = "0";
  readFields(bytes, (fieldNumber, reader, wireType) => {
    if (fieldNumber !== 1 || wireType !== "bytes") return false;
    text = reader.text();
    return true;
  });
  return text;
}

/** IntOrString { 1: 0 = int, 1 = text; 2: int; 3: text }. */
export function readIntOrString(bytes: Uint8Array): number | string {
  let isText = false;
  let integer = 0;
  let text = "";
  readFields(bytes, (fieldNumber, reader, wireType) => {
    if (fieldNumber === 1 && wireType === "varint") isText = reader.integer() === 1;
    else if (fieldNumber === 2 && wireType === "varint") integer = reader.integer();
    else if (fieldNumber === 3 && wireType === "bytes") text = reader.text();
    else return false;
    return true;
  });
  return isText ? text : integer;
}

/** Farther from the epoch than a Date can say. */
const SECONDS_MAX = 8_640_000_000_000;

/** Time { 1: seconds, 2: nanoseconds }; undefined: Go's zero time, which is written as an empty message. */
export function readTime(bytes: Uint8Array, { micro }: { readonly micro: boolean }): string | undefined {
  if (bytes.length === 0) return undefined;
  let seconds = 0;
  let nanoseconds = 0;
  readFields(bytes, (fieldNumber, reader, wireType) => {
    if (wireType !== "varint" || fieldNumber > 2) return false;
    if (fieldNumber === 1) seconds = reader.integer();
    else nanoseconds = reader.integer();
    return true;
  });
  if (Math.abs(seconds) > SECONDS_MAX) throw new BrokenMessageError("a time is out of range");
  const text = new Date(seconds * 1000).toISOString().slice(0, 19);
  return micro ? `${text}.${String(Math.floor(nanoseconds / 1000)).padStart(6, "0")}Z` : `${text}Z`;
}

/** RawExtension, JSON and FieldsV1 { 1: JSON text }. Empty: an empty object. */
export function readRawJson(bytes: Uint8Array): unknown {
  let text = "{}";
  readFields(bytes, (fieldNumber, reader, wireType) => {
    if (fieldNumber !== 1 || wireType !== "bytes") return false;
    text = reader.text();
    return true;
  });
  try {
    return JSON.parse(text === "" ? "{}" : text);
  } catch (error) {
    throw new BrokenMessageError("a raw extension does not hold JSON", { cause: error });
  }
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** { 1: repeated text }, as a list stands in a map. */
export function readTexts(bytes: Uint8Array): readonly string[] {
  const texts: string[] = [];
  readFields(bytes, (fieldNumber, reader, wireType) => {
    if (fieldNumber !== 1 || wireType !== "bytes") return false;
    texts.push(reader.text());
    return true;
  });
  return texts;
}
