import type { CustomResourceDefinition, JSONSchemaProps } from "@nodeless/api";
import type { OpenApiSchemas } from "../schema/open-api.ts";
import { openApiSchemas } from "../schema/open-api.ts";

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/** The schemas of one version of a custom resource: its own, completed, and that of the metadata. */
export function customOpenApi(
  { spec }: CustomResourceDefinition,
  version: string,
  schema: JSONSchemaProps | undefined,
): OpenApiSchemas {
  const { kind } = spec.names;
  const root = `${spec.group.split(".").reverse().join(".")}.${version}.${kind}`;
  const meta = openApiSchemas("meta/v1.ObjectMeta");
  return {
    root,
    schemas: {
      ...meta.schemas,
      [root]: {
        ...schema,
        type: "object",
        properties: {
          ...schema?.properties,
          apiVersion: { type: "string" },
          kind: { type: "string" },
          metadata: { allOf: [{ $ref: `#/components/schemas/${OBJECT_META}` }], default: {} },
        },
        "x-kubernetes-group-version-kind": [{ group: spec.group, kind, version }],
      },
    },
  };
}
