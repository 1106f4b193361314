import { counted } from "../../report/amounts.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintScript } from "../project.ts";
import type { CommandLine } from "../shell/command-line.ts";
import { withValues } from "../shell/variables.ts";
import { ascendingLines } from "../sources/line-numbers.ts";
import { atCommand, eachCommand } from "./hits.ts";

const isCreateProfile = (line: CommandLine): boolean => line.is("aws", "eks", "create-fargate-profile");

/** Mistakes in commands of the AWS CLI. */
export const AWS_COMMAND_RULES: readonly LintRule[] = [
  {
    id: "profile-command-selectors",
    severity: "error",
    title: "aws eks create-fargate-profile without --selectors",
    why: "The call is accepted, and the profile takes no pod: the pods it is made for stay Pending.",
    source: "EKS API, CreateFargateProfile",
    check: eachCommand(function* (line) {
      if (
        isCreateProfile(line) &&
        !line.has("--selectors", "--cli-input-json", "--cli-input-yaml", "--generate-cli-skeleton")
      )
        yield atCommand(line, {
          message: `profile ${line.flag("--fargate-profile-name")?.text ?? ""} has no selectors and takes no pod`,
          remedy: `add --selectors namespace=${namespaceFor(line)}`,
        });
    }),
  },
  {
    id: "profile-command-wait",
    severity: "warning",
    title: "no wait after aws eks create-fargate-profile",
    why: "The call returns while the profile is CREATING. Until it is ACTIVE the next create or delete of a profile is refused (ResourceInUseException), and pods created or restarted meanwhile do not go to Fargate.",
    source: "EKS API, CreateFargateProfile; EKS user guide, Fargate profiles",
    check: function* ({ scripts }) {
      for (const script of scripts) yield* unawaitedProfiles(script);
    },
  },
  {
    id: "account-id",
    severity: "error",
    title: "AWS account id without twelve digits",
    why: "The ARN names no account: the call is refused.",
    source: "AWS account identifiers",
    check: function* (project) {
      for (const { file, text } of project.sources) yield* badAccountIds(file, text);
    },
  },
  {
    id: "security-group-all-traffic",
    severity: "warning",
    title: "all protocols opened on a security group",
    why: "The cluster's security group is that of every Fargate pod too: a bastion that needs the API server gets every port of every pod.",
    source: "EKS user guide, security group requirements",
    check: eachCommand(function* (line) {
      if (!line.is("aws", "ec2", "authorize-security-group-ingress")) return;
      const protocol = line.flag("--protocol");
      const permissions = line.flag("--ip-permissions");
      const isOpen =
        /^(-1|all)$/.test(protocol?.text ?? "") || /IpProtocol["']?\s*[=:]\s*["']?-1/.test(permissions?.text ?? "");
      if (isOpen)
        yield atCommand(
          line,
          {
            message: "opens all ports and protocols",
            remedy: "open what is needed: --protocol tcp --port 443 for the API server",
          },
          protocol ?? permissions,
        );
    }),
  },
  {
    id: "cidr-mask",
    severity: "error",
    title: "CIDR block without a mask",
    why: "EC2 refuses an address without a prefix length.",
    source: "EC2 API, AuthorizeSecurityGroupIngress",
    check: eachCommand(function* (line, { values }) {
      if (!line.is("aws", "ec2")) return;
      for (const word of line.flags("--cidr", "--cidr-block", "--destination-cidr-block")) {
        const text = withValues(word.text, values);
        const isOpen = /\$|^\[\[|^<|^\{\{/.test(text);
        const isPlaceholder = /^(\[\[|<)/.test(text) && !text.includes("/");
        if (text.includes("/") || (isOpen && !isPlaceholder)) continue;
        yield atCommand(
          line,
          { message: `${text} has no prefix length`, remedy: "write ADDRESS/32 for a single host" },
          word,
        );
      }
    }),
  },
  {
    id: "region-from-configure-list",
    severity: "warning",
    title: "region cut out of aws configure list",
    why: "The columns of that table depend on where the region comes from: with AWS_REGION or a profile the cut gives something else.",
    source: "AWS CLI, configure list",
    check: pipelineRule((line) => line.is("aws", "configure", "list"), /grep|awk|cut|sed/, {
      message: "takes the region from the table of aws configure list",
      remedy: "AWS_REGION=$(aws configure get region), or name the region",
    }),
  },
  {
    id: "policy-arn-by-grep",
    severity: "warning",
    title: "policy ARN found by grep",
    why: "The text matches any policy whose ARN contains the name, of AWS or of another cluster; several lines or none then go into the next command.",
    source: "IAM API, ListPolicies",
    check: pipelineRule((line) => line.is("aws", "iam", "list-policies") && !line.has("--query"), /grep|awk/, {
      message: "searches all policies by a part of their name",
      remedy:
        "build it: arn:aws:iam::ACCOUNT:policy/NAME, or aws iam list-policies --scope Local --query \"Policies[?PolicyName=='NAME'].Arn\"",
    }),
  },
  {
    id: "vpc-by-tag-query",
    severity: "warning",
    title: "VPC found by contains() over its tags",
    why: "The query ends with `In function contains(), invalid type for value: None` as soon as one VPC of the region has no tags, such as a fresh default VPC.",
    source: "JMESPath, contains()",
    check: eachCommand(function* (line) {
      const query = line.is("aws", "ec2", "describe-vpcs|describe-subnets|describe-security-groups")
        ? line.flag("--query")
        : undefined;
      if (query !== undefined && /contains\(\s*Tags/.test(query.text))
        yield atCommand(
          line,
          {
            message: "the query fails when anything in the region has no tags",
            remedy: "let EC2 filter: --filters Name=tag:Name,Values=NAME --query 'Vpcs[0].VpcId'",
          },
          query,
        );
    }),
  },
  {
    id: "node-role-ecr-policy",
    severity: "advice",
    title: "AmazonEC2ContainerRegistryReadOnly for nodes",
    why: "Nodes only pull. AmazonEC2ContainerRegistryPullOnly is the smaller policy that AWS recommends now.",
    source: "EKS user guide, node IAM role",
    check: eachCommand(function* (line) {
      const policy = line.is("aws", "iam", "attach-role-policy") ? line.flag("--policy-arn") : undefined;
      if (policy?.text.endsWith("/AmazonEC2ContainerRegistryReadOnly") === true)
        yield atCommand(
          line,
          { message: "may read and list every repository", remedy: "attach AmazonEC2ContainerRegistryPullOnly" },
          policy,
        );
    }),
  },
  {
    id: "partition-mixed",
    severity: "advice",
    title: "partition written out beside a variable for it",
    why: "The script is meant for other partitions (aws-cn, aws-us-gov), and this ARN exists in none of them.",
    source: "AWS ARN format",
    check: eachCommand(function* (line, { values }) {
      if (![...values.keys()].some((name) => /PARTITION$/.test(name))) return;
      const texts = [...line.command.words, ...line.command.hereDocuments];
      for (const { text, line: first } of texts) {
        const lineAt = ascendingLines(text, first);
        for (const match of text.matchAll(/arn:aws:iam::(?!aws:)[^\s"']*/g))
          yield {
            at: { file: line.command.file, line: lineAt(match.index) },
            object: line.title,
            message: `${match[0]} is of the partition aws only`,
            remedy: "write arn:$AWS_PARTITION: as elsewhere in the file",
          };
      }
    }),
  },
];

function namespaceFor(line: CommandLine): string {
  const name = line.flag("--fargate-profile-name")?.text ?? "";
  return /^[a-z0-9-]+$/.test(name) ? name : "NAMESPACE";
}

/** Profiles whose creation goes on while the script does something that needs them. */
function* unawaitedProfiles({ lines }: LintScript): Iterable<LintHit> {
  let open: CommandLine | undefined;
  for (const line of lines) {
    if (line.is("aws", "eks", "wait")) open = undefined;
    else if (open !== undefined && needsProfile(line)) {
      yield atCommand(open, {
        message: `the profile is still being created when ${line.title} runs in line ${line.command.line}`,
        remedy: "aws eks wait fargate-profile-active --cluster-name NAME --fargate-profile-name PROFILE",
      });
      open = undefined;
    }
    if (isCreateProfile(line)) open = line;
  }
}

const needsProfile = (line: CommandLine): boolean =>
  isCreateProfile(line) ||
  line.is("aws", "eks", "delete-fargate-profile") ||
  line.is("kubectl", "apply|create|rollout|patch") ||
  line.is("helm", "install|upgrade");

/** An ARN of IAM with digits in the place of the account. */
const IAM_ARN = /arn:aws[a-z-]*:(?:iam|sts)::(\d+):/g;
const ACCOUNT_DIGITS = 12;

function* badAccountIds(file: string, text: string): Iterable<LintHit> {
  const lineAt = ascendingLines(text);
  for (const match of text.matchAll(IAM_ARN)) {
    const account = match[1] ?? "";
    if (account.length === ACCOUNT_DIGITS) continue;
    yield {
      at: { file, line: lineAt(match.index) },
      object: undefined,
      message: `${account} has ${counted(account.length, "digit")}, an account id has ${ACCOUNT_DIGITS}`,
      remedy: "aws sts get-caller-identity --query Account --output text prints yours",
    };
  }
}

/** A command whose output goes through a text tool in the same pipeline. */
function pipelineRule(
  is: (line: CommandLine) => boolean,
  tools: RegExp,
  said: { readonly message: string; readonly remedy: string },
): LintRule["check"] {
  return eachCommand(function* (line, { lines }) {
    if (!is(line)) return;
    const { pipeline } = line.command;
    if (lines.some((other) => other.command.pipeline === pipeline && tools.test(other.tool)))
      yield atCommand(line, said);
  });
}
