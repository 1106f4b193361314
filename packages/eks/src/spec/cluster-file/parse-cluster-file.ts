import type { Fresh, KubernetesObject } from "@nodeless/api";
import { type Document, isMap, LineCounter, parseAllDocuments } from "yaml";
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
    if (reportSyntax(document, context) || document.contents === null) continue;
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
      const manifest = readManifest(document, context);
      if (manifest !== undefined) manifests.push(manifest);
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
      message: `not valid YAML: ${error.message}`,
    });
  return document.errors.length > 0;
}

function readManifest(document: Document.Parsed, context: ReadContext): FileManifest | undefined {
  const { contents } = document;
  const value = document.toJS({ maxAliasCount: ALIASES_MAX }) as Partial<Fresh<KubernetesObject>>;
  if (typeof value.apiVersion !== "string" || typeof value.kind !== "string") {
    report(context, contents as never, "", "apiVersion and kind are required in every document");
    return undefined;
  }
  const { metadata } = value;
  if (
    typeof metadata !== "object" ||
    metadata === null ||
    (typeof metadata.name !== "string" && typeof metadata.generateName !== "string")
  ) {
    report(context, contents as never, "metadata.name", `required: give the ${value.kind} a name`);
    return undefined;
  }
  const line = context.lines.linePos(contents?.range?.[0] ?? 0).line;
  return { file: context.file, line, object: value as Fresh<KubernetesObject> };
}
