import type { FieldSchema, TypeSchema } from "../schema/index.ts";

function optionsType(
  name: string,
  fields: readonly (readonly [name: string, wireNumber: number, type: "text" | "list" | "bool"])[],
): TypeSchema {
  return {
    name: `meta/v1.${name}`,
    fields: new Map(fields.map(([field, wireNumber, type]) => [field, optionField(field, wireNumber, type)])),
    embedded: [],
    atomic: false,
  };
}

function optionField(name: string, wireNumber: number, type: "text" | "list" | "bool"): FieldSchema {
  const text = { kind: "scalar", scalar: "string" } as const;
  return {
    name,
    type: type === "list" ? { kind: "list", items: text } : type === "bool" ? { kind: "scalar", scalar: "bool" } : text,
    wireNumber,
    required: false,
    pointer: type === "bool",
    keepZero: false,
    listKeys: [],
    patchStrategies: [],
  };
}

/** Options that the schema table leaves out. Source: k8s.io/apimachinery pkg/apis/meta/v1/generated.proto. */
export const OPTION_TYPES: ReadonlyMap<string, TypeSchema> = new Map([
  [
    "CreateOptions",
    optionsType("CreateOptions", [
      ["dryRun", 1, "list"],
      ["fieldManager", 3, "text"],
      ["fieldValidation", 4, "text"],
    ]),
  ],
  [
    "UpdateOptions",
    optionsType("UpdateOptions", [
      ["dryRun", 1, "list"],
      ["fieldManager", 2, "text"],
      ["fieldValidation", 3, "text"],
    ]),
  ],
  [
    "PatchOptions",
    optionsType("PatchOptions", [
      ["dryRun", 1, "list"],
      ["force", 2, "bool"],
      ["fieldManager", 3, "text"],
      ["fieldValidation", 4, "text"],
    ]),
  ],
]);
