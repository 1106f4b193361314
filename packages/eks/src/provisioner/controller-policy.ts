/** What the controller's policy is scoped to. */
export interface PolicyScope {
  readonly partition: string;
  readonly region: string;
  readonly accountId: string;
  readonly clusterName: string;
  readonly nodeRoleArn: string;
}

/**
 * The provisioner's permissions, scoped by cluster tags: launching, tagging and ending instances of this cluster, instance profiles,
 * reading, the interruption queue. Source: the action groups of Karpenter 1.14 (aws-apis.md §9, eks-bootstrap.md §4.6).
 */
export function controllerPolicy(scope: PolicyScope): object {
  return {
    Version: "2012-10-17",
    Statement: [
      ...launchStatements(scope),
      ...endStatements(scope),
      ...profileStatements(scope),
      ...readStatements(scope),
    ],
  };
}

const ownedTag = ({ clusterName }: PolicyScope): string => `kubernetes.io/cluster/${clusterName}`;

function launchStatements(scope: PolicyScope): readonly object[] {
  const { partition, region } = scope;
  const ec2 = (...resources: string[]): string[] =>
    resources.map((resource) => `arn:${partition}:ec2:${region}:*:${resource}/*`);
  const image = (...resources: string[]): string[] =>
    resources.map((resource) => `arn:${partition}:ec2:${region}::${resource}/*`);
  const requestTags = {
    StringEquals: { [`aws:RequestTag/${ownedTag(scope)}`]: "owned" },
    StringLike: { "aws:RequestTag/karpenter.sh/nodepool": "*" },
  };
  return [
    {
      Sid: "LaunchFrom",
      Effect: "Allow",
      Action: ["ec2:RunInstances", "ec2:CreateFleet"],
      Resource: [...image("image", "snapshot"), ...ec2("security-group", "subnet", "launch-template")],
    },
    {
      Sid: "LaunchTagged",
      Effect: "Allow",
      Action: ["ec2:RunInstances", "ec2:CreateFleet", "ec2:CreateLaunchTemplate"],
      Resource: ec2("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request"),
      Condition: requestTags,
    },
    {
      Sid: "TagAtCreation",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: ec2("fleet", "instance", "volume", "network-interface", "launch-template", "spot-instances-request"),
      Condition: {
        ...requestTags,
        StringEquals: {
          ...requestTags.StringEquals,
          "ec2:CreateAction": ["RunInstances", "CreateFleet", "CreateLaunchTemplate"],
        },
      },
    },
    {
      Sid: "TagAfterRegistration",
      Effect: "Allow",
      Action: "ec2:CreateTags",
      Resource: ec2("instance"),
      Condition: {
        StringEquals: { [`aws:ResourceTag/${ownedTag(scope)}`]: "owned" },
        "ForAllValues:StringEquals": { "aws:TagKeys": ["eks:eks-cluster-name", "karpenter.sh/nodeclaim", "Name"] },
      },
    },
  ];
}

function endStatements(scope: PolicyScope): readonly object[] {
  const { partition, region } = scope;
  return [
    {
      Sid: "End",
      Effect: "Allow",
      Action: ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"],
      Resource: [`arn:${partition}:ec2:${region}:*:instance/*`, `arn:${partition}:ec2:${region}:*:launch-template/*`],
      Condition: { StringEquals: { [`aws:ResourceTag/${ownedTag(scope)}`]: "owned" } },
    },
  ];
}

function profileStatements(scope: PolicyScope): readonly object[] {
  const { partition, region, accountId, nodeRoleArn } = scope;
  return [
    {
      Sid: "PassNodeRole",
      Effect: "Allow",
      Action: "iam:PassRole",
      Resource: nodeRoleArn,
      Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } },
    },
    {
      Sid: "InstanceProfiles",
      Effect: "Allow",
      Action: [
        "iam:CreateInstanceProfile",
        "iam:TagInstanceProfile",
        "iam:AddRoleToInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:DeleteInstanceProfile",
      ],
      Resource: `arn:${partition}:iam::${accountId}:instance-profile/*`,
      Condition: {
        StringEqualsIfExists: {
          [`aws:ResourceTag/${ownedTag(scope)}`]: "owned",
          "aws:ResourceTag/topology.kubernetes.io/region": region,
        },
      },
    },
    {
      Sid: "ReadProfiles",
      Effect: "Allow",
      Action: ["iam:GetInstanceProfile", "iam:ListInstanceProfiles", "iam:GetRole"],
      Resource: "*",
    },
  ];
}

const DESCRIBED = [
  "CapacityReservations",
  "Images",
  "Instances",
  "InstanceStatus",
  "InstanceTypeOfferings",
  "InstanceTypes",
  "LaunchTemplates",
  "PlacementGroups",
  "SecurityGroups",
  "SpotPriceHistory",
  "Subnets",
  "AvailabilityZones",
] as const;

function readStatements({ partition, region, accountId, clusterName }: PolicyScope): readonly object[] {
  return [
    {
      Sid: "Describe",
      Effect: "Allow",
      Action: DESCRIBED.map((what) => `ec2:Describe${what}`),
      Resource: "*",
      Condition: { StringEquals: { "aws:RequestedRegion": region } },
    },
    {
      Sid: "Images",
      Effect: "Allow",
      Action: "ssm:GetParameter",
      Resource: `arn:${partition}:ssm:${region}::parameter/aws/service/*`,
    },
    { Sid: "Prices", Effect: "Allow", Action: "pricing:GetProducts", Resource: "*" },
    {
      Sid: "Cluster",
      Effect: "Allow",
      Action: "eks:DescribeCluster",
      Resource: `arn:${partition}:eks:${region}:${accountId}:cluster/${clusterName}`,
    },
    {
      Sid: "Interruption",
      Effect: "Allow",
      Action: ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
      Resource: `arn:${partition}:sqs:${region}:${accountId}:${clusterName}`,
    },
  ];
}
