import { Command } from "commander";
import { outputOption } from "../output/structured.ts";
import type { Terminal } from "../terminal.ts";

interface CommonOptions {
  readonly cluster?: string;
  readonly local?: string;
  readonly region?: string;
}

export interface CreateOptions extends CommonOptions {
  readonly file?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: string;
}

export interface GetOptions extends CommonOptions {
  readonly name?: string;
  readonly output: "table" | "json" | "yaml" | "name";
}

export interface DeleteOptions extends CommonOptions {
  readonly name: string;
  readonly wait: boolean;
}

/** `create`, `get` and `delete`, each with `fargateprofile`: eksctl's words and columns. */
export function fargateProfileCommands(terminal: Terminal): readonly Command[] {
  return [
    new Command("create")
      .description("Create a part of a cluster: fargateprofile.")
      .addHelpText("after", "\nExamples:\n  nodeless create fargateprofile --name apps --namespace apps\n")
      .addCommand(createCommand(terminal)),
    new Command("get")
      .description("Show parts of a cluster: fargateprofile.")
      .addHelpText("after", "\nExamples:\n  nodeless get fargateprofile\n")
      .addCommand(getCommand(terminal)),
    new Command("delete")
      .description("Delete a part of a cluster: fargateprofile.")
      .addHelpText("after", "\nExamples:\n  nodeless delete fargateprofile --name apps\n")
      .addCommand(deleteCommand(terminal)),
  ];
}

/** Loaded when used: the AWS SDK takes longer to load than most commands to run. */
const actions = (): Promise<typeof import("./fargate-profile-actions.ts")> => import("./fargate-profile-actions.ts");

const withCommonOptions = (command: Command): Command =>
  command
    .option("--cluster <cluster>", "EKS cluster (default: the cluster of the running local one)")
    .option("--local <name>", "the local cluster to talk to")
    .option("--region <region>", "AWS region");

function createCommand(terminal: Terminal): Command {
  return withCommonOptions(new Command("fargateprofile").alias("fargateprofiles"))
    .description("Create Fargate profiles and wait until they are ACTIVE.")
    .option("-f, --file <file>", "ClusterConfig whose fargateProfiles are created; existing equal ones are kept")
    .option("--name <name>", "profile name (default: fp- and 8 random characters)")
    .option("--namespace <namespace>", "namespace of the selector; * and ? are wildcards")
    .option("-l, --labels <labels>", "labels of the selector: key=value,key=value")
    .addHelpText(
      "after",
      "\nExamples:\n  nodeless create fargateprofile --cluster demo --name apps --namespace apps -l run=on-fargate\n  nodeless create fargateprofile -f fargateprofile.yaml\n",
    )
    .action(async (options: CreateOptions) => (await actions()).createProfiles(terminal, options));
}

function getCommand(terminal: Terminal): Command {
  return withCommonOptions(new Command("fargateprofile").alias("fargateprofiles"))
    .description("List Fargate profiles, one row per selector.")
    .option("--name <name>", "only this profile")
    .addOption(outputOption("table", "json", "yaml", "name"))
    .addHelpText(
      "after",
      "\nExamples:\n  nodeless get fargateprofile --cluster demo\n  nodeless get fargateprofile -o yaml\n",
    )
    .action(async (options: GetOptions) => (await actions()).getProfiles(terminal, options));
}

function deleteCommand(terminal: Terminal): Command {
  return withCommonOptions(new Command("fargateprofile").alias("fargateprofiles"))
    .description("Delete a Fargate profile; its pods are deleted with it.")
    .requiredOption("--name <name>", "the profile")
    .option("--wait", "return when it is gone", false)
    .addHelpText("after", "\nExamples:\n  nodeless delete fargateprofile --cluster demo --name apps --wait\n")
    .action(async (options: DeleteOptions) => (await actions()).deleteProfile(terminal, options));
}
