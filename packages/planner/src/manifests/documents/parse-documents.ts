import type { InputNotice, SourceLocation } from "../../contract.ts";
import { DOCUMENTS_MAX, JSON_FILE_BYTES_MAX, NESTING_MAX, YAML_FILE_BYTES_MAX } from "../limits.ts";
import type { ProblemList } from "../problem.ts";
import { isPlainObject } from "../schema/check-value.ts";
import { withoutHelmReport } from "./helm-output.ts";
import { jsonDocuments } from "./json-documents.ts";
import {
  innerDocument,
  isNestedDeeperThan,
  type ManifestSource,
  type ParsedDocument,
  type RawDocument,
  reporter,
} from "./parsed-document.ts";
import { yamlDocuments } from "./yaml-documents.ts";

export interface ParsedSources {
  readonly documents: readonly ParsedDocument[];
  readonly notices: readonly InputNotice[];
  /** Files that say what kustomize builds. */
  readonly kustomizations: readonly string[];
}

const KUSTOMIZATION = /(^|\/)kustomization\.ya?ml$/;

/** All Kubernetes objects of the sources in order, Lists unpacked. What is wrong goes to `problems`. */
export function parseDocuments(sources: readonly ManifestSource[], problems: ProblemList): ParsedSources {
  const documents: ParsedDocument[] = [];
  const notices: InputNotice[] = [];
  const kustomizations: string[] = [];
  for (const source of sources) {
    const { file } = source;
    const note = (line: number, message: string): void =>
      void notices.push({ subject: undefined, at: { file, line }, message });
    if (KUSTOMIZATION.test(file)) {
      kustomizations.push(file);
      note(1, "a kustomization is not built here; the files beside it are read as they are");
      continue;
    }
    const raws = rawDocuments(source, problems);
    if (raws === undefined) note(1, NO_MANIFEST);
    for (const raw of raws ?? [])
      if (source.found && isNoManifest(raw.value)) note(raw.lineOf([]), NO_MANIFEST);
      else for (const document of objectsOf(raw, problems)) documents.push(document);
    if (documents.length > DOCUMENTS_MAX) {
      problems.add({ file, path: "", message: `more than ${DOCUMENTS_MAX} objects in the input; plan a part of it` });
      break;
    }
  }
  return { documents, notices, kustomizations };
}

const NO_MANIFEST = "is not a Kubernetes manifest and is ignored";

/** The line is looked up when somebody asks: a dump of ten thousand pods without problems never needs it. */
function placeOf(raw: RawDocument): SourceLocation {
  return {
    file: raw.file,
    get line() {
      return raw.lineOf([]);
    },
  };
}

/** A file beside the manifests, such as package.json or a chart's values. */
function isNoManifest(value: unknown): boolean {
  if (!isPlainObject(value)) return true;
  return !["apiVersion", "kind", "metadata", "spec"].some((field) => Object.hasOwn(value, field));
}

/** The values of a source; undefined when it was found in a directory and is something else altogether, such as tsconfig.json with comments. */
function rawDocuments(
  { file, text, found }: ManifestSource,
  problems: ProblemList,
): readonly RawDocument[] | undefined {
  const refuse = (message: string): readonly RawDocument[] => {
    problems.add({ file, path: "", message });
    return [];
  };
  if (text.length > JSON_FILE_BYTES_MAX) return refuse(`larger than ${JSON_FILE_BYTES_MAX} bytes; split it`);
  if (text.includes("\0")) return refuse("not a text file; give YAML or JSON");
  const plain = withoutHelmReport(text.startsWith("\uFEFF") ? text.slice(1) : text);
  const json = jsonDocuments(plain, file);
  if (json !== undefined) return json;
  if (text.length > YAML_FILE_BYTES_MAX)
    return refuse(`YAML larger than ${YAML_FILE_BYTES_MAX} bytes; give it as JSON (kubectl get -o json), or split it`);
  const yaml = yamlDocuments(plain, file);
  if (found && yaml.problems.length > 0 && !plain.includes("apiVersion")) return undefined;
  for (const problem of yaml.problems) problems.add(problem);
  return yaml.documents;
}

/** The object of a document, or those of a List as `kubectl get -o yaml` prints it. */
function objectsOf(raw: RawDocument, problems: ProblemList): readonly ParsedDocument[] {
  const report = reporter(raw, problems);
  const { value } = raw;
  if (!isPlainObject(value)) {
    report([], "expected a mapping with apiVersion and kind; if the indentation was lost, restore it");
    return [];
  }
  if (isNestedDeeperThan(value, NESTING_MAX)) {
    report([], `nested deeper than ${NESTING_MAX} levels; no Kubernetes object is, flatten it`);
    return [];
  }
  const items = listItems(value);
  if (items === undefined) return parsedDocument(raw, value, problems);
  return items.flatMap((item, index) => {
    const inner = innerDocument(raw, ["items", index], withInheritedKind(item, value));
    return objectsOf(inner, problems);
  });
}

type PlainObject = Readonly<Record<string, unknown>>;

function listItems({ kind, items }: PlainObject): readonly unknown[] | undefined {
  if (typeof kind !== "string" || !kind.endsWith("List")) return undefined;
  if (Array.isArray(items)) return items;
  return kind === "List" && (items === undefined || items === null) ? [] : undefined;
}

/** Items of typed lists such as PodList may leave out what the list says. */
function withInheritedKind(item: unknown, { kind, apiVersion }: PlainObject): unknown {
  if (!isPlainObject(item) || kind === "List" || item["kind"] !== undefined) return item;
  return { apiVersion, kind: String(kind).slice(0, -"List".length), ...item };
}

const isFilled = (value: unknown): value is string => typeof value === "string" && value !== "";

function parsedDocument(raw: RawDocument, object: PlainObject, problems: ProblemList): readonly ParsedDocument[] {
  const report = reporter(raw, problems);
  const { apiVersion, kind, metadata } = object;
  if (!isFilled(apiVersion) || !isFilled(kind)) {
    report([], "apiVersion and kind are required in every document");
    return [];
  }
  const { name, generateName, namespace } = isPlainObject(metadata) ? metadata : {};
  if (!isFilled(name) && !isFilled(generateName)) {
    const lost = metadata === null && object["name"] !== undefined;
    report(
      ["metadata", "name"],
      lost
        ? "the indentation was lost: what belongs to metadata stands beside it; restore it"
        : `required: give the ${kind} a name`,
    );
    return [];
  }
  return [
    {
      file: raw.file,
      at: placeOf(raw),
      apiVersion,
      kind,
      namespace: isFilled(namespace) ? namespace : undefined,
      name: isFilled(name) ? name : String(generateName),
      object,
      lineOf: (path) => raw.lineOf(path),
      paddedText: () => raw.paddedText(),
    },
  ];
}
