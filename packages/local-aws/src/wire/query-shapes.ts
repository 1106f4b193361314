import { malformed, parseScalar } from "./scalars.ts";
import type { Schema } from "./service-model.ts";

/** Query parameters as a tree: `Filter.1.Name=x` is root → Filter → 1 → Name. */
export interface QueryNode {
  value: string | undefined;
  readonly children: Map<string, QueryNode>;
}

/** The deepest input shape of the seven services nests 12 levels; more is an attack on the stack. */
const KEY_PARTS_MAX = 32;
/** DescribeInstances with 1,000 ids and CreateFleet with hundreds of overrides stay far below. */
const PARAMETERS_MAX = 20_000;

/** Builds the tree; later values of a key win. Throws AwsError beyond the bounds. */
export function queryTree(parameters: URLSearchParams): QueryNode {
  if (parameters.size > PARAMETERS_MAX) throw malformed(`more than ${PARAMETERS_MAX} parameters`);
  const root: QueryNode = { value: undefined, children: new Map() };
  for (const [key, value] of parameters) {
    const parts = key.split(".");
    if (parts.length > KEY_PARTS_MAX) throw malformed("parameter nested too deeply");
    let node = root;
    for (const part of parts) {
      let child = node.children.get(part);
      if (child === undefined) {
        child = { value: undefined, children: new Map() };
        node.children.set(part, child);
      }
      node = child;
    }
    node.value = value;
  }
  return root;
}

export interface QuerySettings {
  /** EC2 has its own key trait, capitalized keys, and lists that are always flat. */
  readonly ec2: boolean;
}

/** A query tree → a value in SDK types. */
export function readQuery(schema: Schema, node: QueryNode, settings: QuerySettings): unknown {
  if (schema.isStructSchema()) {
    const result: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const child = node.children.get(memberKey(name, member, settings));
      if (child !== undefined) result[name] = readQuery(member, child, settings);
    }
    return result;
  }
  if (schema.isListSchema()) {
    const items = schema.getValueSchema();
    return listItems(schema, items, node, settings).map((item) => readQuery(items, item, settings));
  }
  if (schema.isMapSchema()) return readMap(schema, node, settings);
  return schema.isUnitSchema() ? {} : parseScalar(schema, node.value ?? "");
}

function memberKey(name: string, member: Schema, settings: QuerySettings): string {
  const { ec2QueryName } = member.getMergedTraits();
  const key = tagOf(member, name);
  if (!settings.ec2) return key;
  if (typeof ec2QueryName === "string") return ec2QueryName;
  return key.charAt(0).toUpperCase() + key.slice(1);
}

function tagOf(schema: Schema, otherwise: string): string {
  return schema.getMergedTraits().xmlName ?? otherwise;
}

/** `Key=` with an empty value is an empty list. */
function listItems(schema: Schema, items: Schema, node: QueryNode, settings: QuerySettings): QueryNode[] {
  const flat = settings.ec2 || schema.getMergedTraits().xmlFlattened !== undefined;
  return numbered(flat ? node : node.children.get(tagOf(items, "member")));
}

function readMap(schema: Schema, node: QueryNode, settings: QuerySettings): object {
  const keys = schema.getKeySchema();
  const values = schema.getValueSchema();
  const keyName = tagOf(keys, "key");
  const valueName = tagOf(values, "value");
  const flat = schema.getMergedTraits().xmlFlattened !== undefined;
  const entries = numbered(flat ? node : node.children.get("entry")).map((entry): [string, unknown] => {
    const key = entry.children.get(keyName)?.value;
    const value = entry.children.get(valueName);
    if (key === undefined || value === undefined) throw malformed(`map entry without ${keyName} or ${valueName}`);
    return [key, readQuery(values, value, settings)];
  });
  return Object.fromEntries(entries);
}

function numbered(node: QueryNode | undefined): QueryNode[] {
  if (node === undefined) return [];
  return [...node.children]
    .filter(([key]) => /^\d+$/.test(key))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => child);
}
