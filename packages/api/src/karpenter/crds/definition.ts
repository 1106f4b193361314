import type { CustomResourceColumnDefinition, CustomResourceDefinition } from "../../generated/kubernetes.ts";
import { groupVersionOf, type ResourceType } from "../../resources.ts";
import { object, type Schema, text } from "./schema.ts";

/** One printer column; `wide` ones appear with `-o wide` only. */
export const column = (
  name: string,
  jsonPath: string,
  options: { readonly type?: "string" | "integer" | "date"; readonly wide?: boolean } = {},
): CustomResourceColumnDefinition => ({
  name,
  jsonPath,
  type: options.type ?? "string",
  ...(options.wide === true ? { priority: 1 } : {}),
});

export const readyColumn = (): CustomResourceColumnDefinition =>
  column("Ready", '.status.conditions[?(@.type=="Ready")].status');

export const ageColumn = (): CustomResourceColumnDefinition =>
  column("Age", ".metadata.creationTimestamp", { type: "date" });

/** A cluster-scoped custom resource of category `karpenter` with one served version and a status subresource. */
export function customResource(
  type: ResourceType,
  options: {
    readonly spec: Schema;
    readonly status: Schema;
    readonly columns: readonly CustomResourceColumnDefinition[];
    readonly shortNames?: readonly string[];
    readonly scale?: { readonly specReplicasPath: string; readonly statusReplicasPath: string };
    /** Shown by clients when the version is used. */
    readonly deprecationWarning?: string;
  },
): Omit<CustomResourceDefinition, "metadata"> & { readonly metadata: { readonly name: string } } {
  const { spec, status, columns, shortNames = [], scale, deprecationWarning } = options;
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${type.resource}.${type.group}` },
    spec: {
      group: type.group,
      scope: "Cluster",
      names: {
        kind: type.kind,
        listKind: `${type.kind}List`,
        plural: type.resource,
        singular: type.kind.toLowerCase(),
        categories: ["karpenter"],
        ...(shortNames.length === 0 ? {} : { shortNames }),
      },
      versions: [
        {
          name: type.version,
          served: true,
          storage: true,
          ...(deprecationWarning === undefined ? {} : { deprecated: true, deprecationWarning }),
          additionalPrinterColumns: columns,
          subresources: { status: {}, ...(scale === undefined ? {} : { scale }) },
          schema: {
            openAPIV3Schema: object(
              {
                apiVersion: text(),
                kind: text(),
                metadata: { type: "object" },
                spec,
                status,
              },
              ["spec"],
              { description: `${type.kind} in ${groupVersionOf(type)}` },
            ),
          },
        },
      ],
    },
  };
}
