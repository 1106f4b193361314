import type { PolicyRecord } from "./records.ts";

/** A policy AWS owns: its name, path and the actions it allows on every resource (the real ones narrow some of them further). */
interface ManagedPolicy {
  readonly name: string;
  readonly path?: string;
  readonly actions: readonly string[];
}

/** The policies the local cloud knows: those of cluster, Fargate, node and service-linked roles. Source: AWS managed policy reference. */
const MANAGED_POLICIES: readonly ManagedPolicy[] = [
  { name: "AdministratorAccess", actions: ["*"] },
  {
    name: "AmazonEKSClusterPolicy",
    actions: [
      "ec2:CreateSecurityGroup",
      "ec2:CreateTags",
      "ec2:DescribeInstances",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
      "elasticloadbalancing:*",
      "kms:DescribeKey",
    ],
  },
  {
    name: "AmazonEKSVPCResourceController",
    actions: [
      "ec2:AssignPrivateIpAddresses",
      "ec2:CreateNetworkInterface",
      "ec2:CreateNetworkInterfacePermission",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeInstances",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
    ],
  },
  {
    name: "AmazonEKSWorkerNodePolicy",
    actions: [
      "ec2:DescribeInstances",
      "ec2:DescribeInstanceTypes",
      "ec2:DescribeRouteTables",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
      "ec2:DescribeVpcs",
      "eks:DescribeCluster",
      "eks-auth:AssumeRoleForPodIdentity",
    ],
  },
  {
    name: "AmazonEKS_CNI_Policy",
    actions: [
      "ec2:AssignPrivateIpAddresses",
      "ec2:AttachNetworkInterface",
      "ec2:CreateNetworkInterface",
      "ec2:DeleteNetworkInterface",
      "ec2:DescribeInstances",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:UnassignPrivateIpAddresses",
      "ec2:CreateTags",
    ],
  },
  {
    name: "AmazonEC2ContainerRegistryReadOnly",
    actions: ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:DescribeImages", "ecr:ListImages"],
  },
  {
    name: "AmazonEC2ContainerRegistryPullOnly",
    actions: ["ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"],
  },
  {
    name: "AmazonSSMManagedInstanceCore",
    actions: ["ssm:UpdateInstanceInformation", "ssmmessages:*", "ec2messages:*"],
  },
  {
    name: "AmazonEKSFargatePodExecutionRolePolicy",
    actions: [
      "ecr:GetAuthorizationToken",
      "ecr:BatchCheckLayerAvailability",
      "ecr:GetDownloadUrlForLayer",
      "ecr:BatchGetImage",
    ],
  },
  {
    name: "AmazonEKSServiceRolePolicy",
    path: "/aws-service-role/",
    actions: ["ec2:CreateNetworkInterface", "ec2:CreateSecurityGroup", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
  },
  {
    name: "AmazonEKSForFargateServiceRolePolicy",
    path: "/aws-service-role/",
    actions: ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeSubnets", "ec2:DescribeVpcs"],
  },
  {
    name: "AWSEC2SpotServiceRolePolicy",
    path: "/aws-service-role/",
    actions: ["ec2:RunInstances", "ec2:TerminateInstances", "ec2:DescribeInstances", "ec2:CreateTags"],
  },
  {
    name: "AWSElasticLoadBalancingServiceRolePolicy",
    path: "/aws-service-role/",
    actions: ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeSubnets"],
  },
];

const CREATED_AT = "2018-05-27T21:01:15.000Z";

/** AWS-managed policies by ARN. */
export function awsManagedPolicies(): ReadonlyMap<string, PolicyRecord> {
  return new Map(MANAGED_POLICIES.map(policyRecord).map((record) => [record.arn, record]));
}

function policyRecord({ name, path = "/", actions }: ManagedPolicy): PolicyRecord {
  const statement = { Effect: "Allow", Action: actions, Resource: "*" };
  const document = JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
  return {
    name,
    path,
    id: `ANPA${Buffer.from(name).toString("hex").toUpperCase().padEnd(17, "0").slice(-17)}`,
    arn: `arn:aws:iam::aws:policy${path}${name}`,
    createdAt: CREATED_AT,
    updatedAt: CREATED_AT,
    description: null,
    tags: [],
    versions: [{ id: "v1", document, createdAt: CREATED_AT }],
    defaultVersionId: "v1",
    nextVersion: 2,
  };
}
