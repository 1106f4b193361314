import { clusterCounts, knownNames } from "@nodeless/cluster";
import { DEFAULT_CLUSTER_NAME } from "@nodeless/eks/spec";
import { Command } from "commander";
import { CommandError } from "../exit-codes.ts";
import { formatStructured, outputOption } from "../output/structured.ts";
import { formatTable } from "../output/table.ts";
import type { Terminal } from "../terminal.ts";
import { findLocalState, requireRunning, stateHome } from "./local-state.ts";

/** `nodeless status`: what runs, where, and how much of it. */
export function statusCommand(terminal: Terminal): Command {
  return new Command("status")
    .description("Show a running local cluster: process, endpoints, nodes and pods.")
    .option("--name <name>", "the local cluster", DEFAULT_CLUSTER_NAME)
    .option("--all", "list every local cluster that has state", false)
    .addOption(outputOption("table", "json", "yaml"))
    .addHelpText(
      "after",
      "\nExamples:\n  nodeless status\n  nodeless status -o json | jq -r .endpoints.kubernetes\n  nodeless status --all\n",
    )
    .action(async (options: { name: string; all: boolean; output: "table" | "json" | "yaml" }) => {
      const value = options.all ? await listAll(terminal) : await describe(terminal, options.name);
      if (options.output !== "table") terminal.out(formatStructured(options.output, value));
      else terminal.out(Array.isArray(value) ? allTable(value as readonly Summary[]) : statusText(value as Status));
    });
}

interface Status {
  readonly name: string;
  readonly pid: number;
  readonly startedAt: string;
  readonly cluster: { readonly name: string; readonly version: string; readonly region: string };
  readonly endpoints: { readonly kubernetes: string; readonly aws: string };
  readonly context: string;
  readonly nodes: { readonly total: number; readonly fargate: number; readonly ec2: number; readonly ready: number };
  readonly pods: { readonly total: number; readonly running: number; readonly pending: number };
  readonly fargateProfiles: readonly {
    readonly name: string;
    readonly status: string;
    readonly health: readonly string[];
  }[];
}

async function describe(terminal: Terminal, name: string): Promise<Status> {
  const { runtime, paths } = await requireRunning(terminal, name);
  try {
    const counts = await clusterCounts(paths, runtime);
    return {
      name: runtime.name,
      pid: runtime.pid,
      startedAt: runtime.startedAt,
      cluster: { name: runtime.clusterName, version: runtime.kubernetesVersion, region: runtime.region },
      endpoints: { kubernetes: runtime.kubernetesEndpoint, aws: runtime.awsEndpoint },
      context: runtime.context,
      ...counts,
    };
  } catch (cause) {
    throw new CommandError(
      `${runtime.name} (process ${runtime.pid}) does not answer at ${runtime.kubernetesEndpoint}: look into ${paths.log}`,
      { cause },
    );
  }
}

function statusText(status: Status): string {
  const { nodes, pods } = status;
  const profiles = status.fargateProfiles.map(
    ({ name, status: state, health }) => `${name} ${state}${health.length > 0 ? ` (${health.join("; ")})` : ""}`,
  );
  const rows: readonly (readonly [string, string])[] = [
    ["name", `${status.name} (process ${status.pid}, since ${status.startedAt})`],
    ["cluster", `${status.cluster.name}, Kubernetes ${status.cluster.version}, ${status.cluster.region}`],
    ["Kubernetes API", `${status.endpoints.kubernetes} (context ${status.context})`],
    ["AWS API", status.endpoints.aws],
    ["nodes", `${nodes.total}: ${nodes.fargate} Fargate, ${nodes.ec2} EC2; ${nodes.ready} ready`],
    ["pods", `${pods.total}: ${pods.running} running, ${pods.pending} pending`],
    ["Fargate profiles", profiles.length === 0 ? "none" : profiles.join(", ")],
  ];
  return rows.map(([title, value]) => `${title.padEnd(18)}${value}\n`).join("");
}

interface Summary {
  readonly name: string;
  readonly running: boolean;
  readonly pid: number | null;
  readonly cluster: string;
}

async function listAll(terminal: Terminal): Promise<readonly Summary[]> {
  const names = await knownNames(stateHome(terminal));
  return Promise.all(
    names.map(async (name) => {
      const { holder, runtime } = await findLocalState(terminal, name);
      return { name, running: holder !== undefined, pid: holder?.pid ?? null, cluster: runtime?.clusterName ?? "" };
    }),
  );
}

function allTable(summaries: readonly Summary[]): string {
  return formatTable(
    ["name", "running", "pid", "cluster"],
    summaries.map(({ name, running, pid, cluster }) => [
      name,
      running ? "yes" : "no",
      pid === null ? "" : String(pid),
      cluster,
    ]),
  );
}
