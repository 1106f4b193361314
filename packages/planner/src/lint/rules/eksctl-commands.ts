import type { LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atCommand, commandsOf, eachCommand, valueAt } from "./hits.ts";

/** Mistakes in eksctl commands. */
export const EKSCTL_COMMAND_RULES: readonly LintRule[] = [
  {
    id: "eksctl-no-approve",
    severity: "error",
    title: "eksctl command without --approve",
    why: "The command prints what it would do and changes nothing; everything after it misses the service account or the provider.",
    source: "eksctl, create iamserviceaccount and utils",
    check: eachCommand(function* (line) {
      const plansOnly =
        line.is("eksctl", "create|delete", "iamserviceaccount") ||
        line.is("eksctl", "utils", "associate-iam-oidc-provider|update-cluster-endpoints|set-public-access-cidrs");
      const fromFlags = !line.is("eksctl", "delete") || line.has("-f", "--config-file");
      if (plansOnly && fromFlags && !line.has("--approve") && !line.has("--help"))
        yield atCommand(line, {
          message: "without --approve this only prints a plan",
          remedy: "add --approve",
        });
    }),
  },
  {
    id: "oidc-provider-missing",
    severity: "error",
    title: "IAM role for a service account without an IAM OIDC provider",
    why: "eksctl stops with `unable to create iamserviceaccount(s) without IAM OIDC provider enabled`; a role made by hand cannot be assumed (InvalidIdentityToken). `eksctl create cluster --fargate` alone makes no provider.",
    source: "eksctl, IAM roles for service accounts; EKS user guide, IRSA",
    check: function* (project) {
      if (makesOidcProvider(project)) return;
      for (const line of commandsOf(project))
        if (line.is("eksctl", "create", "iamserviceaccount"))
          yield atCommand(line, {
            message: "nothing in the input creates the cluster's IAM OIDC provider, which this needs",
            remedy:
              "before it: eksctl utils associate-iam-oidc-provider --cluster NAME --approve, or iam.withOIDC: true in the ClusterConfig",
          });
      for (const { file, statements } of project.policies)
        for (const { line, federated } of statements)
          if (federated.some((one) => one.includes(":oidc-provider/")))
            yield {
              at: { file, line },
              object: "trust policy",
              message: "trusts an OIDC provider that nothing in the input creates",
              remedy: "create it once per cluster: eksctl utils associate-iam-oidc-provider --cluster NAME --approve",
            };
    },
  },
  {
    id: "eksctl-delete-what",
    severity: "error",
    title: "eksctl delete without saying what",
    why: "eksctl needs the kind of thing to delete. Deleting the cluster because one Fargate profile failed is not needed either.",
    source: "eksctl, delete cluster, create fargateprofile",
    check: function* ({ scripts, statements }) {
      const said = {
        message: "eksctl delete needs a resource: cluster, fargateprofile, nodegroup …",
        remedy:
          "eksctl delete cluster -f FILE; after a failed profile repeat eksctl create fargateprofile -f FILE instead",
      };
      for (const { lines } of scripts)
        for (const line of lines)
          if (line.is("eksctl", "delete") && line.positionals.length === 1) yield atCommand(line, said);
      for (const { file, line, text } of statements)
        if (/\beksctl delete (-f|--config-file)\b/.test(text))
          yield { at: { file, line }, object: "eksctl delete", ...said };
    },
  },
  {
    id: "eksctl-flags-with-file",
    severity: "error",
    title: "eksctl flags that a config file replaces",
    why: "With -f eksctl takes names, selectors, zones and tags from the file only, and refuses the flags.",
    source: "eksctl, config file schema",
    check: eachCommand(function* (line) {
      if (line.tool !== "eksctl" || !line.has("-f", "--config-file")) return;
      const refused = line.is("eksctl", "create", "fargateprofile")
        ? PROFILE_FLAGS
        : line.is("eksctl", "create", "cluster")
          ? CLUSTER_FLAGS
          : [];
      const given = refused.filter((flag) => line.has(flag));
      if (given.length > 0)
        yield atCommand(line, {
          message: `${given.join(", ")} cannot be given together with -f`,
          remedy: "move it into the file",
        });
    }),
  },
  {
    id: "eksctl-random-name",
    severity: "advice",
    title: "cluster without a name",
    why: "eksctl makes a name up (adjective, noun, time), so the commands that follow cannot name the cluster.",
    source: "eksctl, create cluster",
    check: eachCommand(function* (line) {
      if (
        line.is("eksctl", "create", "cluster") &&
        line.positionals.length === 2 &&
        !line.has("-f", "--config-file", "--name", "-n", "--help", "--dry-run")
      )
        yield atCommand(line, { message: "the cluster gets a random name", remedy: "add --name NAME --region REGION" });
    }),
  },
  {
    id: "eksctl-default-profile",
    severity: "advice",
    title: "eksctl create cluster --fargate puts the default namespace on Fargate",
    why: "The profile fp-default selects the namespaces default and kube-system as a whole: application pods in default get micro-VMs instead of nodes of the provisioner, and nothing in kube-system can run on EC2.",
    source: "eksctl, Fargate support",
    check: eachCommand(function* (line) {
      if (line.is("eksctl", "create", "cluster") && line.has("--fargate"))
        yield atCommand(line, {
          message: "makes the profile fp-default for all pods of default and kube-system",
          remedy: "write a ClusterConfig with fargateProfiles that select system pods by label (k8s-app: kube-dns)",
        });
    }),
  },
  {
    id: "eksctl-role-name",
    severity: "advice",
    title: "fixed IAM role name for a service account",
    why: "Role names are unique in an account: the same command for a second cluster collides with the first.",
    source: "eksctl, create iamserviceaccount; IAM quotas",
    check: eachCommand(function* (line) {
      const name = line.is("eksctl", "create", "iamserviceaccount") ? line.flag("--role-name") : undefined;
      const cluster = line.flag("--cluster", "-c")?.text;
      if (name === undefined || name.text.includes("$") || (cluster !== undefined && name.text.includes(cluster)))
        return;
      yield atCommand(
        line,
        {
          message: `the role name ${name.text} is the same for every cluster`,
          remedy: "leave --role-name out, or put the cluster's name into it",
        },
        name,
      );
    }),
  },
  {
    id: "kubeconfig-again",
    severity: "advice",
    title: "aws eks update-kubeconfig after eksctl create cluster",
    why: "eksctl writes the kubeconfig itself.",
    source: "eksctl, create cluster",
    check: function* ({ scripts }) {
      for (const { lines } of scripts) {
        const created = lines.findIndex(
          (line) => line.is("eksctl", "create", "cluster") && !line.has("--write-kubeconfig"),
        );
        if (created < 0) continue;
        for (const line of lines.slice(created + 1))
          if (line.is("aws", "eks", "update-kubeconfig") && !line.has("--alias", "--kubeconfig", "--role-arn"))
            yield atCommand(line, {
              message: "eksctl create cluster has written the kubeconfig already",
              remedy: "leave it out; it is for other machines",
            });
      }
    },
  },
];

const PROFILE_FLAGS = ["--name", "--namespace", "--labels", "-l", "--tags"];
const CLUSTER_FLAGS = [
  "--fargate",
  "--tags",
  "--zones",
  "--name",
  "-n",
  "--version",
  "--vpc-cidr",
  "--vpc-private-subnets",
  "--vpc-public-subnets",
  "--vpc-nat-mode",
  "--with-oidc",
];

/** Whether a provider is made anywhere: by eksctl, the AWS CLI or a ClusterConfig. */
function makesOidcProvider(project: LintProject): boolean {
  if (
    project.documents.some(
      ({ kind, object }) => kind === "ClusterConfig" && valueAt(object, ["iam", "withOIDC"]) === true,
    )
  )
    return true;
  return commandsOf(project).some(
    (line) =>
      line.is("eksctl", "utils", "associate-iam-oidc-provider") ||
      line.is("aws", "iam", "create-open-id-connect-provider|list-open-id-connect-providers") ||
      (line.is("eksctl", "create", "cluster") && line.has("--with-oidc") && line.flag("--with-oidc")?.text !== "false"),
  );
}
