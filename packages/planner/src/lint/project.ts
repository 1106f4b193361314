import type { FargateProfile } from "@nodeless/fargate";
import type { PlanCatalog, PlanInput, SourceDocument } from "../contract.ts";
import type { ManifestProblem, ManifestSource } from "../manifests/index.ts";
import type { Acceptance } from "./accept.ts";
import { readDocuments } from "./manifests/read-documents.ts";
import { type LintWorkload, lintWorkloads } from "./manifests/workloads.ts";
import { type PolicyDocument, policyDocument } from "./policies/policy-document.ts";
import { CommandLine } from "./shell/command-line.ts";
import { parseScript } from "./shell/parse-script.ts";
import type { ShellScript } from "./shell/shell-command.ts";
import { assignedVariables, withValues } from "./shell/variables.ts";
import { kustomizePatches } from "./sources/kustomize-patches.ts";
import type { LintSource } from "./sources/lint-source.ts";
import { splitClusters } from "./sources/split-clusters.ts";
import { type Statement, statementsOf } from "./sources/statements.ts";
import { markdownParts, postParts } from "./sources/text-parts.ts";

/** A script with its commands taken apart. */
export interface LintScript extends ShellScript {
  readonly lines: readonly CommandLine[];
  /** Variables that it gives values to. */
  readonly values: ReadonlyMap<string, string>;
}

/** Everything the rules look at. Commands of different files are of one procedure: what one sets up, another may use. */
export interface LintProject {
  readonly sources: readonly LintSource[];
  readonly input: PlanInput | undefined;
  /** Kubernetes objects as written, those with problems among them. */
  readonly documents: readonly SourceDocument[];
  readonly problems: readonly ManifestProblem[];
  readonly workloads: readonly LintWorkload[];
  /** Profiles of a ClusterConfig of the input; those that nodeless assumes are not among them. */
  readonly profiles: readonly FargateProfile[];
  readonly scripts: readonly LintScript[];
  readonly policies: readonly PolicyDocument[];
  /** Sentences of comments and texts. */
  readonly statements: readonly Statement[];
  /** Findings that the files accept. */
  readonly acceptances: readonly Acceptance[];
  /** What nodes can be bought; undefined: rules about nodes and prices say nothing. */
  readonly catalog: PlanCatalog | undefined;
}

export interface LintProjectOptions {
  /** Pools and node classes that replace those of the input. */
  readonly poolSources?: readonly ManifestSource[];
  readonly region?: string;
  /** Whether DaemonSets of the cluster's add-ons take their share of nodes (see PlanInputOptions). Default false. */
  readonly addonDaemonSets?: boolean;
}

/** Reads sources as far as they can be understood, one project for each cluster of the input. Pure; mistakes are in `problems`. */
export function lintProjects(sources: readonly LintSource[], options: LintProjectOptions = {}): readonly LintProject[] {
  return splitClusters(sources).map((group) => lintProject(group, options));
}

function lintProject(sources: readonly LintSource[], options: LintProjectOptions): LintProject {
  const scripts: LintScript[] = [];
  const policies: PolicyDocument[] = [];
  const manifests: ManifestSource[] = [];
  const addPolicy = (text: string, file: string, line: number): boolean => {
    const policy = policyDocument(text, { file, line });
    if (policy !== undefined) policies.push(policy);
    return policy !== undefined;
  };
  const addScript = (text: string, file: string): void => {
    const script = lintScript(text, file);
    if (script.commands.length === 0) return;
    scripts.push(script);
    for (const { text: body, line } of hereTexts(script))
      if (!addPolicy(body, file, line) && /^\s*apiVersion:/m.test(body))
        manifests.push({ file, text: "\n".repeat(line - 1) + withValues(body, script.values), found: true });
  };
  const patches = kustomizePatches(sources);
  for (const { file, text: written, found, format } of sources) {
    const text = format === "manifest" ? written : written.replaceAll("\r\n", "\n");
    if (format === "manifest") {
      if (!patches.has(file) && !addPolicy(text, file, 1)) manifests.push({ file, text, found });
    } else if (format === "shell") addScript(text, file);
    else {
      const parts = format === "markdown" ? markdownParts(text) : postParts(text);
      addScript(parts.shell, file);
      for (const json of parts.json) addPolicy(json, file, 1);
    }
  }
  const read = readDocuments(manifests, options);
  return {
    sources,
    ...read,
    problems: read.problems.filter((problem) => !isOpenTemplate(problem, sources)),
    workloads: read.input === undefined ? [] : lintWorkloads(read.input),
    profiles: read.documents.some(({ kind }) => kind === "ClusterConfig") ? (read.input?.fargateProfiles ?? []) : [],
    scripts,
    policies,
    statements: statementsOf(sources),
    acceptances: [],
    catalog: undefined,
  };
}

function lintScript(text: string, file: string): LintScript {
  const script = parseScript(text, file);
  return {
    ...script,
    lines: script.commands.filter(({ words }) => words.length > 0).map((command) => new CommandLine(command)),
    values: assignedVariables(script),
  };
}

/** Here-documents, and long quoted words such as `echo '{…}' > policy.json`. */
function* hereTexts({ commands }: ShellScript): Iterable<{ readonly text: string; readonly line: number }> {
  for (const { hereDocuments, words } of commands) {
    yield* hereDocuments;
    for (const { text, line } of words) if (text.startsWith("{")) yield { text, line };
  }
}

/** A problem of a here-document where a variable stands: the file that comes out may be right. */
function isOpenTemplate({ file, line, message }: ManifestProblem, sources: readonly LintSource[]): boolean {
  const source = sources.find((one) => one.file === file);
  if (source === undefined || source.format === "manifest" || line === undefined) return false;
  return message.includes("$") || (source.text.split("\n")[line - 1] ?? "").includes("$");
}
