import { type FieldError, karpenterCrds, type NodePool, validateNodePool } from "@nodeless/api";
import { type ParsedDocument, reporter } from "../documents/parsed-document.ts";
import type { Checked, KindObjects } from "../expansion/object-set.ts";
import type { ProblemList } from "../problem.ts";
import { checkSchema, type ValueSchema } from "./check-schema.ts";
import { checkObject, isPlainObject, type Path, type Report } from "./check-value.ts";
import { checkWorkload } from "./check-workload.ts";
import type { ReadKind } from "./kinds.ts";
import { type Field, kindType } from "./notation.ts";

/** Time and version stand for "never written to a server"; a fixed time keeps plans reproducible. */
const UNWRITTEN = { creationTimestamp: "1970-01-01T00:00:00Z", resourceVersion: "" } as const;

/** A document as an object of its kind; undefined when it has problems, which are then in the list. */
export function checkDocument(document: ParsedDocument, kind: ReadKind, problems: ProblemList): Checked | undefined {
  if (kind === "ClusterConfig") return { kind, document, object: document.object };
  let count = 0;
  const add = reporter(document, problems);
  const report: Report = (path, message) => {
    count += 1;
    add(path, message);
  };
  const checked = checkShape(document, kind, report);
  if (checked === undefined || count > 0) return undefined;
  const metadata = { ...UNWRITTEN, uid: uidOf(document), ...(checked["metadata"] as object), name: document.name };
  const namespace = document.namespace === undefined ? {} : { namespace: document.namespace };
  const object = { ...checked, metadata: { ...metadata, ...namespace } } as KindObjects[ReadKind];
  checkName(document, report);
  checkWorkload(kind, object, report);
  if (kind === "NodePool") reportFields(validateNodePool(object as NodePool), report);
  return count > 0 ? undefined : { kind, document, object };
}

/** Stable and unique within an input, because duplicates are refused. */
function uidOf({ kind, namespace = "", name }: ParsedDocument): string {
  return `${kind}:${namespace}/${name}`;
}

const CRD_SPECS: ReadonlyMap<string, ValueSchema> = new Map(
  karpenterCrds().flatMap(({ spec }): [string, ValueSchema][] => {
    const schema = spec.versions[0]?.schema?.openAPIV3Schema?.properties?.["spec"];
    return schema === undefined ? [] : [[spec.names.kind, schema as ValueSchema]];
  }),
);

/** Their own validation says what a text should look like. */
const POOLS: ReadonlySet<ReadKind> = new Set(["NodePool", "Provisioner"]);

const ANY: Field = { type: { kind: "any" }, required: false };
const CUSTOM_RESOURCE: ReadonlyMap<string, Field> = new Map([
  ...kindType("Namespace"),
  ["spec", { ...ANY, required: true }],
]);

function checkShape(
  document: ParsedDocument,
  kind: ReadKind,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  const schema = CRD_SPECS.get(kind);
  if (schema === undefined) {
    const type = document.apiVersion === "autoscaling/v1" ? "HorizontalPodAutoscalerV1" : kind;
    return checkObject(document.object, kindType(type), [], report);
  }
  const object = checkObject(document.object, CUSTOM_RESOURCE, [], report);
  if (object === undefined || !isPlainObject(object["spec"])) return object;
  return { ...object, spec: checkSchema(object["spec"], schema, ["spec"], { report, patterns: !POOLS.has(kind) }) };
}

const SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const NAME_CHARACTERS_MAX = 253;

function checkName({ object, kind }: ParsedDocument, report: Report): void {
  const name = isPlainObject(object["metadata"]) ? object["metadata"]["name"] : undefined;
  if (typeof name !== "string" || (SUBDOMAIN.test(name) && name.length <= NAME_CHARACTERS_MAX)) return;
  report(
    ["metadata", "name"],
    `${JSON.stringify(name)} is not a name for a ${kind}; use lower-case letters, digits, "-" and "." (at most ${NAME_CHARACTERS_MAX})`,
  );
}

/** Errors that carry their path as text. */
export function reportFields(errors: readonly FieldError[], report: Report): void {
  for (const { path, message } of errors) report(parsePath(path), message);
}

/** The inverse of formatPath: `spec.limits[a/b]` → spec, limits, a/b. */
export function parsePath(text: string): Path {
  return [...text.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([whole, inner]) =>
    inner === undefined ? whole : /^\d+$/.test(inner) ? Number(inner) : inner,
  );
}
