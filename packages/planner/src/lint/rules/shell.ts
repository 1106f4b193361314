import type { LintHit, LintRule } from "../model.ts";
import type { LintScript } from "../project.ts";
import type { ShellCommand } from "../shell/shell-command.ts";

/** Mistakes of the shell itself. */
export const SHELL_RULES: readonly LintRule[] = [
  {
    id: "slash-comment",
    severity: "error",
    title: "// is no comment in a shell",
    why: "The shell runs a command named //, and a variable assigned before it on the line is gone with that command: NAME=value // text leaves NAME empty.",
    source: "POSIX shell command language",
    check: function* ({ scripts }) {
      for (const { file, commands } of scripts)
        for (const { words, assignments } of commands) {
          const sign = words.find(({ text, quoted }) => !quoted && text === "//");
          if (sign === undefined) continue;
          const [lost] = words[0] === sign ? assignments : [];
          yield {
            at: { file, line: sign.line },
            object: lost === undefined ? undefined : `variable ${lost.name}`,
            message:
              lost === undefined
                ? "// is an argument here, and so is the text after it"
                : `${lost.name} stays empty: the shell runs // with it`,
            remedy: "start comments with #",
          };
        }
    },
  },
  {
    id: "variable-unset",
    severity: "warning",
    title: "variable that is never set",
    why: "The shell puts nothing in its place, and the command runs with an empty value.",
    source: "POSIX shell command language",
    check: function* ({ scripts }) {
      const all = new Set(scripts.flatMap(({ values }) => [...values.keys()]));
      for (const script of scripts) yield* unsetVariables(script, all);
    },
  },
];

/** What a login shell, a CI job and the AWS tools have anyway. */
const ENVIRONMENT =
  /^(HOME|PATH|USER|LOGNAME|PWD|OLDPWD|SHELL|TERM|LANG|LC_\w+|TMPDIR|HOSTNAME|EDITOR|IFS|OPTARG|OPTIND|RANDOM|SECONDS|LINENO|PPID|UID|EUID|BASH\w*|PIPESTATUS|REPLY|FUNCNAME|DIRSTACK|COLUMNS|LINES|KUBECONFIG|CI|GITHUB_\w+|RUNNER_\w+|CI_\w+|AWS_(PROFILE|REGION|DEFAULT_REGION|ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|ENDPOINT_URL\w*)|XDG_\w+|NODELESS_\w+)$/;

/**
 * Only in a file that sets most of what it uses: a fragment of a procedure counts on what the reader has set before. What other files set
 * counts as set.
 */
function* unsetVariables(script: LintScript, elsewhere: ReadonlySet<string>): Iterable<LintHit> {
  const { file, uses, values, commands } = script;
  const reads = ({ words }: ShellCommand): boolean => words[0]?.text === "source" || words[0]?.text === ".";
  if (commands.some(reads)) return;
  const unset = new Map<string, number>();
  const set = new Set<string>();
  for (const { name, line } of uses)
    if (values.has(name)) set.add(name);
    else if (!elsewhere.has(name) && !ENVIRONMENT.test(name) && !unset.has(name)) unset.set(name, line);
  if (unset.size > set.size) return;
  for (const [name, line] of unset)
    yield {
      at: { file, line },
      object: `variable ${name}`,
      message: `${name} is used and never set`,
      remedy: REMEDIES.get(name) ?? `set ${name} before, or say that it has to be given: \${${name}:?}`,
    };
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  [
    "CLUSTER_ENDPOINT",
    'CLUSTER_ENDPOINT="$(aws eks describe-cluster --name NAME --query cluster.endpoint --output text)"',
  ],
]);
