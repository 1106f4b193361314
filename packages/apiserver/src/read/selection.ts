import {
  InvalidSelectorError,
  type KubernetesObject,
  type LabelClause,
  matchesClauses,
  parseLabelSelector,
} from "@nodeless/api";
import type { KindDefinition } from "../kinds/kind.ts";
import { badRequest } from "../status.ts";

interface FieldClause {
  readonly field: string;
  readonly equal: boolean;
  readonly value: string;
}

/** Which objects of a collection a request is about. */
export interface Selection {
  /** Undefined = all namespaces. */
  readonly namespace: string | undefined;
  /** No label or field selector: everything in the namespace. */
  readonly everything: boolean;
  /** The only name that can match, if the field selector says so. */
  readonly name: string | undefined;
  /** The only node whose pods can match. */
  readonly nodeName: string | undefined;
  matches(object: KubernetesObject): boolean;
}

/** Reads labelSelector and fieldSelector. Throws 400 for bad syntax and for fields the kind does not offer. */
export function parseSelection(
  definition: KindDefinition,
  options: { readonly namespace: string | undefined; readonly name: string; readonly query: URLSearchParams },
): Selection {
  const labels = labelClauses(options.query.get("labelSelector") ?? "");
  const fields = fieldClauses(options.query.get("fieldSelector") ?? "");
  if (options.name !== "") fields.push({ field: "metadata.name", equal: true, value: options.name });
  const tests = fields.map((clause) => fieldTest(definition, clause));
  const required = (field: string): string | undefined =>
    fields.find((clause) => clause.field === field && clause.equal)?.value;
  return {
    namespace: options.namespace ?? (definition.namespaced ? required("metadata.namespace") : undefined),
    everything: labels.length === 0 && fields.length === 0,
    name: required("metadata.name"),
    nodeName: required("spec.nodeName") ?? required("spec.host"),
    matches: (object) =>
      (options.namespace === undefined || object.metadata.namespace === options.namespace) &&
      matchesClauses(labels, object.metadata.labels) &&
      tests.every((test) => test(object)),
  };
}

function labelClauses(text: string): readonly LabelClause[] {
  try {
    return parseLabelSelector(text);
  } catch (error) {
    if (error instanceof InvalidSelectorError) throw badRequest(error.message);
    throw error;
  }
}

/** Source: k8s.io/apimachinery pkg/fields/selector.go: `=`, `==`, `!=`, commas; backslash escapes. */
function fieldClauses(text: string): FieldClause[] {
  if (text.trim() === "") return [];
  return text.split(/(?<!\\),/).map((part) => {
    const match = /^([^!=]+?)(!=|==|=)(.*)$/s.exec(part.trim());
    if (match === null) throw badRequest(`invalid selector: '${text}'; can't understand '${part}'`);
    return {
      field: match[1] ?? "",
      equal: match[2] !== "!=",
      value: (match[3] ?? "").replaceAll(/\\([\\,=])/g, "$1"),
    };
  });
}

function fieldTest(
  definition: KindDefinition,
  { field, equal, value }: FieldClause,
): (object: KubernetesObject) => boolean {
  const read = fieldReader(definition, field);
  if (read === undefined) throw badRequest(`field label not supported: ${field}`);
  return (object) => (read(object) === value) === equal;
}

function fieldReader(definition: KindDefinition, field: string): ((object: KubernetesObject) => string) | undefined {
  if (field === "metadata.name") return (object) => object.metadata.name ?? "";
  if (field === "metadata.namespace" && definition.namespaced) return (object) => object.metadata.namespace ?? "";
  return definition.selectableFields.get(field);
}
