import { DEFAULT_CLUSTER_NAME } from "@nodeless/eks/spec";
import { Command, Option } from "commander";
import type { Terminal } from "../terminal.ts";
import { requireRunning } from "./local-state.ts";

/** `nodeless env`: shell exports that point kubectl, helm, the AWS CLI and SDKs at the local cluster. */
export function envCommand(terminal: Terminal): Command {
  return new Command("env")
    .description("Print shell exports: KUBECONFIG, AWS_ENDPOINT_URL and clearly fake AWS keys.")
    .option("--name <name>", "the local cluster", DEFAULT_CLUSTER_NAME)
    .addOption(
      new Option("--shell <shell>", "posix (sh, bash, zsh) or fish").choices(["posix", "fish"]).default("posix"),
    )
    .addHelpText("after", '\nExamples:\n  eval "$(nodeless env)"\n  nodeless env --shell fish | source\n')
    .action(async (options: { name?: string; shell: string }) => {
      const { runtime, paths } = await requireRunning(terminal, options.name);
      const variables = {
        KUBECONFIG: paths.kubeconfig,
        AWS_ENDPOINT_URL: runtime.awsEndpoint,
        AWS_REGION: runtime.region,
        AWS_DEFAULT_REGION: runtime.region,
        AWS_ACCESS_KEY_ID: runtime.accessKeyId,
        AWS_SECRET_ACCESS_KEY: runtime.secretAccessKey,
        AWS_EC2_METADATA_DISABLED: "true",
      };
      for (const [key, value] of Object.entries(variables))
        terminal.out(
          options.shell === "fish" ? `set -gx ${key} ${fishQuoted(value)};\n` : `export ${key}=${quoted(value)}\n`,
        );
    });
}

/** In fish's single quotes, a backslash escapes itself and the quote. */
const fishQuoted = (value: string): string => `'${value.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;

/** Single-quoted for a shell. */
const quoted = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
