import { KUBERNETES_TYPES } from "./kubernetes-types.ts";

/** What a field may hold. */
export type FieldType =
  | { readonly kind: "text" | "int" | "bool" | "quantity" | "intOrText" | "any" }
  | { readonly kind: "oneOf"; readonly words: readonly string[] }
  | { readonly kind: "list" | "map"; readonly of: FieldType }
  | { readonly kind: "object"; readonly name: string };

export interface Field {
  readonly type: FieldType;
  readonly required: boolean;
}

export type ObjectType = ReadonlyMap<string, Field>;

const SCALARS = ["text", "int", "bool", "quantity", "intOrText", "any"] as const;

function fieldType(text: string): FieldType {
  if (text.startsWith("[")) return { kind: "list", of: fieldType(text.slice(1, -1)) };
  if (text.startsWith("{")) return { kind: "map", of: fieldType(text.slice(1, -1)) };
  if (text.includes("|")) return { kind: "oneOf", words: text.split("|").map((word) => (word === '""' ? "" : word)) };
  const scalar = SCALARS.find((one) => one === text);
  return scalar === undefined ? { kind: "object", name: text } : { kind: scalar };
}

function parseType(fields: string): ObjectType {
  const type = new Map<string, Field>();
  for (const field of fields.split(" ")) {
    const colon = field.indexOf(":");
    const required = field[colon - 1] === "!";
    type.set(field.slice(0, required ? colon - 1 : colon), { required, type: fieldType(field.slice(colon + 1)) });
  }
  return type;
}

const TYPES: ReadonlyMap<string, ObjectType> = new Map(
  KUBERNETES_TYPES.trim()
    .replaceAll("\n  ", " ")
    .split("\n")
    .map((line): [string, ObjectType] => {
      const [name = "", fields = ""] = line.split(" = ");
      return [name, parseType(fields)];
    }),
);

/** A type of the table. Throws TypeError for a name that is not in it. */
export function objectType(name: string): ObjectType {
  const type = TYPES.get(name);
  if (type === undefined) throw new TypeError(`no type ${name} in the table`);
  return type;
}

const COMMON: ObjectType = parseType("apiVersion:text kind:text metadata:ObjectMeta status:any");

const KIND_TYPES = new Map<string, ObjectType>();

/** The type of a whole object: its own fields and those that every object has. */
export function kindType(name: string): ObjectType {
  const known = KIND_TYPES.get(name);
  if (known !== undefined) return known;
  const type = new Map([...COMMON, ...objectType(name)]);
  KIND_TYPES.set(name, type);
  return type;
}
