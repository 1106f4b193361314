import { DEFAULT_CLUSTER_NAME } from "@nodeless/eks/spec";
import { Command, Option } from "commander";
import type { Terminal } from "../terminal.ts";
import { type CommonPlanFlags, withPlanOptions } from "./plan-flags.ts";

export interface WhyFlags extends CommonPlanFlags {
  readonly namespace: string;
  readonly name: string;
  readonly output: "text" | "json" | "yaml";
}

const HELP = `
Examples:
  nodeless why pod/web-0 -n shop -f manifests/      why a pod of a plan runs where it does
  nodeless why node/default-0 -f manifests/         why a node of a plan is of its type
  nodeless why pod/web-6d4cf56db6-x7k2p             a pod of the running local cluster
  nodeless why nodeclaim/default-x2x9k -o json

Says who was asked, what rejected each candidate, what else would have fitted at what price, and what the pod and its node are worth.
With -f it explains the plan that \`nodeless plan\` makes with the same options; without, the running local cluster.

Exit codes: 0 also when the pod runs nowhere, 1 nothing of that name or input that cannot be planned, 64 wrong options.
`;

/** `nodeless why`: the argument behind one pod or node, of a plan or of a running local cluster. */
export function whyCommand(terminal: Terminal): Command {
  const command = withPlanOptions(new Command("why"))
    .argument("<subject>", "pod/NAME, node/NAME or nodeclaim/NAME")
    .description("Explain why a pod runs where it does, or why a node is of its type.")
    .option("-n, --namespace <namespace>", "namespace of the pod", "default")
    .option("--name <name>", "the local cluster, without -f", DEFAULT_CLUSTER_NAME)
    .addOption(
      new Option("-o, --output <format>", "text, json or yaml").choices(["text", "json", "yaml"]).default("text"),
    )
    .addHelpText("after", HELP)
    .action(async (subject: string, flags: WhyFlags) =>
      (await import("./why-actions.ts")).runWhy(terminal, subject, flags),
    );
  // It is for totals, and an explanation has none.
  command.options.find(({ long }) => long === "--budget")?.hideHelp();
  return command;
}
