import type { KubernetesObject } from "@nodeless/api";
import type { KindDefinition } from "../kinds/kind.ts";
import type { Representation } from "../request/media-types.ts";

type TableRepresentation = Extract<Representation, { kind: "table" }>;

/** Metadata only, as `PartialObjectMetadata` of meta.k8s.io/v1. */
export function partialMetadata(object: KubernetesObject, version = "v1"): unknown {
  return { kind: "PartialObjectMetadata", apiVersion: `meta.k8s.io/${version}`, metadata: object.metadata };
}

/** A `Table` of meta.k8s.io: what kubectl prints. */
export function table(
  definition: Pick<KindDefinition, "columns" | "cells">,
  objects: readonly KubernetesObject[],
  options: {
    readonly representation: TableRepresentation;
    readonly now: Date;
    readonly metadata: unknown;
    /** In a watch only the first event repeats them. */
    readonly withColumns?: boolean;
  },
): unknown {
  const { representation, now, metadata, withColumns = true } = options;
  return {
    kind: "Table",
    apiVersion: `meta.k8s.io/${representation.version}`,
    metadata,
    columnDefinitions: withColumns ? definition.columns : null,
    rows: objects.map((object) => ({
      cells: definition.cells(object, now),
      ...rowObject(object, representation),
    })),
  };
}

function rowObject(object: KubernetesObject, { includeObject, version }: TableRepresentation): { object?: unknown } {
  switch (includeObject) {
    case "None":
      return {};
    case "Object":
      return { object };
    case "Metadata":
      return { object: partialMetadata(object, version) };
  }
}
