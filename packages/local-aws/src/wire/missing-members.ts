import { AwsError } from "./aws-error.ts";
import { requiredMembers, type Schema, type WireProtocol } from "./service-model.ts";

/** Throws the protocol's own refusal for the first required member that is absent, at any depth. */
export function checkRequired(schema: Schema, value: unknown, protocol: WireProtocol): void {
  const path = missingMember(schema, value);
  if (path === undefined) return;
  throw refusal(path, protocol);
}

function refusal(path: string, protocol: WireProtocol): AwsError {
  if (protocol === "ec2Query")
    return new AwsError("MissingParameter", `The request must contain the parameter ${path}`);
  const message = `1 validation error detected: Value null at '${path}' failed to satisfy constraint: Member must not be null`;
  if (protocol === "awsQuery") return new AwsError("ValidationError", message);
  return new AwsError(protocol === "restJson1" ? "InvalidParameterException" : "ValidationException", message);
}

function missingMember(schema: Schema, value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (schema.isStructSchema()) return missingInStruct(schema, value as Readonly<Record<string, unknown>>);
  if (schema.isListSchema()) {
    const items = schema.getValueSchema();
    for (const [index, item] of (value as readonly unknown[]).entries()) {
      const path = missingMember(items, item);
      if (path !== undefined) return `${index + 1}.member.${path}`;
    }
  }
  if (!schema.isMapSchema()) return undefined;
  const values = schema.getValueSchema();
  for (const [key, item] of Object.entries(value)) {
    const path = missingMember(values, item);
    if (path !== undefined) return `${key}.${path}`;
  }
  return undefined;
}

function missingInStruct(schema: Schema, value: Readonly<Record<string, unknown>>): string | undefined {
  const required = requiredMembers(schema);
  for (const [name, member] of schema.structIterator()) {
    if (value[name] === undefined) {
      if (required.includes(name) && !member.isIdempotencyToken()) return name;
      continue;
    }
    const path = missingMember(member, value[name]);
    if (path !== undefined) return `${name}.${path}`;
  }
  return undefined;
}
