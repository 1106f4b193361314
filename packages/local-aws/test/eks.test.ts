import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AssociateRouteTableCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeSecurityGroupsCommand,
  DescribeVpcsCommand,
} from "@aws-sdk/client-ec2";
import {
  AssociateAccessPolicyCommand,
  CreateAccessEntryCommand,
  CreateAddonCommand,
  CreateClusterCommand,
  CreateFargateProfileCommand,
  type CreateFargateProfileCommandInput,
  DeleteAddonCommand,
  DeleteClusterCommand,
  DeleteFargateProfileCommand,
  DescribeAddonCommand,
  DescribeClusterCommand,
  DescribeFargateProfileCommand,
  DescribeUpdateCommand,
  ListAccessEntriesCommand,
  ListClustersCommand,
  paginateListFargateProfiles,
  UpdateAccessEntryCommand,
  UpdateAddonCommand,
  UpdateClusterConfigCommand,
  UpdateClusterVersionCommand,
  waitUntilClusterActive,
} from "@aws-sdk/client-eks";
import {
  type CloudWorld,
  createCluster,
  createRole,
  defaultSubnets,
  refusal,
  STEP_MS,
  startCloud,
  trust,
} from "./cloud-world.ts";

/** A private subnet in a new route table without a route to the internet, beside the default ones. */
async function privateSubnet(world: CloudWorld): Promise<string> {
  const { Vpcs } = await world.ec2.send(new DescribeVpcsCommand({}));
  const VpcId = Vpcs?.[0]?.VpcId;
  const { Subnet } = await world.ec2.send(
    new CreateSubnetCommand({ VpcId, CidrBlock: "172.31.128.0/20", AvailabilityZone: "ap-northeast-2a" }),
  );
  const { RouteTable } = await world.ec2.send(new CreateRouteTableCommand({ VpcId }));
  await world.ec2.send(
    new AssociateRouteTableCommand({ SubnetId: Subnet?.SubnetId, RouteTableId: RouteTable?.RouteTableId }),
  );
  return Subnet?.SubnetId ?? "";
}

async function fargateWorld(): Promise<{
  world: CloudWorld;
  subnet: string;
  create(more?: Partial<CreateFargateProfileCommandInput>): Promise<unknown>;
}> {
  const world = await startCloud();
  const subnet = await privateSubnet(world);
  await createCluster(world, { subnetIds: [...(await defaultSubnets(world))] });
  const podExecutionRoleArn = await createRole(world, "pods", trust({ Service: "eks-fargate-pods.amazonaws.com" }));
  const create = (more: Partial<CreateFargateProfileCommandInput> = {}): Promise<unknown> =>
    world.eks.send(
      new CreateFargateProfileCommand({
        clusterName: "c",
        fargateProfileName: "fp",
        podExecutionRoleArn,
        subnets: [subnet],
        selectors: [{ namespace: "default" }],
        ...more,
      }),
    );
  return { world, subnet, create };
}

test("a cluster is CREATING, then ACTIVE with what kubeconfig and IRSA need, then gone", async () => {
  await using world = await startCloud();
  const subnetIds = await defaultSubnets(world);
  const roleArn = await createRole(world, "cluster", trust({ Service: "eks.amazonaws.com" }));
  const { cluster: created } = await world.eks.send(
    new CreateClusterCommand({ name: "c", roleArn, resourcesVpcConfig: { subnetIds } }),
  );
  assert.deepEqual([created?.status, created?.endpoint], ["CREATING", undefined]);
  await world.clock.advance(STEP_MS);
  await waitUntilClusterActive({ client: world.eks, maxWaitTime: 5, minDelay: 1 }, { name: "c" });
  const { cluster } = await world.eks.send(new DescribeClusterCommand({ name: "c" }));
  assert.equal(cluster?.arn, "arn:aws:eks:ap-northeast-2:000000000000:cluster/c");
  assert.equal(cluster?.endpoint, "https://127.0.0.1:6443");
  assert.equal(Buffer.from(cluster?.certificateAuthority?.data ?? "", "base64").toString(), "PEM");
  assert.match(
    cluster?.identity?.oidc?.issuer ?? "",
    /^https:\/\/oidc\.eks\.ap-northeast-2\.amazonaws\.com\/id\/[0-9A-F]{32}$/,
  );
  assert.equal(world.host.launches[0]?.oidcIssuer, cluster?.identity?.oidc?.issuer);
  const GroupIds = [cluster?.resourcesVpcConfig?.clusterSecurityGroupId ?? ""];
  const { SecurityGroups } = await world.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }));
  assert.match(SecurityGroups?.[0]?.GroupName ?? "", /^eks-cluster-sg-c-\d+$/);
  await world.eks.send(new DeleteClusterCommand({ name: "c" }));
  assert.equal((await world.eks.send(new DescribeClusterCommand({ name: "c" }))).cluster?.status, "DELETING");
  await world.clock.advance(STEP_MS);
  assert.match(
    await refusal(world.eks.send(new DescribeClusterCommand({ name: "c" }))),
    /^ResourceNotFoundException: No cluster found for name: c\.$/,
  );
  assert.match(
    await refusal(world.ec2.send(new DescribeSecurityGroupsCommand({ GroupIds }))),
    /^InvalidGroup\.NotFound/,
  );
  assert.deepEqual(world.host.notes, ["start c", "stop c and forget it"]);
});

test("CreateCluster refuses what EKS refuses", async () => {
  await using world = await startCloud();
  await createCluster(world);
  const subnetIds = await defaultSubnets(world);
  const roleArn = "arn:aws:iam::000000000000:role/cluster-c";
  const wrongRole = await createRole(world, "wrong", trust({ Service: "ec2.amazonaws.com" }));
  const valid = { name: "d", roleArn, resourcesVpcConfig: { subnetIds } };
  for (const { change, want } of [
    { change: { name: "c" }, want: /^ResourceInUseException: Cluster already exists with name: c$/ },
    { change: { name: "-d" }, want: /^InvalidParameterException: .*alphanumeric/ },
    { change: { version: "1.12" }, want: /^InvalidParameterException: unsupported Kubernetes version 1\.12/ },
    {
      change: { roleArn: `${roleArn}x` },
      want: /^InvalidParameterException: Role with arn: .*cluster-cx, could not be assumed/,
    },
    {
      change: { roleArn: wrongRole },
      want: /^InvalidParameterException: Role with arn: .*wrong, could not be assumed/,
    },
    { change: { resourcesVpcConfig: { subnetIds: subnetIds.slice(0, 1) } }, want: /two different AZs/ },
    {
      change: { resourcesVpcConfig: { subnetIds: ["subnet-0", ...subnetIds] } },
      want: /The subnet ID 'subnet-0' does not exist/,
    },
  ]) {
    const found = await refusal(world.eks.send(new CreateClusterCommand({ ...valid, ...change })));
    assert.match(found, want, JSON.stringify(change));
  }
});

test("a repeated token answers the first result, with other input it is refused, also after a restart", async () => {
  await using world = await startCloud();
  const subnetIds = await defaultSubnets(world);
  const roleArn = await createRole(world, "cluster", trust({ Service: "eks.amazonaws.com" }));
  const input = { name: "c", roleArn, resourcesVpcConfig: { subnetIds }, clientRequestToken: "t" };
  const first = await world.eks.send(new CreateClusterCommand(input));
  await using again = await world.restart();
  const second = await again.eks.send(new CreateClusterCommand(input));
  assert.equal(second.cluster?.arn, first.cluster?.arn);
  const mismatch = await refusal(again.eks.send(new CreateClusterCommand({ ...input, name: "d" })));
  assert.match(mismatch, /^InvalidRequestException: /);
  await again.clock.advance(STEP_MS);
  await again.eks.send(new DeleteClusterCommand({ name: "c" }));
  await again.clock.advance(STEP_MS);
  const anew = await again.eks.send(new CreateClusterCommand(input));
  assert.equal(anew.cluster?.status, "CREATING", "a deleted cluster is built again under the same token");
});

test("a cluster whose Kubernetes side does not start is FAILED with the reason, and well when the next process starts it", async () => {
  await using world = await startCloud();
  world.host.failure = new Error("port 6443 is taken");
  await createCluster(world);
  const { cluster } = await world.eks.send(new DescribeClusterCommand({ name: "c" }));
  assert.equal(cluster?.status, "FAILED");
  assert.equal(cluster?.health?.issues?.[0]?.message, "port 6443 is taken");
  world.host.failure = undefined;
  await using again = await world.restart();
  assert.equal((await again.eks.send(new DescribeClusterCommand({ name: "c" }))).cluster?.status, "ACTIVE");
});

test("what was CREATING or DELETING when the process died goes on after the restart", async () => {
  await using world = await startCloud();
  const subnetIds = await defaultSubnets(world);
  const roleArn = await createRole(world, "cluster", trust({ Service: "eks.amazonaws.com" }));
  await world.eks.send(new CreateClusterCommand({ name: "c", roleArn, resourcesVpcConfig: { subnetIds } }));
  const second = await world.restart();
  await second.clock.advance(STEP_MS);
  assert.equal((await second.eks.send(new DescribeClusterCommand({ name: "c" }))).cluster?.status, "ACTIVE");
  await second.eks.send(new DeleteClusterCommand({ name: "c" }));
  await using third = await second.restart();
  await third.clock.advance(STEP_MS);
  assert.deepEqual((await third.eks.send(new ListClustersCommand({}))).clusters, []);
});

test("one Fargate profile at a time is created or deleted; profiles hold their cluster", async () => {
  const { world, create } = await fargateWorld();
  await using _ = world;
  const { eks, clock } = world;
  const profile = { clusterName: "c", fargateProfileName: "fp" };
  await create();
  assert.match(
    await refusal(create({ fargateProfileName: "second" })),
    /^ResourceInUseException: Cannot Create Fargate Profile second because cluster c currently has Fargate profile fp in status CREATING$/,
  );
  assert.match(
    await refusal(eks.send(new DeleteClusterCommand({ name: "c" }))),
    /^ResourceInUseException: Cluster has Fargate Profiles in CREATING state/,
  );
  await clock.advance(STEP_MS);
  const { fargateProfile } = await eks.send(new DescribeFargateProfileCommand(profile));
  assert.equal(fargateProfile?.status, "ACTIVE");
  assert.match(fargateProfile?.fargateProfileArn ?? "", /:fargateprofile\/c\/fp\/[0-9a-f-]{36}$/);
  assert.match(
    await refusal(create()),
    /^ResourceInUseException: A Fargate Profile already exists with this name in this cluster\.$/,
  );
  const { accessEntries } = await eks.send(new ListAccessEntriesCommand({ clusterName: "c" }));
  assert.ok(accessEntries?.includes("arn:aws:iam::000000000000:role/pods"));
  await create({ fargateProfileName: "second" });
  await clock.advance(STEP_MS);
  await eks.send(new DeleteFargateProfileCommand(profile));
  assert.match(
    await refusal(eks.send(new DeleteFargateProfileCommand({ ...profile, fargateProfileName: "second" }))),
    /^ResourceInUseException: Cannot Delete Fargate Profile second because cluster c currently has Fargate profile fp in status DELETING$/,
  );
  await clock.advance(STEP_MS);
  assert.match(
    await refusal(eks.send(new DescribeFargateProfileCommand(profile))),
    /^ResourceNotFoundException: No Fargate Profile found with name: fp\./,
  );
  assert.deepEqual(world.host.notes.slice(-3), [
    "profile c/fp active",
    "profile c/second active",
    "profile c/fp deleted",
  ]);
  assert.deepEqual(
    world.aws.fargateProfiles("c").map(({ name, status }) => `${name} ${status}`),
    ["second ACTIVE"],
  );
});

test("CreateFargateProfile refuses what EKS refuses", async () => {
  const { world, create, subnet } = await fargateWorld();
  await using _ = world;
  const publicSubnet = (await defaultSubnets(world)).find((id) => id !== subnet) ?? "";
  const { Vpc } = await world.ec2.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const { Subnet } = await world.ec2.send(new CreateSubnetCommand({ VpcId: Vpc?.VpcId, CidrBlock: "10.0.0.0/24" }));
  const labels = Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`l${n}`, "x"]));
  for (const [rule, change, want] of [
    [
      "public subnet",
      { subnets: [publicSubnet] },
      `InvalidParameterException: Subnet ${publicSubnet} provided in Fargate Profile is not a private subnet`,
    ],
    ["unknown subnet", { subnets: ["subnet-0"] }, "InvalidParameterException: The subnet ID 'subnet-0' does not exist"],
    ["other VPC", { subnets: [Subnet?.SubnetId ?? ""] }, `does not belong to the VPC`],
    ["reserved name", { fargateProfileName: "eks-x" }, "reserved prefix eks-"],
    ["name length", { fargateProfileName: "a".repeat(64) }, "at most 63"],
    [
      "role with a path",
      { podExecutionRoleArn: "arn:aws:iam::000000000000:role/p/pods" },
      "InvalidParameterException: podExecutionRoleArn",
    ],
    ["six selectors", { selectors: [1, 2, 3, 4, 5, 6].map((n) => ({ namespace: `n${n}` })) }, "at most 5 selectors"],
    ["six labels", { selectors: [{ namespace: "n", labels }] }, "at most 5 labels"],
    ["no namespace", { selectors: [{ labels: { a: "b" } }] }, "needs a namespace"],
    ["unknown cluster", { clusterName: "nope" }, "ResourceNotFoundException: No cluster found for name: nope."],
  ] as const)
    assert.ok((await refusal(create(change as Partial<CreateFargateProfileCommandInput>))).includes(want), rule);
  // A route to an internet gateway anywhere in the table makes the subnet public; no selectors at all are accepted.
  await create({ fargateProfileName: "empty", selectors: [] });
  await world.clock.advance(STEP_MS);
  for (let index = 1; index < 10; index += 1) {
    await create({ fargateProfileName: `p${index}` });
    await world.clock.advance(STEP_MS);
  }
  assert.match(await refusal(create({ fargateProfileName: "eleventh" })), /^ResourceLimitExceededException/);
  const names: string[] = [];
  for await (const page of paginateListFargateProfiles({ client: world.eks, pageSize: 3 }, { clusterName: "c" }))
    names.push(...(page.fargateProfileNames ?? []));
  assert.deepEqual(names, ["empty", ...Array.from({ length: 9 }, (_, index) => `p${index + 1}`)]);
});

test("without subnets a profile takes the cluster's private ones; a cluster with public ones only is refused", async () => {
  const { world, create, subnet } = await fargateWorld();
  await using _ = world;
  const created = (await create({ subnets: undefined })) as { fargateProfile?: { subnets?: string[] } };
  assert.deepEqual(created.fargateProfile?.subnets, [subnet]);
  const publicSubnets = (await defaultSubnets(world)).filter((id) => id !== subnet);
  await createCluster(world, { name: "d", subnetIds: publicSubnets });
  assert.match(
    await refusal(create({ clusterName: "d", subnets: undefined })),
    /^InvalidParameterException: No private subnets were found/,
  );
});

test("add-ons: CREATING until installed and healthy, DEGRADED when they stay ill", async () => {
  await using world = await startCloud();
  await createCluster(world);
  const addon = { clusterName: "c", addonName: "coredns" };
  const statusOf = async (): Promise<string | undefined> =>
    (await world.eks.send(new DescribeAddonCommand(addon))).addon?.status;
  const configurationValues = '{"computeType":"Fargate"}';
  await world.eks.send(new CreateAddonCommand({ ...addon, configurationValues }));
  assert.equal(await statusOf(), "CREATING");
  await world.clock.advance(STEP_MS);
  assert.equal(await statusOf(), "ACTIVE");
  assert.ok(world.host.notes.includes('install coredns {"computeType":"Fargate"}'));
  world.host.issues = [{ code: "InsufficientNumberOfReplicas", message: "0 of 2" }];
  assert.equal(await statusOf(), "CREATING");
  await world.clock.advance(60 * STEP_MS);
  assert.equal(await statusOf(), "DEGRADED");
  assert.match(
    await refusal(world.eks.send(new CreateAddonCommand(addon))),
    /^ResourceInUseException: Addon already exists\./,
  );
  assert.match(
    await refusal(world.eks.send(new CreateAddonCommand({ ...addon, addonName: "nope" }))),
    /^InvalidParameterException: .*nope/,
  );
  assert.match(
    await refusal(world.eks.send(new CreateAddonCommand({ ...addon, addonName: "vpc-cni", configurationValues: "[" }))),
    /^InvalidParameterException: ConfigurationValue/,
  );
  world.host.issues = [];
  const { update } = await world.eks.send(new UpdateAddonCommand({ ...addon, configurationValues: "replicaCount: 1" }));
  assert.equal(await statusOf(), "UPDATING");
  await world.clock.advance(STEP_MS);
  const updated = await world.eks.send(new DescribeUpdateCommand({ name: "c", updateId: update?.id }));
  assert.deepEqual(
    [await statusOf(), updated.update?.status, updated.update?.type],
    ["ACTIVE", "Successful", "AddonUpdate"],
  );
  await world.eks.send(new DeleteAddonCommand(addon));
  assert.equal(await statusOf(), "DELETING");
  await world.clock.advance(STEP_MS);
  assert.match(await refusal(statusOf()), /^ResourceNotFoundException: No addon: coredns found in cluster: c/);
  assert.deepEqual(world.host.notes.slice(-2), ['install coredns {"replicaCount":1}', "remove coredns"]);
});

test("updates: one at a time, UPDATING meanwhile, one minor up, authentication only towards API", async () => {
  const { world, create } = await fargateWorld();
  await using _ = world;
  const { eks, clock } = world;
  const config = { name: "c", resourcesVpcConfig: { endpointPrivateAccess: true } };
  const { update } = await eks.send(new UpdateClusterConfigCommand(config));
  assert.deepEqual([update?.status, update?.type], ["InProgress", "EndpointAccessUpdate"]);
  assert.equal((await eks.send(new DescribeClusterCommand({ name: "c" }))).cluster?.status, "UPDATING");
  assert.match(
    await refusal(create()),
    /^ResourceInUseException: Cannot Create Fargate Profile fp because cluster c currently has an update in progress$/,
  );
  assert.match(
    await refusal(eks.send(new UpdateClusterConfigCommand({ ...config, clientRequestToken: "b" }))),
    /^ResourceInUseException/,
  );
  await clock.advance(STEP_MS);
  assert.equal(
    (await eks.send(new DescribeUpdateCommand({ name: "c", updateId: update?.id }))).update?.status,
    "Successful",
  );
  assert.equal(
    (await eks.send(new DescribeClusterCommand({ name: "c" }))).cluster?.resourcesVpcConfig?.endpointPrivateAccess,
    true,
  );
  for (const [command, want] of [
    [
      new UpdateClusterConfigCommand({ ...config, clientRequestToken: "c" }),
      /already at the desired configuration with endpointPrivateAccess: true/,
    ],
    [new UpdateClusterConfigCommand({ name: "c" }), /Exactly one type of update/],
    [
      new UpdateClusterConfigCommand({ name: "c", accessConfig: { authenticationMode: "CONFIG_MAP" } }),
      /Unsupported authentication mode update from API to CONFIG_MAP/,
    ],
    [
      new UpdateClusterVersionCommand({ name: "c", version: "1.30" }),
      /Unsupported Kubernetes minor version update from 1\.35 to 1\.30/,
    ],
  ] as const)
    assert.match(await refusal(eks.send(command as UpdateClusterConfigCommand)), want);
});

test("access entries say who a principal is; node types fix their groups and take no policies", async () => {
  await using world = await startCloud();
  await createCluster(world);
  const principalArn = await createRole(world, "nodes", trust({ Service: "ec2.amazonaws.com" }));
  const { accessEntry } = await world.eks.send(
    new CreateAccessEntryCommand({ clusterName: "c", principalArn, type: "EC2_LINUX" }),
  );
  assert.deepEqual(
    [accessEntry?.username, accessEntry?.kubernetesGroups],
    ["system:node:{{EC2PrivateDNSName}}", ["system:nodes"]],
  );
  const policy = {
    clusterName: "c",
    principalArn,
    policyArn: "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    accessScope: { type: "cluster" },
  } as const;
  assert.match(await refusal(world.eks.send(new AssociateAccessPolicyCommand(policy))), /^InvalidRequestException/);
  assert.match(
    await refusal(world.eks.send(new CreateAccessEntryCommand({ clusterName: "c", principalArn }))),
    /^ResourceInUseException/,
  );
  const devs = await createRole(world, "devs", trust({ AWS: "*" }));
  const standard = { clusterName: "c", principalArn: devs };
  assert.match(
    await refusal(world.eks.send(new CreateAccessEntryCommand({ ...standard, kubernetesGroups: ["system:masters"] }))),
    /must not start with system:/,
  );
  await world.eks.send(new CreateAccessEntryCommand({ ...standard, kubernetesGroups: ["a"] }));
  const changed = await world.eks.send(new UpdateAccessEntryCommand({ ...standard, kubernetesGroups: ["b"] }));
  assert.deepEqual([changed.accessEntry?.kubernetesGroups, changed.accessEntry?.username], [["b"], devs]);
});
