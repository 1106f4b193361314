import { groupVersionOf } from "@nodeless/api";
import type { KindDefinition } from "../kinds/kind.ts";
import { patchTypesOf } from "../rest/patch-types.ts";

/*
 * kubectl reads three things here: that the PATCH operation of a kind declares `fieldValidation` and `dryRun` (then the server validates),
 * that it takes strategic merge patches (then it computes them from the schemas), and the schemas themselves for `explain`.
 */

const WRITE_PARAMETERS: readonly object[] = [
  parameter("dryRun", "string", "All: the request is processed without being persisted."),
  parameter("fieldManager", "string", "Name of the actor that makes this change."),
  parameter("fieldValidation", "string", "What becomes of unknown and duplicate fields: Ignore, Warn or Strict."),
];

const LIST_PARAMETERS: readonly object[] = [
  parameter("allowWatchBookmarks", "boolean", "Requests watch events of type BOOKMARK."),
  parameter("continue", "string", "Token of the next page."),
  parameter("fieldSelector", "string", "Restricts the list by fields."),
  parameter("labelSelector", "string", "Restricts the list by labels."),
  parameter("limit", "integer", "Largest number of items in a page."),
  parameter("resourceVersion", "string", "The version the answer must at least show."),
  parameter("resourceVersionMatch", "string", "How resourceVersion is applied: Exact or NotOlderThan."),
  parameter("sendInitialEvents", "boolean", "Begins a watch with the current state."),
  parameter("timeoutSeconds", "integer", "Ends a watch after this time."),
  parameter("watch", "boolean", "Watches instead of listing."),
];

function parameter(name: string, type: string, description: string): object {
  return { name, in: "query", description, schema: { type, uniqueItems: true } };
}

function pathParameter(name: string, description: string): object {
  return { name, in: "path", required: true, description, schema: { type: "string", uniqueItems: true } };
}

/** One OpenAPI 3.0 document for all kinds of a group and version. */
export function groupVersionDocument(kinds: readonly KindDefinition[], version: string): unknown {
  const schemas: Record<string, unknown> = {};
  const paths: Record<string, unknown> = {};
  for (const kind of kinds) {
    const { root, schemas: own } = kind.openApiSchemas();
    Object.assign(schemas, own);
    addPaths(paths, kind, { $ref: `#/components/schemas/${root}` });
  }
  return {
    openapi: "3.0.0",
    info: { title: "Kubernetes", version: `v${version}` },
    paths,
    components: { schemas },
  };
}

function addPaths(paths: Record<string, unknown>, kind: KindDefinition, schema: object): void {
  const root = kind.group === "" ? `/api/${kind.version}` : `/apis/${groupVersionOf(kind)}`;
  const scope = kind.namespaced ? "/namespaces/{namespace}" : "";
  const scopeParameters = kind.namespaced ? [pathParameter("namespace", "Namespace of the object.")] : [];
  const collection = `${root}${scope}/${kind.resource}`;
  if (kind.namespaced && kind.verbs.includes("list"))
    paths[`${root}/${kind.resource}`] = { get: operation(kind, "list", schema), parameters: LIST_PARAMETERS };
  paths[collection] = {
    ...verb(kind, "list", { get: operation(kind, "list", schema, LIST_PARAMETERS) }),
    ...verb(kind, "create", { post: operation(kind, "post", schema, WRITE_PARAMETERS, JSON_BODY) }),
    ...verb(kind, "deletecollection", { delete: operation(kind, "deletecollection", schema, LIST_PARAMETERS) }),
    parameters: scopeParameters,
  };
  if (!kind.verbs.includes("get")) return;
  const item = {
    ...itemOperations(kind, schema),
    parameters: [pathParameter("name", `Name of the ${kind.kind}.`), ...scopeParameters],
  };
  paths[`${collection}/{name}`] = item;
  if (kind.subresources.status) {
    const { delete: _delete, ...status } = item as Record<string, unknown>;
    paths[`${collection}/{name}/status`] = status;
  }
}

function verb(kind: KindDefinition, name: string, operations: object): object {
  return kind.verbs.includes(name) ? operations : {};
}

const JSON_BODY: readonly string[] = ["application/json", "application/yaml"];

function itemOperations(kind: KindDefinition, schema: object): object {
  return {
    get: operation(kind, "get", schema),
    ...verb(kind, "update", { put: operation(kind, "put", schema, WRITE_PARAMETERS, JSON_BODY) }),
    ...verb(kind, "patch", { patch: operation(kind, "patch", schema, WRITE_PARAMETERS, patchTypesOf(kind)) }),
    ...verb(kind, "delete", { delete: operation(kind, "delete", schema, WRITE_PARAMETERS) }),
  };
}

function operation(
  kind: KindDefinition,
  action: string,
  schema: object,
  parameters: readonly object[] = [],
  bodyTypes: readonly string[] = [],
): object {
  const bodySchema = action === "patch" ? { type: "object" } : schema;
  return {
    operationId: `${action}${kind.group}${kind.version}${kind.kind}`.replaceAll(/[^A-Za-z0-9]/g, ""),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(bodyTypes.length === 0
      ? {}
      : {
          requestBody: {
            required: true,
            content: Object.fromEntries(bodyTypes.map((type) => [type, { schema: bodySchema }])),
          },
        }),
    responses: { "200": { description: "OK", content: { "application/json": { schema } } } },
    "x-kubernetes-action": action,
    "x-kubernetes-group-version-kind": { group: kind.group, version: kind.version, kind: kind.kind },
  };
}
