import type { KubernetesObject } from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import type { TableColumn } from "../kind.ts";
import { ageText } from "./age.ts";

/** Shown for an unset cell. */
export const NONE = "<none>";

interface ColumnOptions {
  readonly type?: TableColumn["type"];
  readonly format?: string;
  /** Only with -o wide. */
  readonly wide?: boolean;
}

/** A column and its cell. */
export function column<T>(
  name: string,
  cell: (object: T, now: Date) => unknown,
  { type = "string", format = "", wide = false }: ColumnOptions = {},
): ColumnRule<T> {
  return { column: { name, type, format, description: name, priority: wide ? 1 : 0 }, cell };
}

/** A column of whole numbers. */
export function count<T>(name: string, cell: (object: T) => number | undefined): ColumnRule<T> {
  return column(name, (object) => cell(object) ?? 0, { type: "integer", format: "int32" });
}

/** A column shown with -o wide. */
export function wide<T>(name: string, cell: (object: T, now: Date) => unknown): ColumnRule<T> {
  return column(name, cell, { wide: true });
}

export const NAME: ColumnRule<KubernetesObject> = column("Name", ({ metadata }) => metadata.name, { format: "name" });
export const AGE: ColumnRule<KubernetesObject> = column("Age", ({ metadata }, now) =>
  ageText(metadata.creationTimestamp, now),
);
/** RFC 3339, for kinds whose age nobody asks for. */
export const CREATED_AT: ColumnRule<KubernetesObject> = column(
  "Created At",
  ({ metadata }) => metadata.creationTimestamp,
  { type: "date" },
);

/** What kinds without columns of their own show. */
export const NAME_AND_AGE: readonly ColumnRule<KubernetesObject>[] = [NAME, AGE];
