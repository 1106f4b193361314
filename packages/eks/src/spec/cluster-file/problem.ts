/** One mistake in an input file, where it is and what to do. */
export interface FileProblem {
  readonly file: string;
  /** 1-based; undefined when the whole document is meant. */
  readonly line?: number;
  /** `fargateProfiles[0].selectors[1].namespace` */
  readonly path: string;
  /** Lower case; ends with the remedy. */
  readonly message: string;
}

/** `cluster.yaml:12: fargateProfiles[0].selector: unknown field; did you mean "selectors"?` */
export function formatProblem({ file, line, path, message }: FileProblem): string {
  const place = line === undefined ? file : `${file}:${line}`;
  return path === "" ? `${place}: ${message}` : `${place}: ${path}: ${message}`;
}

/** The file cannot be used. Caller: print every problem and exit 1; nothing has been changed. */
export class InvalidClusterFileError extends Error {
  override readonly name = "InvalidClusterFileError";
  readonly problems: readonly FileProblem[];

  constructor(problems: readonly FileProblem[]) {
    super(problems.map(formatProblem).join("\n"));
    this.problems = problems;
  }
}
