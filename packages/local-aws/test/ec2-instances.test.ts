import assert from "node:assert/strict";
import { test } from "node:test";
import {
  CreateFleetCommand,
  type CreateFleetCommandInput,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DeleteLaunchTemplateCommand,
  DescribeImagesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstancesCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSpotPriceHistoryCommand,
  type FleetLaunchTemplateOverridesRequest,
  paginateDescribeInstanceTypes,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { findInstanceType, instanceTypeFacts } from "@nodeless/catalog";
import { knownImages } from "../src/images.ts";
import { type Ec2World, ROLE_ARN, startEc2, TIMINGS } from "./ec2-world.ts";

const image = (part: string): string =>
  knownImages("1.35").find(({ parameterPath }) => parameterPath.includes(part))?.imageId ?? "";
const X86 = image("amazon-linux-2023/x86_64/standard");
const ARM = image("amazon-linux-2023/arm64/standard");
const USER_DATA = "--node-labels=a=b 한글";
const refused = (name: string) => ({ name });

interface Network {
  readonly vpcId: string;
  /** Subnet ids by zone letter. */
  readonly subnets: Readonly<Record<"a" | "c", string>>;
}

async function network({ client }: Ec2World): Promise<Network> {
  const { Vpc } = await client.send(new CreateVpcCommand({ CidrBlock: "10.0.0.0/16" }));
  const vpcId = Vpc?.VpcId ?? "";
  const subnet = async (zone: string, CidrBlock: string): Promise<string> => {
    const command = new CreateSubnetCommand({ VpcId: vpcId, CidrBlock, AvailabilityZone: `ap-northeast-2${zone}` });
    return (await client.send(command)).Subnet?.SubnetId ?? "";
  };
  await client.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: "karpenter.k8s.aws/1",
      LaunchTemplateData: {
        ImageId: X86,
        UserData: Buffer.from(USER_DATA).toString("base64"),
        IamInstanceProfile: { Name: "nodes" },
      },
    }),
  );
  return { vpcId, subnets: { a: await subnet("a", "10.0.0.0/24"), c: await subnet("c", "10.0.1.0/24") } };
}

function fleet(
  Overrides: FleetLaunchTemplateOverridesRequest[],
  more: Partial<CreateFleetCommandInput> & { readonly spot?: boolean; readonly count?: number } = {},
): CreateFleetCommand {
  const { spot = false, count = 1, ...rest } = more;
  return new CreateFleetCommand({
    Type: "instant",
    LaunchTemplateConfigs: [
      { LaunchTemplateSpecification: { LaunchTemplateName: "karpenter.k8s.aws/1", Version: "$Latest" }, Overrides },
    ],
    TargetCapacitySpecification: {
      TotalTargetCapacity: count,
      DefaultTargetCapacityType: spot ? "spot" : "on-demand",
    },
    TagSpecifications: [{ ResourceType: "instance", Tags: [{ Key: "karpenter.sh/nodepool", Value: "default" }] }],
    ...rest,
  });
}

const states = async ({ client }: Ec2World): Promise<(string | undefined)[]> =>
  ((await client.send(new DescribeInstancesCommand({}))).Reservations ?? []).flatMap((reservation) =>
    (reservation.Instances ?? []).map((instance) => instance.State?.Name),
  );

test("an instance goes pending → running → booted → shutting-down → terminated → forgotten on the clock", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  const { Instances } = await world.client.send(fleet([{ InstanceType: "m5.large", SubnetId: subnets.a }]));
  const InstanceIds = Instances?.[0]?.InstanceIds ?? [];
  assert.deepEqual(await states(world), ["pending"]);
  await world.clock.advance(TIMINGS.instanceStartMs);
  assert.deepEqual([await states(world), world.booted.length], [["running"], 0]);
  const health = async () =>
    (await world.client.send(new DescribeInstanceStatusCommand({ InstanceIds }))).InstanceStatuses?.[0]?.InstanceStatus
      ?.Status;
  assert.equal(await health(), "initializing");
  await world.clock.advance(TIMINGS.instanceBootMs);
  assert.equal(await health(), "ok");
  assert.deepEqual(world.booted, [
    {
      instanceId: InstanceIds[0],
      instanceType: "m5.large",
      region: "ap-northeast-2",
      zone: "ap-northeast-2a",
      privateIp: "10.0.0.4",
      privateDnsName: "ip-10-0-0-4.ap-northeast-2.compute.internal",
      subnetId: subnets.a,
      userData: USER_DATA,
      capacityType: "on-demand",
      imageId: X86,
      roleArn: ROLE_ARN,
    },
  ]);
  const terminate = new TerminateInstancesCommand({ InstanceIds });
  const { TerminatingInstances } = await world.client.send(terminate);
  const [{ PreviousState, CurrentState } = {}] = TerminatingInstances ?? [];
  assert.deepEqual([PreviousState?.Name, CurrentState?.Name], ["running", "shutting-down"]);
  assert.deepEqual(world.shutDown, InstanceIds);
  await world.client.send(terminate);
  await world.clock.advance(TIMINGS.instanceStopMs);
  assert.deepEqual(await states(world), ["terminated"]);
  await world.clock.advance(TIMINGS.terminatedVisibleMs);
  assert.deepEqual(await states(world), []);
  await assert.rejects(world.client.send(terminate), refused("InvalidInstanceID.NotFound"));
  assert.deepEqual(
    world.events.map((event) => event.detail["state"]),
    ["pending", "running", "shutting-down", "terminated"],
  );
});

test("after a restart running instances boot again, and those on their way go on", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  const launch = () => world.client.send(fleet([{ InstanceType: "m5.large", SubnetId: subnets.a }]));
  const first = (await launch()).Instances?.[0]?.InstanceIds?.[0];
  await world.clock.advance(TIMINGS.instanceStartMs + TIMINGS.instanceBootMs);
  const second = (await launch()).Instances?.[0]?.InstanceIds?.[0];
  await using again = await world.restart();
  assert.deepEqual(
    again.booted.map((instance) => instance.instanceId),
    [first],
  );
  await again.clock.advance(TIMINGS.instanceStartMs + TIMINGS.instanceBootMs);
  assert.deepEqual(
    again.booted.map((instance) => [instance.instanceId, instance.privateIp]),
    [
      [first, "10.0.0.4"],
      [second, "10.0.0.5"],
    ],
  );
  assert.equal(again.ec2.allocateIp(subnets.a), "10.0.0.6");
});

test("on-demand takes the lowest price, whatever the order of the overrides", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  const overrides = (["m5.4xlarge", "m5.large", "c5.large", "r5.large"] as const).map((InstanceType) => ({
    InstanceType,
    SubnetId: subnets.a,
  }));
  const answer = await world.client.send(fleet(overrides, { OnDemandOptions: { AllocationStrategy: "lowest-price" } }));
  assert.deepEqual([answer.Instances?.[0]?.InstanceType, answer.Errors], ["c5.large", []]);
  const prioritized = overrides.map((override, index) => ({ ...override, Priority: index }));
  const byPriority = fleet(prioritized, { OnDemandOptions: { AllocationStrategy: "prioritized" } });
  assert.equal((await world.client.send(byPriority)).Instances?.[0]?.InstanceType, "m5.4xlarge");
});

test("spot goes to the cheapest pool of type and zone", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  const facts = findInstanceType("ap-northeast-2", "m5.large");
  const price = (zone: string): number => facts?.spotUsdPerHour(zone) ?? Number.NaN;
  const overrides = [subnets.a, subnets.c].map((SubnetId) => ({ InstanceType: "m5.large" as const, SubnetId }));
  const answer = await world.client.send(
    fleet(overrides, { spot: true, SpotOptions: { AllocationStrategy: "price-capacity-optimized" } }),
  );
  const cheapest = price("ap-northeast-2a") < price("ap-northeast-2c") ? "ap-northeast-2a" : "ap-northeast-2c";
  const [{ Lifecycle, LaunchTemplateAndOverrides } = {}] = answer.Instances ?? [];
  assert.deepEqual([Lifecycle, LaunchTemplateAndOverrides?.Overrides?.AvailabilityZone], ["spot", cheapest]);
  const low = fleet([{ InstanceType: "m5.large", SubnetId: subnets.a, MaxPrice: "0.001" }], { spot: true });
  assert.deepEqual(
    (await world.client.send(low)).Errors?.map((error) => error.ErrorCode),
    ["SpotMaxPriceTooLow"],
  );
});

test("missing capacity is reported per override in a good answer, beside what could be launched", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  const heal = world.ec2.faults.denyCapacity({ instanceType: "c5.large", zone: "ap-northeast-2a" });
  const overrides = (["c5.large", "m5.large"] as const).map((InstanceType) => ({ InstanceType, SubnetId: subnets.a }));
  const partly = await world.client.send(fleet(overrides, { count: 2 }));
  assert.deepEqual(
    partly.Instances?.map((group) => [group.InstanceType, group.InstanceIds?.length]),
    [["m5.large", 2]],
  );
  assert.deepEqual(
    partly.Errors?.map((error) => [
      error.ErrorCode,
      error.Lifecycle,
      error.LaunchTemplateAndOverrides?.Overrides?.InstanceType,
      error.LaunchTemplateAndOverrides?.Overrides?.AvailabilityZone,
    ]),
    [["InsufficientInstanceCapacity", "on-demand", "c5.large", "ap-northeast-2a"]],
  );
  heal();
  assert.equal((await world.client.send(fleet(overrides))).Instances?.[0]?.InstanceType, "c5.large");
});

for (const { rule, override, code } of [
  {
    rule: "a type that the zone does not offer",
    override: { InstanceType: "t2.micro", SubnetId: "b" },
    code: "Unsupported",
  },
  {
    rule: "an image of another architecture",
    override: { InstanceType: "m5.large", ImageId: ARM },
    code: "InvalidParameterValue",
  },
  {
    rule: "an image that does not exist",
    override: { InstanceType: "m5.large", ImageId: "ami-00000000000000000" },
    code: "InvalidAMIID.NotFound",
  },
  {
    rule: "a subnet that does not exist",
    override: { InstanceType: "m5.large", SubnetId: "subnet-0" },
    code: "InvalidSubnetID.NotFound",
  },
  { rule: "a type that does not exist", override: { InstanceType: "m5.tiny" }, code: "InvalidParameterValue" },
])
  test(`${rule} is an error of its override`, async () => {
    await using world = await startEc2();
    const { vpcId, subnets } = await network(world);
    const zoneB = await world.client.send(
      new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: "10.0.2.0/24", AvailabilityZone: "ap-northeast-2b" }),
    );
    const SubnetId = override.SubnetId === "b" ? zoneB.Subnet?.SubnetId : (override.SubnetId ?? subnets.a);
    const full = { ...override, SubnetId } as FleetLaunchTemplateOverridesRequest;
    const answer = await world.client.send(fleet([full]));
    assert.deepEqual([answer.Errors?.map((error) => error.ErrorCode), answer.Instances], [[code], []]);
  });

test("a full subnet has no free addresses for another instance", async () => {
  await using world = await startEc2();
  const { vpcId } = await network(world);
  const { Subnet } = await world.client.send(
    new CreateSubnetCommand({ VpcId: vpcId, CidrBlock: "10.0.9.0/28", AvailabilityZone: "ap-northeast-2a" }),
  );
  const SubnetId = Subnet?.SubnetId;
  const answer = await world.client.send(fleet([{ InstanceType: "m5.large", SubnetId }], { count: 12 }));
  assert.equal(answer.Instances?.[0]?.InstanceIds?.length, 11);
  assert.deepEqual(
    answer.Errors?.map((error) => error.ErrorCode),
    ["InsufficientFreeAddressesInSubnet"],
  );
});

test("the same token launches once, also after a restart; with other parameters it is refused", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  const launch = ({ client }: Ec2World, type: "m5.large" | "c5.large") =>
    client.send(fleet([{ InstanceType: type, SubnetId: subnets.a }], { ClientToken: "claim-uid" }));
  const first = await launch(world, "m5.large");
  await using again = await world.restart();
  assert.deepEqual((await launch(again, "m5.large")).Instances, first.Instances);
  await assert.rejects(launch(again, "c5.large"), refused("IdempotentParameterMismatch"));
  assert.equal((await states(again)).length, 1);
});

test("instances carry their tags, template, profile, network and are found by filters", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  await world.client.send(fleet([{ InstanceType: "m5.large", SubnetId: subnets.c }], { spot: true }));
  const find = async (Name: string, ...Values: string[]) =>
    (
      await world.client.send(
        new DescribeInstancesCommand({
          Filters: [
            { Name: "tag-key", Values: ["karpenter.sh/nodepool"] },
            { Name, Values },
          ],
        }),
      )
    ).Reservations?.[0]?.Instances?.[0];
  const instance = await find("instance-state-name", "pending", "running");
  assert.equal(instance?.InstanceLifecycle, "spot");
  assert.equal(instance?.PrivateDnsName, "ip-10-0-1-4.ap-northeast-2.compute.internal");
  assert.equal(instance?.IamInstanceProfile?.Arn, "arn:aws:iam::123456789012:instance-profile/nodes");
  assert.deepEqual(
    [instance?.Placement?.AvailabilityZone, instance?.Placement?.AvailabilityZoneId],
    ["ap-northeast-2c", "apne2-az3"],
  );
  assert.equal(instance?.SecurityGroups?.[0]?.GroupName, "default");
  const keys = instance?.Tags?.map((tag) => tag.Key) ?? [];
  for (const key of ["karpenter.sh/nodepool", "aws:ec2:fleet-id", "aws:ec2launchtemplate:id"])
    assert.ok(keys.includes(key));
  assert.equal(await find("instance-state-name", "terminated"), undefined);
  assert.equal((await find("subnet-id", subnets.c))?.InstanceId, instance?.InstanceId);
  await assert.rejects(find("size", "large"), refused("InvalidParameterValue"));
});

test("a spot instance gets its warning, and two minutes", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  const launched = await world.client.send(fleet([{ InstanceType: "m5.large", SubnetId: subnets.a }], { spot: true }));
  const id = launched.Instances?.[0]?.InstanceIds?.[0] ?? "";
  await world.clock.advance(TIMINGS.instanceStartMs + TIMINGS.instanceBootMs);
  assert.equal(world.ec2.interruptSpot(id), true);
  assert.deepEqual(
    world.events.filter((event) => event.detailType.includes("Spot")).map((event) => event.detail),
    [{ "instance-id": id, "instance-action": "terminate" }],
  );
  await world.clock.advance(119_000);
  assert.deepEqual(await states(world), ["running"]);
  await world.clock.advance(1000);
  assert.deepEqual([await states(world), world.shutDown], [["shutting-down"], [id]]);
  assert.equal(world.ec2.interruptSpot(id), false);
});

test("RunInstances launches all or none of its minimum", async () => {
  await using world = await startEc2();
  const { subnets } = await network(world);
  const run = (MinCount: number, MaxCount: number, more: object = {}) =>
    world.client.send(
      new RunInstancesCommand({
        MinCount,
        MaxCount,
        ImageId: X86,
        InstanceType: "m5.large",
        SubnetId: subnets.a,
        ...more,
      }),
    );
  assert.equal((await run(1, 3)).Instances?.length, 3);
  world.ec2.faults.denyCapacity({ instanceType: "c5.large" });
  await assert.rejects(run(1, 1, { InstanceType: "c5.large" }), refused("InsufficientInstanceCapacity"));
  await assert.rejects(run(1, 1, { IamInstanceProfile: { Name: "unknown" } }), refused("InvalidParameterValue"));
  await assert.rejects(run(300, 300), refused("InsufficientFreeAddressesInSubnet"));
  assert.equal((await states(world)).length, 3);
  await assert.rejects(run(1, 1, { DryRun: true }), refused("DryRunOperation"));
});

test("launch templates: unique names, versions over versions, checked user data", async () => {
  await using world = await startEc2();
  await network(world);
  const { client } = world;
  const LaunchTemplateName = "karpenter.k8s.aws/1";
  const create = (name: string, UserData: string) =>
    client.send(new CreateLaunchTemplateCommand({ LaunchTemplateName: name, LaunchTemplateData: { UserData } }));
  await assert.rejects(create(LaunchTemplateName, ""), refused("InvalidLaunchTemplateName.AlreadyExistsException"));
  await assert.rejects(create("other", "not base64!"), refused("InvalidUserData.Malformed"));
  await assert.rejects(create("other", Buffer.alloc(16_385).toString("base64")), refused("InvalidParameterValue"));
  await client.send(
    new CreateLaunchTemplateVersionCommand({
      LaunchTemplateName,
      SourceVersion: "1",
      LaunchTemplateData: { KeyName: "mine" },
    }),
  );
  const versions = await client.send(
    new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateName, Versions: ["$Latest", "$Default"] }),
  );
  assert.deepEqual(
    versions.LaunchTemplateVersions?.map((version) => [
      version.VersionNumber,
      version.LaunchTemplateData?.KeyName,
      version.LaunchTemplateData?.ImageId,
    ]),
    [
      [1, undefined, X86],
      [2, "mine", X86],
    ],
  );
  await client.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName }));
  await assert.rejects(
    client.send(new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [LaunchTemplateName] })),
    refused("InvalidLaunchTemplateName.NotFoundException"),
  );
  await assert.rejects(
    client.send(fleet([{ InstanceType: "m5.large" }])),
    refused("InvalidLaunchTemplateName.NotFoundException"),
  );
});

test("instance types come from the catalog, in pages of a hundred", async () => {
  await using world = await startEc2();
  const { client } = world;
  const Filters = [{ Name: "processor-info.supported-architecture", Values: ["arm64"] }];
  const names: (string | undefined)[] = [];
  let pages = 0;
  for await (const page of paginateDescribeInstanceTypes({ client }, { Filters })) {
    pages += 1;
    names.push(...(page.InstanceTypes ?? []).map((info) => info.InstanceType));
  }
  const arm = instanceTypeFacts("ap-northeast-2").filter((type) => type.architecture === "arm64");
  assert.deepEqual(new Set(names), new Set(arm.map((type) => type.name)));
  assert.equal(pages, Math.ceil(arm.length / 100));
  const one = await client.send(new DescribeInstanceTypesCommand({ InstanceTypes: ["g5.xlarge"] }));
  const [{ GpuInfo, MemoryInfo, NetworkInfo } = {}] = one.InstanceTypes ?? [];
  assert.deepEqual(
    [GpuInfo?.Gpus?.[0]?.Name, MemoryInfo?.SizeInMiB, NetworkInfo?.Ipv4AddressesPerInterface],
    ["A10G", 16384, 15],
  );
  const unknown = new DescribeInstanceTypesCommand({ InstanceTypes: ["m5.tiny" as "m5.large"] });
  await assert.rejects(client.send(unknown), refused("InvalidInstanceType"));
});

test("offerings and spot prices agree with the catalog", async () => {
  await using world = await startEc2();
  const offered = await world.client.send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: "availability-zone",
      Filters: [{ Name: "instance-type", Values: ["m5.large"] }],
    }),
  );
  const facts = findInstanceType("ap-northeast-2", "m5.large");
  assert.deepEqual(
    offered.InstanceTypeOfferings?.map((offering) => offering.Location),
    facts?.zones,
  );
  const history = await world.client.send(
    new DescribeSpotPriceHistoryCommand({ InstanceTypes: ["m5.large"], ProductDescriptions: ["Linux/UNIX"] }),
  );
  assert.deepEqual(
    history.SpotPriceHistory?.map((price) => Number(price.SpotPrice)),
    facts?.zones.map((zone) => facts.spotUsdPerHour(zone)),
  );
});

test("images are those that SSM names", async () => {
  await using world = await startEc2();
  const images = async (input: object) => (await world.client.send(new DescribeImagesCommand(input))).Images ?? [];
  const [known] = await images({ ImageIds: [X86] });
  assert.deepEqual([known?.Architecture, known?.State, known?.RootDeviceName], ["x86_64", "available", "/dev/xvda"]);
  const named = await images({
    Owners: ["amazon"],
    Filters: [{ Name: "name", Values: ["amazon-eks-node-al2023-arm64-standard-1.35-*"] }],
  });
  assert.deepEqual(
    named.map((found) => found.ImageId),
    [ARM],
  );
  assert.deepEqual(await images({ Owners: ["self"] }), []);
  await assert.rejects(images({ ImageIds: ["ami-00000000000000000"] }), refused("InvalidAMIID.NotFound"));
});

test("us-east-1 keeps its older private domain", async () => {
  await using world = await startEc2({ region: "us-east-1" });
  const run = new RunInstancesCommand({ MinCount: 1, MaxCount: 1, ImageId: X86, InstanceType: "m5.large" });
  const { Instances } = await world.client.send(run);
  assert.match(Instances?.[0]?.PrivateDnsName ?? "", /^ip-172-31-\d+-\d+\.ec2\.internal$/);
});
