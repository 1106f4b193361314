import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  AuthorizeSecurityGroupIngressCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSecurityGroupCommand,
  CreateSubnetCommand,
  CreateTagsCommand,
  CreateVpcCommand,
  DeleteInternetGatewayCommand,
  DeleteNatGatewayCommand,
  DeleteRouteTableCommand,
  DeleteSecurityGroupCommand,
  DeleteSubnetCommand,
  DeleteTagsCommand,
  DeleteVpcCommand,
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeNatGatewaysCommand,
  DescribeNetworkInterfacesCommand,
  DescribeRouteTablesCommand,
  DescribeSecurityGroupsCommand,
  DescribeSubnetsCommand,
  DescribeTagsCommand,
  DescribeVpcAttributeCommand,
  DescribeVpcsCommand,
  DetachInternetGatewayCommand,
  DisassociateRouteTableCommand,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  ReleaseAddressCommand,
  RevokeSecurityGroupIngressCommand,
} from "@aws-sdk/client-ec2";
import { type Ec2World, startEc2, TIMINGS } from "./ec2-world.ts";

const refused = (name: string) => ({ name });

async function vpcWithSubnet(
  { client }: Ec2World,
  cidr = "10.0.0.0/24",
): Promise<{ readonly vpcId: string; readonly subnetId: string }> {
  const { Vpc } = await client.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const vpcId = Vpc?.VpcId ?? "";
  const { Subnet } = await client.send(
    new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: cidr, AvailabilityZone: "ap-northeast-2c" }),
  );
  return { vpcId, subnetId: Subnet?.SubnetId ?? "" };
}

test("a new account has a default VPC with a public subnet per zone, made only once", async () => {
  await using first = await startEc2();
  const { Vpcs = [] } = await first.client.send(
    new DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["true"] }] }),
  );
  assert.deepEqual(
    Vpcs.map((vpc) => vpc.CidrBlock),
    ["172.31.0.0/16"],
  );
  const vpcId = Vpcs[0]?.VpcId ?? "";
  const zones = await first.client.send(new DescribeAvailabilityZonesCommand({}));
  assert.deepEqual(
    first.ec2.defaultSubnetsOf(vpcId).map((subnet) => subnet.zone),
    zones.AvailabilityZones?.map((zone) => zone.ZoneName),
  );
  for (const { subnetId, availableIpCount } of first.ec2.defaultSubnetsOf(vpcId)) {
    assert.equal(first.ec2.subnetIsPublic(subnetId), true);
    assert.equal(availableIpCount, 4096 - 5);
  }
  await using again = await first.restart();
  assert.equal((await again.client.send(new DescribeVpcsCommand({}))).Vpcs?.length, 1);
});

test("a VPC has DNS support, gets hostnames when told, and keeps both over a restart", async () => {
  await using world = await startEc2();
  const { vpcId } = await vpcWithSubnet(world);
  const hostnames = async ({ client }: Ec2World): Promise<boolean | undefined> => {
    const command = new DescribeVpcAttributeCommand({ VpcId: vpcId, Attribute: "enableDnsHostnames" });
    return (await client.send(command)).EnableDnsHostnames?.Value;
  };
  assert.equal(await hostnames(world), false);
  await world.client.send(new ModifyVpcAttributeCommand({ VpcId: vpcId, EnableDnsHostnames: { Value: true } }));
  await using again = await world.restart();
  assert.equal(await hostnames(again), true);
});

test("subnets lie inside their VPC, do not overlap, and keep five addresses back", async () => {
  await using world = await startEc2();
  const { vpcId, subnetId } = await vpcWithSubnet(world, "10.0.0.0/28");
  const create = (CidrBlock: string, AvailabilityZone?: string) =>
    world.client.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone }));
  await assert.rejects(create("10.1.0.0/24"), refused("InvalidSubnet.Range"));
  await assert.rejects(create("10.0.9.0/29"), refused("InvalidSubnet.Range"));
  await assert.rejects(create("10.0.0.0/24"), refused("InvalidSubnet.Conflict"));
  await assert.rejects(create("10.0.1.0/24", "us-east-1a"), refused("InvalidParameterValue"));
  await assert.rejects(create("banana"), refused("InvalidParameterValue"));
  const { Subnets } = await world.client.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
  const [{ AvailableIpAddressCount, AvailabilityZone, AvailabilityZoneId } = {}] = Subnets ?? [];
  assert.deepEqual(
    [AvailableIpAddressCount, AvailabilityZone, AvailabilityZoneId],
    [11, "ap-northeast-2c", "apne2-az3"],
  );
  const taken = Array.from({ length: 11 }, () => world.ec2.allocateIp(subnetId));
  assert.deepEqual([taken[0], taken.at(-1)], ["10.0.0.4", "10.0.0.14"]);
  assert.equal(world.ec2.allocateIp(subnetId), undefined);
  await assert.rejects(
    world.client.send(new DeleteSubnetCommand({ SubnetId: subnetId })),
    refused("DependencyViolation"),
  );
  world.ec2.releaseIp("10.0.0.9");
  assert.equal(world.ec2.allocateIp(subnetId), "10.0.0.9");
});

test("a subnet is public by its effective route table: its own, else the main one", async () => {
  await using world = await startEc2();
  const { client, ec2 } = world;
  const { vpcId, subnetId } = await vpcWithSubnet(world);
  const { InternetGateway } = await client.send(new CreateInternetGatewayCommand({}));
  const GatewayId = InternetGateway?.InternetGatewayId ?? "";
  const { RouteTables = [] } = await client.send(
    new DescribeRouteTablesCommand({
      Filters: [
        { Name: "vpc-id", Values: [vpcId] },
        { Name: "association.main", Values: ["true"] },
      ],
    }),
  );
  const main = RouteTables[0]?.RouteTableId ?? "";
  const route = { DestinationCidrBlock: "0.0.0.0/0", GatewayId };
  const toMain = () => client.send(new CreateRouteCommand({ RouteTableId: main, ...route }));
  await assert.rejects(toMain(), refused("InvalidParameterValue"));
  await client.send(new AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId: vpcId }));
  assert.equal(ec2.subnetIsPublic(subnetId), false);
  await toMain();
  assert.equal(ec2.subnetIsPublic(subnetId), true);
  const { RouteTable } = await client.send(new CreateRouteTableCommand({ VpcId: vpcId }));
  const own = RouteTable?.RouteTableId ?? "";
  const associate = new AssociateRouteTableCommand({ RouteTableId: own, SubnetId: subnetId });
  const { AssociationId } = await client.send(associate);
  assert.equal(ec2.subnetIsPublic(subnetId), false);
  assert.equal((await client.send(associate)).AssociationId, AssociationId);
  await assert.rejects(
    client.send(new AssociateRouteTableCommand({ RouteTableId: main, SubnetId: subnetId })),
    refused("Resource.AlreadyAssociated"),
  );
  await assert.rejects(client.send(new DeleteRouteTableCommand({ RouteTableId: own })), refused("DependencyViolation"));
  await client.send(new DisassociateRouteTableCommand({ AssociationId }));
  assert.equal(ec2.subnetIsPublic(subnetId), true);
});

test("routes: the same one again is fine, another target for the destination is not", async () => {
  await using world = await startEc2();
  const { client } = world;
  const { vpcId } = await vpcWithSubnet(world);
  const { InternetGateway } = await client.send(new CreateInternetGatewayCommand({}));
  const GatewayId = InternetGateway?.InternetGatewayId ?? "";
  await client.send(new AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId: vpcId }));
  await assert.rejects(
    client.send(new AttachInternetGatewayCommand({ InternetGatewayId: GatewayId, VpcId: vpcId })),
    refused("Resource.AlreadyAssociated"),
  );
  const { RouteTable } = await client.send(new CreateRouteTableCommand({ VpcId: vpcId }));
  const route = { RouteTableId: RouteTable?.RouteTableId, DestinationCidrBlock: "0.0.0.0/0" };
  await client.send(new CreateRouteCommand({ ...route, GatewayId }));
  await client.send(new CreateRouteCommand({ ...route, GatewayId }));
  await assert.rejects(
    client.send(new CreateRouteCommand({ ...route, NetworkInterfaceId: "eni-1" })),
    refused("RouteAlreadyExists"),
  );
});

test("a NAT gateway takes its time, holds its address, and everything is taken down in AWS's order", async () => {
  await using world = await startEc2();
  const { client, clock } = world;
  const { vpcId, subnetId } = await vpcWithSubnet(world);
  const { AllocationId } = await client.send(new AllocateAddressCommand({ Domain: "vpc" }));
  const create = new CreateNatGatewayCommand({ SubnetId: subnetId, AllocationId, ClientToken: "once" });
  await assert.rejects(client.send(create), refused("Gateway.NotAttached"));
  const { InternetGateway } = await client.send(new CreateInternetGatewayCommand({}));
  const InternetGatewayId = InternetGateway?.InternetGatewayId;
  await client.send(new AttachInternetGatewayCommand({ InternetGatewayId, VpcId: vpcId }));
  const { NatGateway } = await client.send(create);
  assert.equal((await client.send(create)).NatGateway?.NatGatewayId, NatGateway?.NatGatewayId);
  await assert.rejects(
    client.send(new CreateNatGatewayCommand({ SubnetId: subnetId, ClientToken: "once" })),
    refused("IdempotentParameterMismatch"),
  );
  const NatGatewayIds = [NatGateway?.NatGatewayId ?? ""];
  const state = async () =>
    (await client.send(new DescribeNatGatewaysCommand({ NatGatewayIds }))).NatGateways?.[0]?.State;
  assert.equal(await state(), "pending");
  await clock.advance(TIMINGS.natGatewayCreateMs);
  assert.equal(await state(), "available");
  const { NetworkInterfaces } = await client.send(
    new DescribeNetworkInterfacesCommand({ Filters: [{ Name: "subnet-id", Values: [subnetId] }] }),
  );
  assert.deepEqual(
    NetworkInterfaces?.map((eni) => [eni.InterfaceType, eni.PrivateIpAddress]),
    [["nat_gateway", "10.0.0.4"]],
  );
  const blocked = [
    client.send(new DeleteSubnetCommand({ SubnetId: subnetId })),
    client.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId: vpcId })),
    client.send(new DeleteInternetGatewayCommand({ InternetGatewayId })),
    client.send(new DeleteVpcCommand({ VpcId: vpcId })),
  ];
  for (const call of blocked) await assert.rejects(call, refused("DependencyViolation"));
  await assert.rejects(client.send(new ReleaseAddressCommand({ AllocationId })), refused("InvalidIPAddress.InUse"));
  await client.send(new DeleteNatGatewayCommand({ NatGatewayId: NatGatewayIds[0] }));
  assert.equal(await state(), "deleting");
  await clock.advance(TIMINGS.instanceStopMs);
  assert.equal(await state(), "deleted");
  await client.send(new ReleaseAddressCommand({ AllocationId }));
  assert.deepEqual((await client.send(new DescribeAddressesCommand({}))).Addresses, []);
  await client.send(new DetachInternetGatewayCommand({ InternetGatewayId, VpcId: vpcId }));
  await client.send(new DeleteInternetGatewayCommand({ InternetGatewayId }));
  await client.send(new DeleteSubnetCommand({ SubnetId: subnetId }));
  await client.send(new DeleteVpcCommand({ VpcId: vpcId }));
  await assert.rejects(client.send(new DescribeVpcsCommand({ VpcIds: [vpcId] })), refused("InvalidVpcID.NotFound"));
  await clock.advance(TIMINGS.terminatedVisibleMs);
  await assert.rejects(state(), refused("NatGatewayNotFound"));
});

test("security groups: duplicate rules, references that hold a group, rules by permission", async () => {
  await using world = await startEc2();
  const { client } = world;
  const { vpcId } = await vpcWithSubnet(world);
  const create = async (GroupName: string) =>
    (await client.send(new CreateSecurityGroupCommand({ GroupName, Description: "d", VpcId: vpcId }))).GroupId ?? "";
  const [nodes, web] = [await create("nodes"), await create("web")];
  await assert.rejects(create("nodes"), refused("InvalidGroup.Duplicate"));
  const permission = { IpProtocol: "tcp", FromPort: 443, ToPort: 443, UserIdGroupPairs: [{ GroupId: web }] };
  const allow = new AuthorizeSecurityGroupIngressCommand({ GroupId: nodes, IpPermissions: [permission] });
  const { SecurityGroupRules } = await client.send(allow);
  assert.deepEqual(
    SecurityGroupRules?.map((rule) => [rule.IsEgress, rule.FromPort, rule.ReferencedGroupInfo?.GroupId]),
    [[false, 443, web]],
  );
  await assert.rejects(client.send(allow), refused("InvalidPermission.Duplicate"));
  await assert.rejects(client.send(new DeleteSecurityGroupCommand({ GroupId: web })), refused("DependencyViolation"));
  const { SecurityGroups } = await client.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: "ip-permission.group-id", Values: [web] }] }),
  );
  assert.deepEqual(
    SecurityGroups?.map(({ GroupId, IpPermissionsEgress }) => [
      GroupId,
      IpPermissionsEgress?.[0]?.IpRanges?.[0]?.CidrIp,
    ]),
    [[nodes, "0.0.0.0/0"]],
  );
  const deny = new RevokeSecurityGroupIngressCommand({ GroupId: nodes, IpPermissions: [permission] });
  await client.send(deny);
  await assert.rejects(client.send(deny), refused("InvalidPermission.NotFound"));
  await client.send(new DeleteSecurityGroupCommand({ GroupId: web }));
  const fallback = await client.send(
    new DescribeSecurityGroupsCommand({
      Filters: [
        { Name: "group-name", Values: ["default"] },
        { Name: "vpc-id", Values: [vpcId] },
      ],
    }),
  );
  await assert.rejects(
    client.send(new DeleteSecurityGroupCommand({ GroupId: fallback.SecurityGroups?.[0]?.GroupId })),
    refused("CannotDelete"),
  );
});

test("the cluster security group is open to itself, tagged, and goes although others refer to it", async () => {
  await using world = await startEc2();
  const { client, ec2 } = world;
  const { vpcId } = await vpcWithSubnet(world);
  const groupId = ec2.createClusterSecurityGroup(vpcId, "demo");
  const { SecurityGroups } = await client.send(
    new DescribeSecurityGroupsCommand({ Filters: [{ Name: "tag:kubernetes.io/cluster/demo", Values: ["owned"] }] }),
  );
  assert.match(SecurityGroups?.[0]?.GroupName ?? "", /^eks-cluster-sg-demo-\d+$/);
  assert.equal(SecurityGroups?.[0]?.IpPermissions?.[0]?.UserIdGroupPairs?.[0]?.GroupId, groupId);
  assert.equal(ec2.securityGroupVpc(groupId), vpcId);
  const { GroupId } = await client.send(
    new CreateSecurityGroupCommand({ GroupName: "other", Description: "d", VpcId: vpcId }),
  );
  const IpPermissions = [{ IpProtocol: "-1", UserIdGroupPairs: [{ GroupId: groupId }] }];
  await client.send(new AuthorizeSecurityGroupIngressCommand({ GroupId, IpPermissions }));
  ec2.deleteClusterSecurityGroup(groupId);
  ec2.deleteClusterSecurityGroup(groupId);
  assert.equal(ec2.securityGroupVpc(groupId), undefined);
  await client.send(new DeleteSecurityGroupCommand({ GroupId }));
});

test("tags and filters: exact, by key, wildcards, several values, and no unknown names", async () => {
  await using world = await startEc2();
  const { client } = world;
  const { vpcId, subnetId } = await vpcWithSubnet(world);
  const tag = (Key: string, Value: string) => ({ Key, Value });
  const Tags = [tag("karpenter.sh/discovery", "demo"), tag("Name", "private-a")];
  await client.send(new CreateTagsCommand({ Resources: [subnetId, vpcId], Tags }));
  const count = async (Name: string, ...Values: string[]) =>
    (await client.send(new DescribeSubnetsCommand({ Filters: [{ Name, Values }] }))).Subnets?.length;
  assert.equal(await count("tag:karpenter.sh/discovery", "demo"), 1);
  assert.equal(await count("tag:karpenter.sh/discovery", "other", "de?o"), 1);
  assert.equal(await count("tag:Name", "private*"), 1);
  assert.equal(await count("tag:Name", "private"), 0);
  assert.equal(await count("tag:Name", "private\\*"), 0);
  assert.equal(await count("tag-key", "Name"), 1);
  await assert.rejects(count("colour", "red"), refused("InvalidParameterValue"));
  await assert.rejects(count("__proto__", "red"), refused("InvalidParameterValue"));
  await assert.rejects(
    client.send(new CreateTagsCommand({ Resources: [vpcId], Tags: [tag("aws:mine", "x")] })),
    refused("InvalidParameterValue"),
  );
  await assert.rejects(
    client.send(new CreateTagsCommand({ Resources: [vpcId, "subnet-0123456789abcdef0"], Tags: [tag("a", "b")] })),
    refused("InvalidSubnetID.NotFound"),
  );
  await client.send(new DeleteTagsCommand({ Resources: [subnetId], Tags: [{ Key: "Name", Value: "another" }] }));
  assert.equal(await count("tag-key", "Name"), 1);
  await client.send(new DeleteTagsCommand({ Resources: [subnetId], Tags: [{ Key: "Name" }] }));
  assert.equal(await count("tag-key", "Name"), 0);
  const all = await client.send(new DescribeTagsCommand({ Filters: [{ Name: "resource-id", Values: [vpcId] }] }));
  assert.deepEqual(
    all.Tags?.map(({ Key, ResourceType }) => [Key, ResourceType]),
    [
      ["Name", "vpc"],
      ["karpenter.sh/discovery", "vpc"],
    ],
  );
});

test("describe calls page, with tokens bound to their filters", async () => {
  await using world = await startEc2();
  const { client } = world;
  const page = (NextToken?: string, Values = ["*"]) =>
    client.send(
      new DescribeSubnetsCommand({ MaxResults: 5, NextToken, Filters: [{ Name: "availability-zone", Values }] }),
    );
  const { vpcId } = await vpcWithSubnet(world);
  for (let index = 1; index <= 3; index += 1)
    await client.send(new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: `10.0.${index}.0/24` }));
  const first = await page();
  const second = await page(first.NextToken);
  const ids = [...(first.Subnets ?? []), ...(second.Subnets ?? [])].map((subnet) => subnet.SubnetId);
  assert.equal(new Set(ids).size, 4 + 1 + 3);
  assert.equal(first.Subnets?.length, 5);
  await assert.rejects(page(first.NextToken, ["x*"]), refused("InvalidNextToken"));
});

test("every operation answers a dry run without doing anything, and can be throttled", async () => {
  await using world = await startEc2();
  const { client, ec2 } = world;
  const create = (DryRun: boolean) => client.send(new CreateVpcCommand({ CidrBlock: "10.9.0.0/16", DryRun }));
  await assert.rejects(create(true), (error: { name: string; $metadata: { httpStatusCode: number } }) => {
    assert.deepEqual([error.name, error.$metadata.httpStatusCode], ["DryRunOperation", 412]);
    return true;
  });
  ec2.faults.throttle("CreateVpc", 1);
  await assert.rejects(create(false), refused("RequestLimitExceeded"));
  assert.equal((await client.send(new DescribeVpcsCommand({}))).Vpcs?.length, 1);
  await create(false);
});

test("attributes of subnets and tags given at creation are there at once", async () => {
  await using world = await startEc2();
  const { client } = world;
  const { subnetId } = await vpcWithSubnet(world);
  await client.send(new ModifySubnetAttributeCommand({ SubnetId: subnetId, MapPublicIpOnLaunch: { Value: true } }));
  const { Subnets } = await client.send(new DescribeSubnetsCommand({ SubnetIds: [subnetId] }));
  assert.equal(Subnets?.[0]?.MapPublicIpOnLaunch, true);
  const tagged = (ResourceType: "vpc" | "subnet") =>
    client.send(
      new CreateVpcCommand({
        CidrBlock: "10.8.0.0/16",
        TagSpecifications: [{ ResourceType, Tags: [{ Key: "Name", Value: "x" }] }],
      }),
    );
  assert.deepEqual((await tagged("vpc")).Vpc?.Tags, [{ Key: "Name", Value: "x" }]);
  await assert.rejects(tagged("subnet"), refused("InvalidParameterValue"));
});
