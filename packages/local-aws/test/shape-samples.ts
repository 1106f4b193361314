import type { Schema } from "../src/wire/service-model.ts";

/**
 * A value with every member set, made from the schema alone. Texts carry what escaping gets wrong; every leaf differs, so that members
 * that land in each other's place are noticed. Shapes that contain themselves (filters, policy trees) are left out the second time.
 */
export function sampleOf(schema: Schema, path = "v", ancestors: readonly string[] = []): unknown {
  if (schema.isUnitSchema()) return {};
  if (schema.isStructSchema()) return sampleStruct(schema, path, ancestors);
  if (schema.isListSchema()) {
    const items = schema.getValueSchema();
    const list = [1, 2].map((index) => sampleOf(items, `${path}${index}`, ancestors));
    return list[0] === undefined ? undefined : list;
  }
  if (schema.isMapSchema()) {
    const values = schema.getValueSchema();
    const entries = [1, 2].map((index) => [`key-${index}`, sampleOf(values, `${path}${index}`, ancestors)] as const);
    return entries[0]?.[1] === undefined ? undefined : Object.fromEntries(entries);
  }
  return sampleScalar(schema, path);
}

function sampleStruct(schema: Schema, path: string, ancestors: readonly string[]): object | undefined {
  const shape = schema.getName() ?? path;
  if (ancestors.includes(shape)) return undefined;
  const result: Record<string, unknown> = {};
  for (const [name, member] of schema.structIterator()) {
    const value = sampleOf(member, `${path}.${name}`, [...ancestors, shape]);
    if (value !== undefined) result[name] = value;
    if (schema.isUnionSchema()) break;
  }
  return result;
}

function sampleScalar(schema: Schema, path: string): unknown {
  if (schema.isTimestampSchema()) return new Date(Date.UTC(2026, 0, 1) + numberOf(path) * 1000);
  if (schema.isBlobSchema()) return new Uint8Array(Buffer.from(`bytes of ${path}`));
  if (schema.isBooleanSchema()) return numberOf(path) % 2 === 0;
  if (schema.isBigIntegerSchema()) return BigInt(numberOf(path));
  if (schema.isNumericSchema()) return schema.getMergedTraits().httpResponseCode === undefined ? numberOf(path) : 202;
  if (schema.isDocumentSchema()) return { path };
  return schema.getMergedTraits().httpHeader === undefined ? `${path} é/<&>"' %2F+` : path;
}

function numberOf(path: string): number {
  let value = 7;
  for (const character of path) value = (value * 31 + character.charCodeAt(0)) % 1_000_003;
  return value;
}
