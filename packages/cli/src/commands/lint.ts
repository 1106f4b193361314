import { Command } from "commander";
import { outputOption } from "../output/structured.ts";
import type { Terminal } from "../terminal.ts";

/** What the command line says. */
export interface LintFlags {
  readonly file: readonly string[];
  readonly output: "table" | "json" | "yaml";
  readonly region?: string;
  readonly nodepool: readonly string[];
  readonly catalog?: string;
  readonly only?: string;
  readonly ignore?: string;
  readonly rules: boolean;
}

const HELP = `
Examples:
  nodeless lint -f manifests/
  helm template shop ./chart | nodeless lint -f -
  nodeless lint -f docs/ -f deploy.sh                     commands too: scripts, and the shell blocks of Markdown
  nodeless lint -f manifests/ --ignore fargate-rounding -o json | jq .findings
  nodeless lint --rules                                   every rule, with its severity

Reads Kubernetes manifests, ClusterConfigs, IAM policies (.json), scripts (.sh, .bash) and of Markdown the commands, policies and sentences,
not the YAML; needs no cluster and no account.
An object accepts findings by the annotation \`nodeless.dev/lint-ignore: rule, rule\`, any line by that comment on it or above it.

Exit codes: 0 nothing found, or advice only; 1 input that cannot be read; 2 errors or warnings; 64 wrong options.
`;

const gather = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** `nodeless lint`: mistakes in manifests, scripts and policies, each with file, line and remedy. */
export function lintCommand(terminal: Terminal): Command {
  return new Command("lint")
    .description("Say what is wrong with manifests, scripts and policies, and how to correct it; no cluster needed.")
    .option("-f, --file <path>", "a file, a directory, or - for standard input; may be repeated", gather, [])
    .addOption(outputOption("table", "json", "yaml"))
    .option("--region <region>", "region of the prices; else the ClusterConfig's, AWS_REGION, or the default")
    .option("--nodepool <path>", "pools instead of those of the input; may be repeated", gather, [])
    .option("--catalog <file>", "instance types and prices as printed by `nodeless catalog show -o json`")
    .option("--only <rules>", "run these rules alone, separated by commas")
    .option("--ignore <rules>", "leave these rules out, separated by commas")
    .option("--rules", "list the rules", false)
    .addHelpText("after", HELP)
    .action(async (flags: LintFlags) => (await import("./lint-actions.ts")).runLint(terminal, flags));
}
