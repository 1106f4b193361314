import { DEFAULT_VERSION } from "@nodeless/eks/spec";
import { Command } from "commander";
import { formatStructured, outputOption } from "../output/structured.ts";
import type { Terminal } from "../terminal.ts";
import { VERSION } from "../version.ts";

/** `nodeless version` */
export function versionCommand(terminal: Terminal): Command {
  return new Command("version")
    .description("Print the version of nodeless, of Node and of the default Kubernetes.")
    .addOption(outputOption("table", "json", "yaml"))
    .addHelpText("after", "\nExamples:\n  nodeless version\n  nodeless version -o json\n")
    .action(({ output: format }: { output: "table" | "json" | "yaml" }) => {
      const facts = { nodeless: VERSION, node: process.versions.node, kubernetes: DEFAULT_VERSION };
      if (format === "json" || format === "yaml") terminal.out(formatStructured(format, facts));
      else
        terminal.out(
          `nodeless ${facts.nodeless}\nNode ${facts.node}\nKubernetes ${facts.kubernetes} (default of new clusters)\n`,
        );
    });
}
