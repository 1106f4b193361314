import { matchesPattern } from "@nodeless/fargate";
import type { LintHit, LintRule } from "../model.ts";
import type { PolicyDocument, PolicyStatement } from "../policies/policy-document.ts";

const FARGATE_PODS = "eks-fargate-pods.amazonaws.com";

/** Mistakes in IAM policies and trust documents. */
export const POLICY_RULES: readonly LintRule[] = [
  {
    id: "trust-source-arn",
    severity: "warning",
    title: "Fargate pod execution role that any cluster may use",
    why: "Without aws:SourceArn the service may be made to use the role for somebody else's profile (the confused deputy).",
    source: "EKS user guide, Fargate pod execution IAM role",
    check: eachStatement(function* ({ services, conditions }) {
      if (services.includes(FARGATE_PODS) && !conditions.some(({ key }) => /^aws:source(arn|account)$/i.test(key)))
        yield {
          message: `trusts ${FARGATE_PODS} without a condition`,
          remedy: '"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:eks:REGION:ACCOUNT:fargateprofile/CLUSTER/*"}}',
        };
    }),
  },
  {
    id: "trust-fargate-service",
    severity: "error",
    title: "trust in the wrong Fargate service",
    why: "eks-fargate.amazonaws.com is the principal of the service-linked role. A pod execution role that trusts it cannot be assumed, and profiles that use it are blocked for new launches.",
    source: "EKS user guide, Fargate pod execution IAM role",
    check: eachStatement(function* ({ services, actions }) {
      if (services.includes("eks-fargate.amazonaws.com") && actions.includes("sts:AssumeRole"))
        yield { message: "trusts eks-fargate.amazonaws.com", remedy: `trust ${FARGATE_PODS}` };
    }),
  },
  {
    id: "trust-any-service-account",
    severity: "error",
    title: "role that every service account may assume",
    why: "Without a condition on the subject each pod of the cluster can take the role.",
    source: "EKS user guide, IRSA",
    check: eachStatement(function* ({ federated, conditions }) {
      if (
        federated.some((one) => one.includes("oidc-provider/")) &&
        !conditions.some(({ key }) => key.endsWith(":sub"))
      )
        yield {
          message: "trusts the cluster's OIDC provider without a condition on :sub",
          remedy:
            '"StringEquals": {"ISSUER:sub": "system:serviceaccount:NAMESPACE:NAME", "ISSUER:aud": "sts.amazonaws.com"}',
        };
    }),
  },
  {
    id: "policy-old-karpenter-tag",
    severity: "warning",
    title: "Karpenter policy for tags of its first generation",
    why: "Instances of Karpenter 1.x carry karpenter.sh/nodepool: with a condition on karpenter.sh/provisioner-name the controller may launch nodes and never end them.",
    source: "Karpenter, controller policies of 1.14",
    check: eachStatement(function* ({ conditions }) {
      if (conditions.some(({ key }) => key.endsWith("/karpenter.sh/provisioner-name")))
        yield {
          message: "is conditioned on the tag karpenter.sh/provisioner-name",
          remedy: "condition on karpenter.sh/nodepool, as the policies of the installed version do",
        };
    }),
  },
  {
    id: "policy-old-lb-controller",
    severity: "warning",
    title: "load balancer controller policy of version 2",
    why: "The current chart installs version 3, which calls more of EC2 and Elastic Load Balancing: the controller is denied and its load balancers stay unfinished.",
    source: "AWS Load Balancer Controller, docs/install/iam_policy.json of v2.4.7 and v3.5.0",
    check: function* ({ policies }) {
      for (const { file, line, statements } of policies) {
        const actions = statements.flatMap((statement) => statement.actions);
        if (!LB_CONTROLLER_SIGNATURE.every((action) => actions.includes(action))) continue;
        const missing = LB_CONTROLLER_LATER.filter(
          (action) => !actions.some((pattern) => matchesPattern(pattern, action)),
        );
        if (missing.length > 0)
          yield {
            at: { file, line },
            object: "IAM policy",
            message: `lacks ${missing.length} ${missing.length === 1 ? "action" : "actions"} of version 3: ${missing.slice(0, 3).join(", ")}${missing.length > 3 ? " …" : ""}`,
            remedy: "take iam_policy.json of the version that the chart installs, and pin both",
          };
      }
    },
  },
];

/** What no other policy grants together. */
const LB_CONTROLLER_SIGNATURE = [
  "elasticloadbalancing:CreateLoadBalancer",
  "elasticloadbalancing:CreateTargetGroup",
  "cognito-idp:DescribeUserPoolClient",
];
const LB_CONTROLLER_LATER = [
  "ec2:DescribeIpamPools",
  "ec2:DescribeRouteTables",
  "ec2:GetSecurityGroupsForVpc",
  "elasticloadbalancing:DescribeCapacityReservation",
  "elasticloadbalancing:DescribeListenerAttributes",
  "elasticloadbalancing:DescribeTrustStores",
  "elasticloadbalancing:ModifyCapacityReservation",
  "elasticloadbalancing:ModifyIpPools",
  "elasticloadbalancing:ModifyListenerAttributes",
  "elasticloadbalancing:SetRulePriorities",
];

function eachStatement(
  check: (
    statement: PolicyStatement,
    policy: PolicyDocument,
  ) => Iterable<{ readonly message: string; readonly remedy: string }>,
): LintRule["check"] {
  return function* ({ policies }): Iterable<LintHit> {
    for (const policy of policies)
      for (const statement of policy.statements)
        for (const said of check(statement, policy))
          yield {
            at: { file: policy.file, line: statement.line },
            object: statement.services.length + statement.federated.length > 0 ? "trust policy" : "IAM policy",
            ...said,
          };
  };
}
