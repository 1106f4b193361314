import type { FargateProfile } from "@nodeless/fargate";
import { matchesPattern, matchProfile, validateFargateProfile } from "@nodeless/fargate";
import type { SourceDocument } from "../../contract.ts";
import { isPlainObject, type Path } from "../../manifests/schema/check-value.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atDocument, eachCommand, eachDocument, valueAt } from "./hits.ts";

const SOURCE = "EKS user guide, Fargate profiles";
type Selector = FargateProfile["selectors"][number];

/** Fargate profiles of ClusterConfigs. */
export const PROFILE_RULES: readonly LintRule[] = [
  {
    id: "profile-whole-kube-system",
    severity: "advice",
    title: "profile for all of kube-system",
    why: "Every Deployment that is ever put there goes to Fargate, and one that needs the host network, EBS or a GPU (CSI controllers, CNI operators) cannot run at all.",
    source: SOURCE,
    check: function* (project) {
      yield* eachSelector(function* ({ selector, document, path }) {
        if (!isWhole(selector) || !matchesPattern(selector.namespace, "kube-system")) return;
        yield atDocument(document, path, {
          message: `takes every pod of kube-system${selector.namespace === "kube-system" ? "" : ` (${selector.namespace})`}`,
          remedy: "select by label: k8s-app: kube-dns for CoreDNS, app.kubernetes.io/name: … for the controllers",
        });
      })(project);
      yield* wholeKubeSystemCommands(project);
    },
  },
  {
    id: "profile-default-namespace",
    severity: "advice",
    title: "profile for the default namespace",
    why: "Application pods without a namespace go to Fargate one by one instead of to nodes of the provisioner; eksctl's fp-default does so.",
    source: "eksctl, Fargate support",
    check: eachSelector(function* ({ selector, document, path }) {
      if (isWhole(selector) && selector.namespace === "default")
        yield atDocument(document, path, {
          message: "takes every pod of the namespace default",
          remedy: "leave it out, or select the pods meant for Fargate by a label",
        });
    }),
  },
  {
    id: "profile-label-mismatch",
    severity: "warning",
    title: "profile whose labels no pod of its namespace has",
    why: "The pods go to EC2. Labels of the pods count, not those of the Deployment.",
    source: SOURCE,
    check: eachSelector(function* ({ selector, document, path }, { workloads }) {
      const inside = workloads.filter(
        (one) => matchesPattern(selector.namespace, one.namespace) && one.kind !== "DaemonSet",
      );
      if (isWhole(selector) || inside.length === 0 || SYSTEM.has(selector.namespace)) return;
      if (inside.some((workload) => selects(selector, workload))) return;
      const labels = Object.entries(selector.labels ?? {})
        .map(([key, value]) => `${key}=${value}`)
        .join(",");
      const outside = inside.find((workload) => labelsOfOwner(workload, selector));
      yield atDocument(document, [...path, "labels"], {
        message: `no pod of namespace ${selector.namespace} has the labels ${labels}${outside === undefined ? "" : `; ${outside.subject} has them itself, its pods do not`}`,
        remedy: "put the labels into the pod template (spec.template.metadata.labels), or correct the selector",
      });
    }),
  },
  {
    id: "profile-selects-nothing",
    severity: "advice",
    title: "profile for a namespace without pods",
    why: "Nothing of the input goes there: a misspelled namespace, or pods that come from elsewhere.",
    source: SOURCE,
    check: eachSelector(function* ({ selector, document, path }, { workloads }) {
      if (workloads.length === 0 || SYSTEM.has(selector.namespace) || selector.namespace === "default") return;
      if (workloads.some(({ namespace }) => matchesPattern(selector.namespace, namespace))) return;
      yield atDocument(document, [...path, "namespace"], {
        message: `no workload of the input is in namespace ${selector.namespace}`,
        remedy: `correct the namespace (the input has ${[...new Set(workloads.map(({ namespace }) => namespace))].slice(0, 5).join(", ")}), or remove the selector`,
      });
    }),
  },
  {
    id: "profile-duplicate",
    severity: "warning",
    title: "selector of an earlier profile",
    why: "EKS accepts it and says nothing. The profile whose name sorts first takes the pods, with its role and subnets; the other never does.",
    source: "EKS user guide, Fargate profiles; containers-roadmap #1465",
    check: function* (project) {
      const first = new Map<string, string>();
      yield* eachSelector(function* ({ selector, profile, document, path }) {
        const labels = Object.entries(selector.labels ?? {}).sort();
        const id = JSON.stringify([selector.namespace, labels]);
        const other = first.get(id);
        if (other === undefined) first.set(id, profile);
        else
          yield atDocument(document, path, {
            message:
              other === profile
                ? "repeats a selector of the same profile"
                : `profile ${other} has the same selector; ${[other, profile].sort()[0]} takes the pods`,
            remedy: "remove one of them",
          });
      })(project);
    },
  },
  {
    id: "profile-role-spelling",
    severity: "error",
    title: "podExecutionRoleArn instead of podExecutionRoleARN",
    why: "eksctl reads its file strictly and refuses the spelling of the AWS CLI; nodeless takes both.",
    source: "eksctl, config file schema",
    // By lines: files whose indentation is lost, and examples within texts, have the field too.
    check: function* ({ sources }) {
      for (const { file, text } of sources) {
        if (!text.includes("podExecutionRoleArn") || !text.includes("ClusterConfig")) continue;
        for (const [index, line] of text.split("\n").entries())
          if (/^\s*(- )?["']?podExecutionRoleArn["']?\s*:/.test(line))
            yield {
              at: { file, line: index + 1 },
              object: undefined,
              message: "eksctl has no field podExecutionRoleArn",
              remedy: "write podExecutionRoleARN",
            };
      }
    },
  },
  {
    id: "profile-role-arn",
    severity: "error",
    title: "pod execution role that is no role ARN",
    why: "EKS takes the ARN of a role without a path in an account of twelve digits; eksctl replaces no variables in its file.",
    source: "EKS API, CreateFargateProfile",
    check: eachDocument(["ClusterConfig"], function* (document, { sources }) {
      const isTemplate = sources.find(({ file }) => file === document.at.file)?.format !== "manifest";
      for (const { path, profile } of profilesOf(document))
        for (const field of ["podExecutionRoleARN", "podExecutionRoleArn"]) {
          const role = profile[field];
          if (typeof role !== "string" || (isTemplate && role.includes("$"))) continue;
          const [problem] = validateFargateProfile({
            fargateProfileName: "x",
            podExecutionRoleArn: role,
            selectors: [{ namespace: "x" }],
          });
          if (problem !== undefined)
            yield atDocument(document, [...path, field], {
              message: problem.message,
              remedy: role.includes("$")
                ? "write the ARN; variables are not replaced"
                : "write arn:aws:iam::ACCOUNT:role/NAME",
            });
        }
    }),
  },
  {
    id: "fargate-pod-identity",
    severity: "warning",
    title: "EKS Pod Identity for pods on Fargate",
    why: "The agent is a DaemonSet and does not run there: the pods get no credentials, and the injected variables also win over a role of IRSA.",
    source: "EKS user guide, EKS Pod Identity considerations; containers-roadmap #2274",
    check: eachDocument(["ClusterConfig"], function* (document, project) {
      const associations = valueAt(document.object, ["iam", "podIdentityAssociations"]);
      for (const [index, association] of (Array.isArray(associations) ? associations : []).entries()) {
        if (!isPlainObject(association)) continue;
        const { namespace, serviceAccountName } = association;
        if (typeof namespace !== "string" || !usedOnFargate(namespace, serviceAccountName, project)) continue;
        yield atDocument(document, ["iam", "podIdentityAssociations", index], {
          message: `service account ${namespace}/${String(serviceAccountName)} is for pods on Fargate, which Pod Identity does not reach`,
          remedy: "use iam.serviceAccounts (IRSA) with iam.withOIDC: true",
        });
      }
    }),
  },
];

/** Namespaces whose pods come with the cluster. */
const SYSTEM: ReadonlySet<string> = new Set(["kube-system", "karpenter"]);

const isWhole = ({ labels = {} }: Selector): boolean => Object.keys(labels).length === 0;

interface SelectorPlace {
  readonly selector: Selector;
  readonly profile: string;
  readonly document: SourceDocument;
  readonly path: Path;
}

function eachSelector(
  check: (place: SelectorPlace, project: LintProject) => Iterable<LintHit>,
): (project: LintProject) => Iterable<LintHit> {
  return eachDocument(["ClusterConfig"], function* (document, project) {
    for (const { profile, path } of profilesOf(document)) {
      const selectors = profile["selectors"];
      // A variable of a here-document may be any namespace.
      for (const [index, selector] of (Array.isArray(selectors) ? selectors : []).entries())
        if (
          isPlainObject(selector) &&
          typeof selector["namespace"] === "string" &&
          !selector["namespace"].includes("$")
        )
          yield* check(
            {
              selector: { namespace: selector["namespace"], labels: textLabels(selector["labels"]) },
              profile: String(profile["name"] ?? ""),
              document,
              path: [...path, "selectors", index],
            },
            project,
          );
    }
  });
}

function textLabels(labels: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(isPlainObject(labels) ? labels : {}).map(([key, value]) => [key, String(value)]),
  );
}

interface ProfilePlace {
  readonly profile: Readonly<Record<string, unknown>>;
  readonly path: Path;
}

function profilesOf({ object }: SourceDocument): readonly ProfilePlace[] {
  const profiles = valueAt(object, ["fargateProfiles"]);
  return (Array.isArray(profiles) ? profiles : []).flatMap((profile, index) =>
    isPlainObject(profile) ? [{ profile, path: ["fargateProfiles", index] }] : [],
  );
}

function profileOf(selector: Selector): FargateProfile {
  return { name: "x", status: "ACTIVE", podExecutionRoleArn: "", subnetIds: [], selectors: [selector] };
}

/** Whatever else keeps the pod off Fargate. */
function selects(selector: Selector, { pod }: LintWorkload): boolean {
  const { namespace = "default", labels = {} } = pod.metadata;
  return matchProfile([profileOf(selector)], { metadata: { namespace, labels }, spec: {} }).kind === "matched";
}

function labelsOfOwner({ document, namespace, templatePath }: LintWorkload, selector: Selector): boolean {
  if (templatePath.length === 0) return false;
  const labels = textLabels(valueAt(document.object, ["metadata", "labels"]));
  return matchProfile([profileOf(selector)], { metadata: { namespace, labels }, spec: {} }).kind === "matched";
}

function usedOnFargate(namespace: string, account: unknown, { workloads, profiles }: LintProject): boolean {
  const users = workloads.filter(
    (one) => one.namespace === namespace && (one.pod.spec.serviceAccountName ?? "default") === account,
  );
  if (users.length > 0) return users.some(({ match }) => match.kind === "matched");
  return matchProfile(profiles, { metadata: { namespace, labels: {} }, spec: {} }).kind === "matched";
}

const wholeKubeSystemCommands = eachCommand(function* (line) {
  const isEksctl =
    line.is("eksctl", "create", "fargateprofile") &&
    line.flag("--namespace")?.text === "kube-system" &&
    !line.has("--labels", "-l");
  const selectors = line.is("aws", "eks", "create-fargate-profile") ? line.flags("--selectors") : [];
  const isAws = selectors.some(({ text }) => /^namespace=kube-system$/.test(text));
  if (isEksctl || isAws)
    yield {
      at: { file: line.command.file, line: line.command.line },
      object: line.title,
      message: "takes every pod of kube-system",
      remedy: isEksctl
        ? "add --labels k8s-app=kube-dns, and further selectors in a file"
        : "--selectors namespace=kube-system,labels={k8s-app=kube-dns}",
    };
});
