import { formatProblem } from "@nodeless/eks/spec";
import { PROBLEMS_MAX } from "./limits.ts";

/** One mistake in the input: where it is and what to do. */
export interface ManifestProblem {
  readonly file: string;
  /** 1-based; undefined when the whole file is meant. */
  readonly line?: number;
  /** 1-based; given where the text itself is broken. */
  readonly column?: number;
  /** `spec.template.spec.containers[0].resources.requests.cpu`; empty for the whole document. */
  readonly path: string;
  /** Lower case; ends with the remedy. */
  readonly message: string;
}

/** `web.yaml:12: spec.replicas: expected a whole number, found "3"; remove the quotes` */
export function formatManifestProblem(problem: ManifestProblem): string {
  const { line, column } = problem;
  return line === undefined || column === undefined
    ? formatProblem(problem)
    : formatProblem({ ...problem, file: `${problem.file}:${line}`, line: column });
}

/** The input cannot be planned. Caller: print every problem and exit 1. */
export class InvalidManifestsError extends Error {
  override readonly name = "InvalidManifestsError";
  /** In input order, without repetition. */
  readonly problems: readonly ManifestProblem[];

  constructor(problems: readonly ManifestProblem[]) {
    const shown = problems.slice(0, PROBLEMS_MAX).map(formatManifestProblem);
    const hidden = problems.length - shown.length;
    super([...shown, ...(hidden > 0 ? [`… and ${hidden} more`] : [])].join("\n"));
    this.problems = problems;
  }
}

/** Gathers the problems of all documents; the same sentence about the same place counts once. */
export class ProblemList {
  readonly #problems = new Map<string, ManifestProblem>();

  add(problem: ManifestProblem): void {
    const key = formatManifestProblem(problem);
    if (!this.#problems.has(key)) this.#problems.set(key, problem);
  }

  get size(): number {
    return this.#problems.size;
  }

  /** Problems of files in the order of `files`, then by line. */
  sorted(files: readonly string[]): readonly ManifestProblem[] {
    const rank = new Map(files.map((file, index) => [file, index]));
    const place = ({ file }: ManifestProblem): number => rank.get(file) ?? files.length;
    return [...this.#problems.values()].sort((a, b) => place(a) - place(b) || (a.line ?? 0) - (b.line ?? 0));
  }

  /** Throws InvalidManifestsError when there is any. */
  throwIfAny(files: readonly string[]): void {
    if (this.size > 0) throw new InvalidManifestsError(this.sorted(files));
  }
}
