import { createHash } from "node:crypto";
import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { AwsError } from "../wire/aws-error.ts";

export type MessageAttributes = Readonly<Record<string, MessageAttributeValue>>;

const ATTRIBUTES_MAX = 10;
/** Transport types in the digest. */
const STRING_TRANSPORT = 1;
const BINARY_TRANSPORT = 2;

/** Checks attributes: at most ten, each with a value that fits its type. Throws InvalidParameterValue. */
export function checkAttributes(attributes: MessageAttributes): void {
  const entries = Object.entries(attributes);
  if (entries.length > ATTRIBUTES_MAX)
    throw invalid(`Number of message attributes [${entries.length}] exceeds the allowed maximum [${ATTRIBUTES_MAX}].`);
  for (const [name, { DataType = "", StringValue, BinaryValue }] of entries) {
    if (!/^(String|Number|Binary)(\.|$)/.test(DataType))
      throw invalid(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    const value = DataType.startsWith("Binary") ? BinaryValue?.length : StringValue?.length;
    if (value === undefined || value === 0)
      throw invalid(`The message attribute '${name}' must contain a non-empty value of type ${DataType}.`);
  }
}

/** The digest SDKs compare: sorted names, each with type and value, all length-prefixed. Source: SQS developer guide. */
export function attributesMd5(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const digest = createHash("md5");
  for (const name of names) {
    const { DataType = "", StringValue = "", BinaryValue = new Uint8Array() } = attributes[name] ?? {};
    const binary = DataType.startsWith("Binary");
    digest.update(prefixed(Buffer.from(name))).update(prefixed(Buffer.from(DataType)));
    digest.update(Uint8Array.of(binary ? BINARY_TRANSPORT : STRING_TRANSPORT));
    digest.update(prefixed(binary ? BinaryValue : Buffer.from(StringValue)));
  }
  return digest.digest("hex");
}

/** Attributes a receiver asks for: names, `All`, `.*`, or a prefix with `.*`. */
export function wantedAttributes(
  attributes: MessageAttributes,
  names: readonly string[],
): Record<string, MessageAttributeValue> {
  const isWanted = (name: string): boolean =>
    names.some(
      (wanted) =>
        wanted === "All" || wanted === name || (wanted.endsWith(".*") && name.startsWith(wanted.slice(0, -2))),
    );
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => isWanted(name)));
}

function prefixed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

function invalid(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message);
}
