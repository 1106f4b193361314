import type { PlanInput, SourceDocument } from "../../contract.ts";
import { parseDocuments } from "../../manifests/documents/parse-documents.ts";
import type { ParsedDocument } from "../../manifests/documents/parsed-document.ts";
import {
  InvalidManifestsError,
  type ManifestProblem,
  type ManifestSource,
  type PlanInputOptions,
  planInput,
} from "../../manifests/index.ts";
import { ProblemList } from "../../manifests/problem.ts";
import { resolveDocuments } from "../../manifests/resolve-documents.ts";
import { isPlainObject } from "../../manifests/schema/check-value.ts";
import { REREADS_MAX } from "../limits.ts";

/** What manifests say as far as they can be understood, and why the rest cannot. */
export interface ReadDocuments {
  /** Undefined when there is no manifest, or none that can be understood. */
  readonly input: PlanInput | undefined;
  /** All documents that are Kubernetes objects, those with problems among them. */
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly ManifestProblem[];
}

/**
 * Makes a plan input of what is valid: a document with problems is left out and the rest read again, so that one mistake does not hide the
 * others. Of a ClusterConfig with problems the profiles still count.
 */
export function readDocuments(sources: readonly ManifestSource[], options: PlanInputOptions): ReadDocuments {
  if (sources.length === 0) return { input: undefined, documents: [], problems: [] };
  const problems = new ProblemList();
  let current = sources;
  for (let attempt = 0; attempt <= REREADS_MAX && current.length > 0; attempt += 1) {
    try {
      const input = planInput(current, options);
      const documents = attempt === 0 ? input.documents : documentsOf(sources, options);
      return { input, documents, problems: sorted(problems, sources) };
    } catch (error) {
      if (!(error instanceof InvalidManifestsError)) throw error;
      if (attempt === 0 && holdsNoObject(sources)) return { input: undefined, documents: [], problems: [] };
      for (const problem of error.problems) problems.add(problem);
      current = withoutBroken(current, error.problems);
    }
  }
  return { input: undefined, documents: documentsOf(sources, options), problems: sorted(problems, sources) };
}

function sorted(problems: ProblemList, sources: readonly ManifestSource[]): readonly ManifestProblem[] {
  return problems.sorted(sources.map(({ file }) => file));
}

/** Files beside manifests, such as package.json. */
function holdsNoObject(sources: readonly ManifestSource[]): boolean {
  const problems = new ProblemList();
  return parseDocuments(sources, problems).documents.length === 0 && problems.size === 0;
}

function documentsOf(
  sources: readonly ManifestSource[],
  { namespace = "default" }: PlanInputOptions,
): readonly SourceDocument[] {
  const ignored = new ProblemList();
  const { documents } = parseDocuments(sources, ignored);
  return resolveDocuments(documents, { namespace, problems: ignored }).documents;
}

/** The sources without the documents in which problems were found. */
function withoutBroken(
  sources: readonly ManifestSource[],
  problems: readonly ManifestProblem[],
): readonly ManifestSource[] {
  return sources.flatMap((source): readonly ManifestSource[] => {
    const own = problems.filter(({ file }) => file === source.file);
    if (own.length === 0) return [source];
    const lines = own.flatMap(({ line }) => line ?? []);
    const texts = new Map<string, ParsedDocument>();
    for (const document of parseDocuments([source], new ProblemList()).documents)
      texts.set(document.paddedText(), document);
    const kept = [...texts].flatMap(([text, document]): readonly ManifestSource[] => {
      const last = text.trimEnd().split("\n").length;
      const isBroken = lines.some((line) => line >= document.at.line && line <= last);
      if (!isBroken) return [{ ...source, text }];
      const reduced = reducedClusterConfig(document);
      return reduced === undefined || reduced === text ? [] : [{ ...source, text: reduced }];
    });
    // A problem without a line, or outside every document, that leaves all of them would come again.
    return kept.length === texts.size && lines.length === 0 ? [] : kept;
  });
}

/** What profiles and rules need of a ClusterConfig, without the fields that nodeless does not know. */
function reducedClusterConfig({ kind, apiVersion, object, at }: ParsedDocument): string | undefined {
  if (kind !== "ClusterConfig") return undefined;
  const metadata = isPlainObject(object["metadata"]) ? object["metadata"] : {};
  const profiles = Array.isArray(object["fargateProfiles"]) ? object["fargateProfiles"].filter(isUsable) : [];
  const fargateProfiles = profiles.map(({ name, selectors }) => ({ name, selectors }));
  const { name, region } = metadata;
  const reduced = { apiVersion, kind, metadata: { name, region }, fargateProfiles };
  return "\n".repeat(at.line - 1) + JSON.stringify(reduced);
}

function isUsable(profile: unknown): profile is Readonly<Record<string, unknown>> {
  if (!isPlainObject(profile)) return false;
  const { name, selectors } = profile;
  return typeof name === "string" && Array.isArray(selectors) && selectors.every(isPlainObject);
}
