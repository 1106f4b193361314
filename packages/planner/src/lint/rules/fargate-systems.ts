import type { Pod } from "@nodeless/api";
import { ANNOTATIONS, LABELS } from "@nodeless/api";
import { matchProfile } from "@nodeless/fargate";
import { matchesNodeAffinity, toleratesTaints } from "@nodeless/scheduling";
import { isPlainObject } from "../../manifests/schema/check-value.ts";
import type { LintWorkload } from "../manifests/workloads.ts";
import type { LintHit, LintRule } from "../model.ts";
import type { LintProject } from "../project.ts";
import { atDocument, atPod, eachCommand, eachDocument, eachFargateWorkload, eachWorkload, valueAt } from "./hits.ts";

/** What system components need on and beside Fargate. */
export const FARGATE_SYSTEM_RULES: readonly LintRule[] = [
  {
    id: "daemonset-fargate",
    severity: "warning",
    title: "DaemonSet meets Fargate nodes",
    why: "DaemonSets do not run on Fargate. One that tolerates everything leaves a Pending pod for every Fargate node, and `helm --wait` hangs; pods of a namespace that is all on Fargate go without it.",
    source: "EKS user guide, Fargate considerations",
    check: eachWorkload(function* (workload, { input }) {
      if (workload.kind !== "DaemonSet" || excludesFargate(workload.pod)) return;
      const { ownerReferences: _, ...metadata } = workload.pod.metadata;
      const match = matchProfile(input?.fargateProfiles ?? [], { ...workload.pod, metadata });
      const meets = toleratesTaints(workload.pod.spec.tolerations ?? [], [FARGATE_TAINT]);
      if (match.kind === "none" && !meets) return;
      yield atPod(workload, ["spec"], {
        message: meets
          ? "tolerates the taint of Fargate nodes: one pod stays Pending for each of them"
          : `profile ${match.kind === "matched" ? match.profile.name : ""} takes pods of this kind, but DaemonSets do not run on Fargate`,
        remedy: `add node affinity ${LABELS.computeType} NotIn [fargate]; for pods on Fargate use a sidecar instead`,
      });
    }),
  },
  {
    id: "lb-controller-metadata",
    severity: "error",
    title: "load balancer controller on Fargate without region and VPC",
    why: "There is no instance metadata on Fargate: the controller ends with `failed to introspect region from EC2Metadata, specify --aws-region instead`, or the same for vpcID.",
    source: "AWS Load Balancer Controller, installation guide; EKS user guide, Fargate considerations",
    check: eachFargateWorkload(function* (workload) {
      for (const [index, { args = [], command = [], image = "", env = [] }] of workload.pod.spec.containers.entries()) {
        const words = [...command, ...args];
        const isNamed = workload.pod.metadata.labels?.["app.kubernetes.io/name"] === LB_CONTROLLER;
        // A sketch of the controller with another image and no arguments says nothing about it.
        if (!imageIs(image, LB_CONTROLLER) && !(isNamed && words.length > 0)) continue;
        const hasRegion =
          words.some((word) => word.startsWith("--aws-region")) || env.some(({ name }) => name === "AWS_REGION");
        const missing = [
          ...(hasRegion ? [] : ["--aws-region"]),
          ...(words.some((word) => word.startsWith("--aws-vpc-id")) ? [] : ["--aws-vpc-id"]),
        ];
        if (missing.length > 0)
          yield atPod(workload, ["spec", "containers", index, "args"], {
            message: `runs on Fargate without ${missing.join(" and ")}`,
            remedy: `add ${missing.map((flag) => `${flag}=…`).join(" and ")} (chart values region and vpcId)`,
          });
      }
    }),
  },
  {
    id: "karpenter-role",
    severity: "warning",
    title: "Karpenter on Fargate without a role for its service account",
    why: "On Fargate there is neither instance metadata nor EKS Pod Identity: without the role annotation nothing tells Karpenter its region, and it ends with `failed to get region from metadata server`.",
    source: "Karpenter, getting started; containers-roadmap #2274",
    check: eachFargateWorkload(function* (workload, { documents }) {
      if (!isKarpenter(workload)) return;
      const name = workload.pod.spec.serviceAccountName ?? "default";
      for (const document of documents)
        if (
          document.kind === "ServiceAccount" &&
          document.name === name &&
          document.namespace === workload.namespace &&
          valueAt(document.object, ["metadata", "annotations", ANNOTATIONS.roleArn]) === undefined
        )
          yield atDocument(document, ["metadata"], {
            message: `${workload.subject} uses this account on Fargate, and it has no role`,
            remedy: `annotate it: ${ANNOTATIONS.roleArn}: arn:aws:iam::ACCOUNT:role/KarpenterControllerRole-CLUSTER`,
          });
    }),
  },
  {
    id: "karpenter-on-own-nodes",
    severity: "warning",
    title: "Karpenter may run on nodes that it launches",
    why: "When it ends such a node it ends itself, and then nobody launches another one.",
    source: "Karpenter, chart values (affinity)",
    check: eachWorkload(function* (workload) {
      if (!isKarpenter(workload) || workload.match.kind === "matched") return;
      const launched = { name: "karpenter", labels: { [LABELS.nodePool]: "any", [LABELS.provisionerName]: "any" } };
      if (!matchesNodeAffinity(workload.pod, launched)) return;
      yield atPod(workload, ["spec"], {
        message: `no Fargate profile takes it (${workload.match.message}), and nothing keeps it off nodes of a NodePool`,
        remedy: `select it by a Fargate profile, or add node affinity ${LABELS.nodePool} DoesNotExist`,
      });
    }),
  },
  {
    id: "coredns-compute-type",
    severity: "warning",
    title: "CoreDNS kept on EC2 while a profile is for it",
    why: "Without node groups the DNS pods have nowhere to run until an application brings a node, and that may need DNS to start.",
    source: "EKS user guide, CoreDNS on Fargate",
    check: function* (project) {
      yield* pinnedDeployments(project);
      yield* pinnedAddons(project);
    },
  },
  {
    id: "fargate-profile-annotated",
    severity: "error",
    title: "annotation eks.amazonaws.com/fargate-profile instead of the label",
    why: "A profile is chosen by the pod's label of that name; the annotation has no effect. What moved the pods was the restart after the profile existed.",
    source: "EKS user guide, Fargate profiles",
    check: function* (project) {
      yield* annotatedWorkloads(project);
      yield* annotatingCommands(project);
    },
  },
  {
    id: "aws-auth-fargate-row",
    severity: "error",
    title: "aws-auth without the row of Fargate's role",
    why: "Applied as it is it replaces what EKS has written: without the row of the pod execution role every Fargate node becomes NotReady. kubectl expands no variables in it.",
    source: "EKS user guide, aws-auth ConfigMap",
    check: eachDocument(["ConfigMap"], function* (document) {
      if (document.name !== "aws-auth" || document.namespace !== "kube-system") return;
      const rows = valueAt(document.object, ["data", "mapRoles"]);
      if (typeof rows !== "string") return;
      if (!rows.includes("system:node-proxier") && !rows.includes("{{SessionName}}"))
        yield atDocument(document, ["data", "mapRoles"], {
          message: "has no row for a Fargate pod execution role",
          remedy:
            "append rows instead (eksctl create iamidentitymapping), use access entries, or keep the row with username system:node:{{SessionName}} and group system:node-proxier",
        });
      const variable = /\$\{?[A-Z_]+\}?/.exec(rows)?.[0];
      if (variable !== undefined)
        yield atDocument(document, ["data", "mapRoles"], {
          message: `${variable} is not replaced by anyone`,
          remedy: "write the value",
        });
    }),
  },
];

const LB_CONTROLLER = "aws-load-balancer-controller";
const FARGATE_TAINT = { key: LABELS.computeType, value: "fargate", effect: "NoSchedule" } as const;
const FARGATE_NODE = {
  name: "fargate-ip-10-0-0-1",
  labels: { [LABELS.computeType]: "fargate", [LABELS.os]: "linux", [LABELS.arch]: "amd64" },
};

/** `public.ecr.aws/eks/aws-load-balancer-controller:v2.7` is the image of that name. */
const imageIs = (image: string, name: string): boolean => new RegExp(`(^|/)${name}([:@]|$)`).test(image);

/** Whether its own affinity or node selector keeps a pod off Fargate nodes. */
const excludesFargate = ({ spec }: Pod): boolean => !matchesNodeAffinity({ spec }, FARGATE_NODE);

function isKarpenter({ kind, pod }: LintWorkload): boolean {
  if (kind !== "Deployment") return false;
  return (
    pod.metadata.labels?.["app.kubernetes.io/name"] === "karpenter" ||
    pod.spec.containers.some(({ image = "" }) => /(^|\/)karpenter\/controller([:@]|$)/.test(image))
  );
}

const isCoreDns = ({ namespace, pod }: LintWorkload): boolean =>
  namespace === "kube-system" && pod.metadata.labels?.["k8s-app"] === "kube-dns";

function* pinnedDeployments({ workloads, input }: LintProject): Iterable<LintHit> {
  for (const workload of workloads) {
    const { match, pod } = workload;
    if (!isCoreDns(workload) || match.kind === "matched" || match.reason !== "compute-type-ec2") continue;
    const { annotations: _, ...metadata } = pod.metadata;
    if (matchProfile(input?.fargateProfiles ?? [], { ...pod, metadata }).kind === "matched")
      yield atPod(workload, ["metadata", "annotations", ANNOTATIONS.computeType], {
        message: `${ANNOTATIONS.computeType}: ec2 keeps it off the profile that selects it`,
        remedy: `set it to fargate, or use the managed add-on with {"computeType":"Fargate"}`,
      });
  }
}

function* pinnedAddons({ documents, profiles }: LintProject): Iterable<LintHit> {
  const dns = {
    metadata: { namespace: "kube-system", labels: { "k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns" } },
    spec: {},
  };
  for (const document of documents) {
    const addons = document.kind === "ClusterConfig" ? valueAt(document.object, ["addons"]) : undefined;
    for (const [index, addon] of (Array.isArray(addons) ? addons : []).entries()) {
      if (!isPlainObject(addon) || addon["name"] !== "coredns") continue;
      const values = addon["configurationValues"];
      const isPinned = typeof values === "string" && /"?computeType"?\s*:\s*"?ec2"?/i.test(values);
      if (isPinned && matchProfile(profiles, dns).kind === "matched")
        yield atDocument(document, ["addons", index, "configurationValues"], {
          message: "computeType ec2 keeps CoreDNS off the profile that selects it",
          remedy: `configurationValues: '{"computeType":"Fargate"}'`,
        });
    }
  }
}

function* annotatedWorkloads({ workloads }: LintProject): Iterable<LintHit> {
  for (const workload of workloads) {
    if (workload.pod.metadata.annotations?.[LABELS.fargateProfile] === undefined) continue;
    yield atPod(workload, ["metadata", "annotations", LABELS.fargateProfile], {
      message: `${LABELS.fargateProfile} as an annotation does nothing`,
      remedy:
        workload.match.kind === "matched"
          ? `remove it: profile ${workload.match.profile.name} takes the pod by its selectors`
          : "make it a label, and let a selector of that profile match the pod",
    });
  }
}

const annotatingCommands = eachCommand(function* (line) {
  if (!line.is("kubectl")) return;
  for (const word of line.command.words) {
    const text = word.text.replaceAll("~1", "/");
    const isAnnotated = /annotations[/"':\s{]/.test(text) || line.is("kubectl", "annotate");
    if (!text.includes(LABELS.fargateProfile) || !isAnnotated || /labels[/"':\s{]/.test(text)) continue;
    yield {
      at: { file: line.command.file, line: word.line },
      object: line.title,
      message: `${LABELS.fargateProfile} as an annotation does nothing`,
      remedy:
        "let the profile's selector match the pod, then kubectl rollout restart; to force a profile set the label (podLabels in the chart)",
    };
  }
});
