import type { CustomResourceColumnDefinition, KubernetesObject } from "@nodeless/api";
import { parseJsonPath } from "../crd/index.ts";
import type { ColumnRule } from "./behaviour.ts";
import { ageText } from "./columns/age.ts";
import { AGE, NAME } from "./columns/plain.ts";
import type { TableColumn } from "./kind.ts";

/** Name, then the declared columns; Age only if none are declared. */
export function customColumns(
  declared: readonly CustomResourceColumnDefinition[] | undefined,
): readonly ColumnRule<KubernetesObject>[] {
  return declared === undefined || declared.length === 0 ? [NAME, AGE] : [NAME, ...declared.map(customColumn)];
}

/** Source: apiextensions-apiserver pkg/registry/customresource/tableconvertor/tableconvertor.go. */
function customColumn({
  name,
  type,
  format = "",
  description,
  priority = 0,
  jsonPath,
}: CustomResourceColumnDefinition): ColumnRule<KubernetesObject> {
  const path = parseJsonPath(jsonPath);
  return {
    column: {
      name,
      type: type as TableColumn["type"],
      format,
      description: description ?? `Custom resource definition column (in JSONPath format): ${jsonPath}`,
      priority,
    },
    cell: (object, now) => {
      const [value] = path.find(object);
      return value === undefined || value === null ? null : cellValue(type, value, now);
    },
  };
}

/** A value that does not fit its column leaves the cell empty. */
function cellValue(type: string, value: unknown, now: Date): unknown {
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      if (typeof value !== "string") return null;
      return Number.isNaN(Date.parse(value)) ? "<invalid>" : ageText(value, now);
    default:
      return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
}
