import { Command, Option } from "commander";
import { outputOption } from "../output/structured.ts";
import type { Terminal } from "../terminal.ts";
import { type PlanDiffFlags, type PlanFlags, withPlanOptions } from "./plan-flags.ts";

const HELP = `
Examples:
  nodeless plan -f manifests/
  helm template shop ./chart | nodeless plan -f -
  nodeless plan -f manifests/ --optimize --time 1s -o wide
  nodeless plan -f manifests/ --region us-east-1 --nodepool spot.yaml --spot-share 70%
  nodeless plan -f manifests/ --budget 500/month -o json | jq .totals

Reads Pods, workloads, DaemonSets, Nodes with their pods, NodePools and ClusterConfigs; needs no cluster and no account. Without a
NodePool it takes the one that \`nodeless up\` makes. Pods that a Fargate profile selects go to Fargate; system pods have one in any case.
DaemonSets take their share of every node: those of the manifests, and those of the cluster's add-ons (aws-node, kube-proxy).

Exit codes: 0 also when pods are refused (the plan says which, why and the remedy), 1 input that cannot be planned, 2 above the
budget, 64 wrong options.
`;

const DIFF_HELP = `
Examples:
  nodeless plan diff before/ after/
  nodeless plan diff main HEAD -f manifests/              two git revisions of a path
  nodeless plan diff main -f manifests/                   a revision and the working tree
  nodeless plan diff origin/main HEAD -f deploy/ -o markdown --budget 500/month

Exit codes: 0 whatever changes, 1 input that cannot be planned, 2 if NEW is above the budget, 64 wrong options.
`;

/** `nodeless plan`: placement, price, bound, waste and refusals of manifests; `nodeless plan diff`: what a change costs. */
export function planCommand(terminal: Terminal): Command {
  return (
    withPlanOptions(new Command("plan"))
      .description("Say where pods would run, on what, at what price, and why; no cluster needed.")
      .addOption(outputOption("table", "wide", "json", "yaml"))
      .addHelpText("after", HELP)
      // Options after `diff` are those of diff.
      .enablePositionalOptions()
      .action(async (flags: PlanFlags) => (await actions()).runPlan(terminal, flags))
      .addCommand(diffCommand(terminal))
  );
}

/** Loaded when used: the catalogue takes longer to load than most commands to run. */
const actions = (): Promise<typeof import("./plan-actions.ts")> => import("./plan-actions.ts");
const diffActions = (): Promise<typeof import("./plan-diff-actions.ts")> => import("./plan-diff-actions.ts");

function diffCommand(terminal: Terminal): Command {
  const formats = ["table", "wide", "json", "yaml", "markdown"];
  return withPlanOptions(new Command("diff"))
    .argument("<old>", "files or a directory; with -f a git revision")
    .argument("[new]", "files or a directory; with -f a git revision, or the working tree when left out")
    .description("Say what a change of manifests costs, workload by workload.")
    .addOption(
      new Option("-o, --output <format>", "table, wide, json, yaml or markdown").choices(formats).default("table"),
    )
    .addHelpText("after", DIFF_HELP)
    .action(async (old: string, fresh: string | undefined, flags: PlanDiffFlags) =>
      (await diffActions()).runPlanDiff(terminal, { old, fresh }, flags),
    );
}
