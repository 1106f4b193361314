import type { SourceDocument } from "../../contract.ts";
import { isPlainObject, type Path } from "../../manifests/schema/check-value.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit } from "../model.ts";
import type { LintProject, LintScript } from "../project.ts";
import type { CommandLine } from "../shell/command-line.ts";
import type { ShellWord } from "../shell/shell-command.ts";

/** What a rule says, without the place. */
export interface Said {
  readonly message: string;
  readonly remedy: string;
}

/** At a path within a workload's pod. */
export function atPod(workload: LintWorkload, path: Path, said: Said): LintHit {
  const { document, subject } = workload;
  return { at: { file: document.at.file, line: workload.lineOf(path) }, object: subject, ...said };
}

/** At a path of a document. */
export function atDocument(document: SourceDocument, path: Path, said: Said): LintHit {
  return { at: { file: document.at.file, line: document.lineOf(path) }, object: subjectOf(document), ...said };
}

/** `Deployment default/web` */
export function subjectOf({ kind, namespace, name }: Pick<SourceDocument, "kind" | "namespace" | "name">): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

/** At a command, or at one of its words. */
export function atCommand(line: CommandLine, said: Said, word?: ShellWord): LintHit {
  const { file, line: first } = line.command;
  return { at: { file, line: word?.line ?? first }, object: line.title, ...said };
}

/** A rule about workloads, one after the other. */
export function eachWorkload(
  check: (workload: LintWorkload, project: LintProject) => Iterable<LintHit>,
): (project: LintProject) => Iterable<LintHit> {
  return function* (project) {
    for (const workload of project.workloads) yield* check(workload, project);
  };
}

/** A rule about workloads whose pods a Fargate profile takes. */
export function eachFargateWorkload(
  check: (workload: LintWorkload & { readonly profile: string }, project: LintProject) => Iterable<LintHit>,
): (project: LintProject) => Iterable<LintHit> {
  return eachWorkload(function* (workload, project) {
    if (workload.match.kind === "matched") yield* check({ ...workload, profile: workload.match.profile.name }, project);
  });
}

/** A rule about commands, one after the other. */
export function eachCommand(
  check: (line: CommandLine, script: LintScript, project: LintProject) => Iterable<LintHit>,
): (project: LintProject) => Iterable<LintHit> {
  return function* (project) {
    for (const script of project.scripts) for (const line of script.lines) yield* check(line, script, project);
  };
}

/** A rule about documents of some kinds. */
export function eachDocument(
  kinds: readonly string[],
  check: (document: SourceDocument, project: LintProject) => Iterable<LintHit>,
): (project: LintProject) => Iterable<LintHit> {
  return function* (project) {
    for (const document of project.documents) if (kinds.includes(document.kind)) yield* check(document, project);
  };
}

/** All commands of the project. */
export function commandsOf({ scripts }: Pick<LintProject, "scripts">): readonly CommandLine[] {
  return scripts.flatMap(({ lines }) => lines);
}

/** What stands at a path of an object as written; undefined when there is nothing. */
export function valueAt(object: unknown, path: Path): unknown {
  let value = object;
  for (const step of path) {
    if (typeof step === "number") value = Array.isArray(value) ? value[step] : undefined;
    else value = isPlainObject(value) && Object.hasOwn(value, step) ? value[step] : undefined;
  }
  return value;
}
