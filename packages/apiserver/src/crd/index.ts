export { withDefaults } from "./defaults.ts";
export type { JsonPath } from "./json-path.ts";
export { InvalidJsonPathError, parseJsonPath } from "./json-path.ts";
export { pruneObject } from "./prune.ts";
export type { SchemaNode } from "./schema-node.ts";
export { compileSchema } from "./schema-node.ts";
export { crdStatus } from "./status.ts";
export { validateCrd, validateCrdUpdate } from "./validate-crd.ts";
export { validateValue } from "./validate-value.ts";
