import type { LintRule } from "../model.ts";
import type { CommandLine } from "../shell/command-line.ts";
import { withValues } from "../shell/variables.ts";
import { atCommand, commandsOf, eachCommand } from "./hits.ts";

const LB_CONTROLLER = "aws-load-balancer-controller";
const installs = (line: CommandLine): boolean => line.is("helm", "install|upgrade|template");
/** The chart of an install: the argument after the release's name. */
const chartOf = (line: CommandLine): string =>
  installs(line) ? (line.positionals[line.positionals.length > 2 ? 2 : 1]?.text ?? "") : "";
const installsLbController = (line: CommandLine): boolean =>
  chartOf(line).endsWith(`/${LB_CONTROLLER}`) || chartOf(line) === LB_CONTROLLER;
const installsKarpenter = (line: CommandLine): boolean => /(^|\/)karpenter$/.test(chartOf(line));
const hasValuesFile = (line: CommandLine): boolean => line.has("-f", "--values");

/** Mistakes in helm commands. */
export const HELM_COMMAND_RULES: readonly LintRule[] = [
  {
    id: "lb-controller-region",
    severity: "error",
    title: "load balancer controller without region or vpcId",
    why: "On Fargate there is no instance metadata: the controller ends with `failed to introspect region from EC2Metadata` or `failed to introspect vpcID from EC2Metadata`, and crashes in a loop.",
    source: "AWS Load Balancer Controller, installation guide; EKS user guide, Fargate considerations",
    check: eachCommand(function* (line) {
      if (!installsLbController(line) || hasValuesFile(line)) return;
      const settings = line.settings();
      const missing = ["region", "vpcId"].filter((name) => !settings.has(name));
      if (missing.length > 0)
        yield atCommand(line, {
          message: `installs the controller without ${missing.join(" and ")}, which it cannot find out on Fargate`,
          remedy: `add ${missing.map((name) => `--set ${name}=…`).join(" ")}`,
        });
    }),
  },
  {
    id: "lb-controller-version",
    severity: "warning",
    title: "chart of the newest version with a policy of a fixed one",
    why: "The chart is always the current one, the IAM policy is not: v2.4.7's lacks ten actions that version 3 calls (ec2:DescribeRouteTables, elasticloadbalancing:DescribeListenerAttributes …).",
    source: "AWS Load Balancer Controller, docs/install/iam_policy.json of v2.4.7 and v3.5.0",
    check: function* (project) {
      const lines = commandsOf(project);
      const policy = lines.flatMap((line) => line.command.words).find(({ text }) => POLICY_URL.test(text));
      const version = POLICY_URL.exec(policy?.text ?? "")?.[1];
      if (version === undefined || version === "main") return;
      for (const line of lines)
        if (installsLbController(line) && !line.has("--version"))
          yield atCommand(line, {
            message: `takes the newest chart, while the IAM policy is that of ${version}`,
            remedy: "pin the chart too (--version), and take both of one release",
          });
    },
  },
  {
    id: "helm-repo-missing",
    severity: "warning",
    title: "chart of a repository that is not added",
    why: "helm stops with `repo … not found` on a machine where nobody added it before.",
    source: "helm, repo add",
    check: function* (project) {
      const lines = commandsOf(project);
      const added = new Set(
        lines.filter((line) => line.is("helm", "repo", "add")).map((line) => line.positionals[2]?.text),
      );
      for (const line of lines) {
        const [, repository, chart = ""] = /^([a-z][a-z0-9-]*)\/([a-z0-9-]+)$/.exec(chartOf(line)) ?? [];
        if (repository === undefined || added.has(repository) || line.has("--repo")) continue;
        if (LOCAL_CHARTS.has(repository) || LOCAL_CHARTS.has(chart)) continue;
        const url = repository === "eks" ? "https://aws.github.io/eks-charts" : "URL";
        yield atCommand(line, {
          message: `no command adds the repository ${repository}`,
          remedy: `before it: helm repo add ${repository} ${url} && helm repo update`,
        });
      }
    },
  },
  {
    id: "karpenter-chart-values",
    severity: "warning",
    title: "Karpenter chart values that the version does not have",
    why: "helm ignores values that a chart does not know. Until 0.31 only settings.aws.* counts, from 0.32 on settings.clusterName and its neighbours; a clusterName at the top is read by none of them.",
    source: "Karpenter chart of v0.27.3 and v1.14",
    check: eachCommand(function* (line, { values }) {
      if (!installsKarpenter(line)) return;
      const version = withValues(line.flag("--version")?.text ?? "", values);
      const isOld = isBefore032(version);
      for (const [name, word] of line.settings()) {
        const right = rightSetting(name, isOld);
        if (right !== undefined)
          yield atCommand(
            line,
            { message: `the chart has no value ${name}, which is ignored`, remedy: `write ${right}` },
            word,
          );
      }
    }),
  },
  {
    id: "karpenter-old-chart",
    severity: "advice",
    title: "Karpenter of its first generation",
    why: "The versions before 1.0 read Provisioner and AWSNodeTemplate, which no later version does; their release branches get no fixes.",
    source: "Karpenter, upgrade guide and compatibility",
    check: eachCommand(function* (line, { values }) {
      const flag = installsKarpenter(line) ? line.flag("--version") : undefined;
      const version = withValues(flag?.text ?? "", values);
      if (flag !== undefined && /^v?0\.\d+/.test(version))
        yield atCommand(
          line,
          {
            message: `installs Karpenter ${version}`,
            remedy: "install 1.x with NodePool and EC2NodeClass; nodeless plan converts the old objects",
          },
          flag,
        );
    }),
  },
];

const POLICY_URL = /aws-load-balancer-controller\/([^/]+)\/docs\/install\/iam_policy/;
/** Directories that charts are kept in. */
const LOCAL_CHARTS: ReadonlySet<string> = new Set(["charts", "chart", "helm", "deploy", "deployments", "manifests"]);

/** Unknown versions count as new. */
function isBefore032(version: string): boolean {
  const minor = /^v?0\.(\d+)/.exec(version)?.[1];
  return minor !== undefined && Number(minor) < 32;
}

function rightSetting(name: string, isOld: boolean): string | undefined {
  if (name === "clusterName" || name === "clusterEndpoint") return isOld ? `settings.aws.${name}` : `settings.${name}`;
  const old = /^settings\.aws\.(.+)$/.exec(name)?.[1];
  if (old !== undefined && !isOld)
    return old === "interruptionQueueName"
      ? "settings.interruptionQueue"
      : old === "defaultInstanceProfile"
        ? "spec.role or spec.instanceProfile of the EC2NodeClass"
        : `settings.${old}`;
  if (name === "settings.interruptionQueueName" && !isOld) return "settings.interruptionQueue";
  return isOld && /^settings\.(clusterName|clusterEndpoint)$/.test(name)
    ? name.replace("settings.", "settings.aws.")
    : undefined;
}
