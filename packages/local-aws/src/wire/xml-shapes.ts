import { formatScalar, QUERY_SCALARS } from "./scalars.ts";
import type { Schema } from "./service-model.ts";

/** A structure's members as XML elements, without an element around them. */
export function writeXmlMembers(schema: Schema, value: object): string {
  const source = value as Readonly<Record<string, unknown>>;
  let xml = "";
  for (const [name, member] of schema.structIterator()) {
    const item = source[name];
    if (item !== undefined && item !== null) xml += writeXml(member, item, member.getMemberTraits().xmlName ?? name);
  }
  return xml;
}

function writeXml(schema: Schema, value: unknown, tag: string): string {
  if (schema.isStructSchema()) return element(tag, writeXmlMembers(schema, value as object));
  if (schema.isListSchema()) {
    const items = schema.getValueSchema();
    const flat = schema.getMergedTraits().xmlFlattened !== undefined;
    const itemTag = flat ? tag : (items.getMergedTraits().xmlName ?? "member");
    const xml = (value as readonly unknown[]).map((item) => writeXml(items, item, itemTag)).join("");
    // A flat empty list has no element of its own.
    return flat ? xml : element(tag, xml);
  }
  if (schema.isMapSchema()) {
    const keyTag = schema.getKeySchema().getMergedTraits().xmlName ?? "key";
    const values = schema.getValueSchema();
    const valueTag = values.getMergedTraits().xmlName ?? "value";
    const flat = schema.getMergedTraits().xmlFlattened !== undefined;
    const xml = Object.entries(value as object)
      .map(([key, item]) =>
        element(flat ? tag : "entry", element(keyTag, escapeXml(key)) + writeXml(values, item, valueTag)),
      )
      .join("");
    return flat ? xml : element(tag, xml);
  }
  return element(tag, escapeXml(formatScalar(schema, value, QUERY_SCALARS)));
}

export function element(tag: string, content: string): string {
  return `<${tag}>${content}</${tag}>`;
}

/** Text for an element or attribute. Characters XML 1.0 cannot hold become U+FFFD; a bare CR would be read back as LF. */
export function escapeXml(text: string): string {
  return text
    .toWellFormed()
    .replace(/\p{Cc}|[\uFFFE\uFFFF]/gu, (character) => (isLegalInXml(character) ? character : "\uFFFD"))
    .replace(/[&<>"\r]/g, (character) => ENTITIES.get(character) ?? character);
}

function isLegalInXml(character: string): boolean {
  return "\t\n\r".includes(character) || (character >= " " && character < "\uFFFE");
}

const ENTITIES = new Map([
  ["&", "&amp;"],
  ["<", "&lt;"],
  [">", "&gt;"],
  ['"', "&quot;"],
  ["\r", "&#xD;"],
]);
