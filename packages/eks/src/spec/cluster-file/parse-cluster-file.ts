import type { Fresh, KubernetesObject } from "@nodeless/api";
import { type Document, isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, type YAMLMap } from "yaml";
import { type ClusterConfig, readClusterConfig } from "./cluster-config.ts";
import { type FileProblem, InvalidClusterFileError } from "./problem.ts";
import { type ReadContext, report } from "./schema.ts";

/** What a multi-document input file holds. */
export interface ClusterFile {
  readonly file: string;
  readonly config: ClusterConfig | undefined;
  /** Everything else, in order, as written. */
  readonly manifests: readonly FileManifest[];
}

export interface FileManifest {
  readonly file: string;
  readonly line: number;
  readonly object: Fresh<KubernetesObject>;
}

/** Larger files are refused before parsing. */
const FILE_BYTES_MAX = 8 * 1024 * 1024;
/** YAML aliases may blow a small file up; no real manifest needs more. */
const ALIASES_MAX = 100;

/**
 * Parses a ClusterConfig with any Kubernetes manifests beside it.
 * Throws InvalidClusterFileError with every problem: bad YAML, unknown fields (with a suggestion), a second ClusterConfig.
 */
export function parseClusterFile(text: string, file: string): ClusterFile {
  if (text.length > FILE_BYTES_MAX)
    throw new InvalidClusterFileError([{ file, path: "", message: `larger than ${FILE_BYTES_MAX} bytes; split it` }]);
  const lines = new LineCounter();
  const problems: FileProblem[] = [];
  const context: ReadContext = { file, lines, problems };
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  let config: ClusterConfig | undefined;
  const manifests: FileManifest[] = [];
  for (const document of Array.isArray(documents) ? documents : []) {
    if (reportSyntax(document, context) || isEmpty(document.contents)) continue;
    if (!isMap(document.contents)) {
      report(
        context,
        document.contents,
        "",
        "expected a mapping with apiVersion and kind; if the indentation was lost, restore it",
      );
    } else if (document.get("kind") === "ClusterConfig") {
      if (config !== undefined)
        report(context, document.contents, "", "a second ClusterConfig: one file describes one cluster");
      config = readClusterConfig(document.contents, "", context);
    } else {
      manifests.push(...readManifests(document, context));
    }
  }
  if (problems.length > 0) throw new InvalidClusterFileError(problems);
  return { file, config, manifests };
}

function reportSyntax(document: Document.Parsed, { file, lines, problems }: ReadContext): boolean {
  for (const error of document.errors)
    problems.push({
      file,
      line: lines.linePos(error.pos[0]).line,
      path: "",
      // The parser's only limit on depth is the stack.
      message: `not valid YAML: ${/call stack/.test(error.message) ? "nested too deeply; flatten it" : error.message}`,
    });
  return document.errors.length > 0;
}

/** Nothing, or only comments. */
function isEmpty(contents: Document.Parsed["contents"]): boolean {
  return contents === null || (isScalar(contents) && contents.value === null);
}

/** One object, or those of a List, as `kubectl get -o yaml` prints it. */
function readManifests(document: Document.Parsed, context: ReadContext): readonly FileManifest[] {
  const contents = document.contents as unknown as YAMLMap & Node;
  const items = contents.get("kind") === "List" ? contents.get("items") : undefined;
  const nodes = isSeq<Node>(items) ? items.items : [contents];
  return nodes.flatMap((node) => readManifest(document, node, context) ?? []);
}

function readManifest(document: Document.Parsed, node: Node, context: ReadContext): FileManifest | undefined {
  let value: Partial<Fresh<KubernetesObject>> | null;
  try {
    value = node.toJS(document, { maxAliasCount: ALIASES_MAX }) as Partial<Fresh<KubernetesObject>> | null;
  } catch (error) {
    report(context, node, "", `cannot be used: ${(error as Error).message}; write it without so many aliases`);
    return undefined;
  }
  if (typeof value?.apiVersion !== "string" || typeof value.kind !== "string") {
    report(context, node, "", "apiVersion and kind are required in every document");
    return undefined;
  }
  const { metadata } = value;
  if (
    typeof metadata !== "object" ||
    metadata === null ||
    (typeof metadata.name !== "string" && typeof metadata.generateName !== "string")
  ) {
    report(context, node, "metadata.name", `required: give the ${value.kind} a name`);
    return undefined;
  }
  const line = context.lines.linePos(node.range?.[0] ?? 0).line;
  return { file: context.file, line, object: value as Fresh<KubernetesObject> };
}
