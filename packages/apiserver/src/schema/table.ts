import { readFileSync } from "node:fs";

export type Scalar =
  | "string"
  | "int32"
  | "int64"
  | "double"
  | "bool"
  | "bytes"
  | "time"
  | "microTime"
  | "quantity"
  | "intOrString"
  | "any";

/** The type of a field's value, list item or map value. Map keys are strings. */
export type TypeReference =
  | { readonly kind: "scalar"; readonly scalar: Scalar }
  | { readonly kind: "list"; readonly items: TypeReference }
  | { readonly kind: "map"; readonly values: TypeReference }
  | { readonly kind: "object"; readonly name: string };

export interface FieldSchema {
  readonly name: string;
  readonly type: TypeReference;
  /** 0: the field belongs to an embedded message, see {@link TypeSchema.embedded}. */
  readonly wireNumber: number;
  readonly required: boolean;
  /** A pointer in Go: a zero value is a value. */
  readonly pointer: boolean;
  /** Written even when zero (no omitempty). */
  readonly keepZero: boolean;
  /** List type for server-side apply; lists without one are atomic. */
  readonly listType?: "atomic" | "set" | "map";
  /** Keys of a `map` list. */
  readonly listKeys: readonly string[];
  readonly mapType?: "atomic" | "granular";
  /** `merge`, `retainKeys`, `replace`; empty: lists are replaced, maps are merged. */
  readonly patchStrategies: readonly string[];
  readonly patchMergeKey?: string;
}

export interface TypeSchema {
  /** `apps/v1.Deployment` */
  readonly name: string;
  readonly fields: ReadonlyMap<string, FieldSchema>;
  /** Messages whose fields stand in this type's JSON but are nested in protobuf. */
  readonly embedded: readonly { readonly wireNumber: number; readonly message: TypeSchema }[];
  /** Of a top-level kind. */
  readonly gvk?: { readonly group: string; readonly version: string; readonly kind: string };
  /** Server-side apply treats the whole object as one value. */
  readonly atomic: boolean;
}

/** One served resource or subresource. */
export interface ResourceEntry {
  /** `v1`, `apps/v1` */
  readonly groupVersion: string;
  /** `pods`, `pods/log` */
  readonly resource: string;
  readonly namespaced: boolean;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

type RawField = readonly [name: string, type: string, wireNumber: number, flags: string];
interface RawType {
  readonly fields: readonly RawField[];
  readonly gvk?: string;
  readonly embed?: readonly (readonly [number, string])[];
  readonly map?: string;
}
interface RawTable {
  readonly resources: readonly (readonly [string, string, string, string | null, readonly string[]])[];
  readonly types: Readonly<Record<string, RawType>>;
}

let loaded: RawTable | undefined;
const resolved = new Map<string, TypeSchema>();

/** Read on first use, since most importers of the package never serve a request. */
function table(): RawTable {
  loaded ??= JSON.parse(
    readFileSync(new URL("../../data/kubernetes-schema.json", import.meta.url), "utf8"),
  ) as RawTable;
  return loaded;
}

/** The type of this name, or undefined. Source of all facts: the table in `data/kubernetes-schema.json`. */
export function findType(name: string): TypeSchema | undefined {
  const known = resolved.get(name);
  if (known !== undefined) return known;
  const types = table().types;
  const raw = Object.hasOwn(types, name) ? types[name] : undefined;
  if (raw === undefined) return undefined;
  const type: TypeSchema = {
    name,
    fields: new Map(raw.fields.map((field) => [field[0], parseField(field)])),
    embedded: (raw.embed ?? []).map(([wireNumber, message]) => ({
      wireNumber,
      message: typeOf(`${name.slice(0, name.indexOf("."))}.${message}`),
    })),
    ...(raw.gvk === undefined ? {} : { gvk: parseGvk(raw.gvk) }),
    atomic: raw.map === "atomic",
  };
  resolved.set(name, type);
  return type;
}

/** Like {@link findType}, for names that come from the table itself: a missing one is our bug. */
export function typeOf(name: string): TypeSchema {
  const type = findType(name);
  if (type === undefined) throw new Error(`the schema table has no type ${name}`);
  return type;
}

let byGvk: Map<string, string> | undefined;

/** The type of a kind: `findKind({ group: "apps", version: "v1", kind: "Deployment" })`. */
export function findKind(gvk: {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}): TypeSchema | undefined {
  byGvk ??= new Map(
    Object.entries(table().types).flatMap(([name, { gvk: key }]) => (key === undefined ? [] : [[key, name]])),
  );
  const name = byGvk.get(`${gvk.group}/${gvk.version}/${gvk.kind}`);
  return name === undefined ? undefined : findType(name);
}

/** Every resource and subresource of the table, in its order. */
export function resourceEntries(): readonly ResourceEntry[] {
  return table().resources.flatMap(([groupVersion, resource, scope, gvk, verbs]) =>
    resource === "" || gvk === null
      ? []
      : [
          {
            groupVersion: groupVersion.startsWith("/") ? groupVersion.slice(1) : groupVersion,
            resource,
            namespaced: scope === "namespaced",
            ...parseGvk(gvk),
            verbs,
          },
        ],
  );
}

function parseGvk(text: string): { readonly group: string; readonly version: string; readonly kind: string } {
  const [group = "", version = "", kind = ""] =
    text.split("/").length === 3 ? text.split("/") : ["", ...text.split("/")];
  return { group, version, kind };
}

/** Types that hold any JSON value. */
const FREE_FORM = new Set([
  "",
  "any",
  "meta/v1.FieldsV1",
  "apiextensions/v1.JSON",
  "apiextensions/v1.CustomResourceSubresourceStatus",
]);
const SCALARS = new Set<string>([
  "string",
  "int32",
  "int64",
  "double",
  "bool",
  "bytes",
  "time",
  "microTime",
  "quantity",
  "intOrString",
]);

function parseTypeReference(text: string): TypeReference {
  if (text.startsWith("[")) return { kind: "list", items: parseTypeReference(text.slice(1, -1)) };
  if (text.startsWith("{")) return { kind: "map", values: parseTypeReference(text.slice(1, -1)) };
  if (FREE_FORM.has(text)) return { kind: "scalar", scalar: "any" };
  if (SCALARS.has(text)) return { kind: "scalar", scalar: text as Scalar };
  return { kind: "object", name: text };
}

function parseField([name, type, wireNumber, flagText]: RawField): FieldSchema {
  const flags = flagText.split(" ");
  const listMap = flags.find((flag) => flag.startsWith("map("));
  const patch = flags.find((flag) => flag.startsWith("patch="))?.slice("patch=".length);
  const [strategies = "", mergeKey] = patch?.split(":") ?? [];
  const listType =
    listMap !== undefined ? "map" : flags.includes("set") ? "set" : flags.includes("atomic") ? "atomic" : undefined;
  const mapType = flags.includes("map-atomic") ? "atomic" : flags.includes("map-granular") ? "granular" : undefined;
  return {
    name,
    type: parseTypeReference(type),
    wireNumber,
    required: flags.includes("!"),
    pointer: flags.includes("ptr"),
    keepZero: flags.includes("keepzero"),
    ...(listType === undefined ? {} : { listType }),
    listKeys: listMap === undefined ? [] : listMap.slice("map(".length, -1).split(","),
    ...(mapType === undefined ? {} : { mapType }),
    patchStrategies: strategies === "" ? [] : strategies.split(","),
    ...(mergeKey === undefined ? {} : { patchMergeKey: mergeKey }),
  };
}
