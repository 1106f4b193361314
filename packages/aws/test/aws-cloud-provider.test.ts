import assert from "node:assert/strict";
import { test } from "node:test";
import {
  DeleteLaunchTemplateCommand,
  DescribeInstancesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
} from "@aws-sdk/client-ec2";
import { CreateClusterCommand } from "@aws-sdk/client-eks";
import { GetInstanceProfileCommand } from "@aws-sdk/client-iam";
import {
  CloudError,
  type CloudProvider,
  InsufficientCapacityError,
  type LaunchRequest,
  NodeClassNotReadyError,
} from "@nodeless/cloud";
import { cloudProviderConformance } from "@nodeless/cloud/conformance";
import { type Requirement, requirement } from "@nodeless/scheduling";
import { CLUSTER_ROLE, nodeClassOf, OTHER_ROLE, ROLE, SETTLE_MS, startAws } from "./aws-world.ts";

for (const { rule, run } of cloudProviderConformance())
  test(`conformance: ${rule}`, async () => {
    await using world = await startAws();
    const settle = () => world.clock.advance(SETTLE_MS);
    await run({ provider: world.provider(), nodeClass: nodeClassOf(), settle });
  });

/** A launch of one of the named types. */
async function requestFor(
  provider: CloudProvider,
  names: readonly string[],
  more: Partial<LaunchRequest> & { readonly where?: readonly Requirement[] } = {},
): Promise<LaunchRequest> {
  await provider.reconcileNodeClass(nodeClassOf());
  const types = await provider.instanceTypes("default");
  const { where = [], ...rest } = more;
  return {
    claimUid: "uid-1",
    claimName: "default-x7k2p",
    nodePool: "default",
    nodeClass: "default",
    requirements: new Map(where.map((one) => [one.key, one])),
    instanceTypes: types.filter((type) => names.includes(type.name)),
    labels: { "karpenter.sh/nodepool": "default" },
    taints: [{ key: "karpenter.sh/unregistered", effect: "NoExecute" }],
    ...rest,
  };
}

const onDemand = requirement("karpenter.sh/capacity-type", "In", ["on-demand"]);
const inZone = (letter: string) => requirement("topology.kubernetes.io/zone", "In", [`ap-northeast-2${letter}`]);

test("a node class resolves to the subnets, groups, images and profile it selects", async () => {
  await using world = await startAws();
  const status = await world.provider().reconcileNodeClass(nodeClassOf());
  assert.deepEqual(status.subnets.map(({ zone, zoneID }) => `${zone} ${zoneID}`).sort(), [
    "ap-northeast-2a apne2-az1",
    "ap-northeast-2c apne2-az3",
  ]);
  assert.deepEqual(
    status.securityGroups.map((group) => group.name),
    ["nodes"],
  );
  assert.equal(status.amis.length, 5);
  assert.deepEqual(
    status.amis.map((image) => image.name.replace(/-1\.35-v\d+$/, "")).sort(),
    ["arm64-nvidia", "arm64-standard", "x86_64-neuron", "x86_64-nvidia", "x86_64-standard"].map(
      (variant) => `amazon-eks-node-al2023-${variant}`,
    ),
  );
  assert.deepEqual(
    status.conditions.map(({ type, status: value }) => `${type}=${value}`),
    ["AMIsReady", "SubnetsReady", "SecurityGroupsReady", "InstanceProfileReady", "ValidationSucceeded"].map(
      (type) => `${type}=True`,
    ),
  );
});

for (const { rule, spec, type, reason } of [
  {
    rule: "no subnet",
    spec: { subnetSelectorTerms: [{ tags: { nothing: "*" } }] },
    type: "SubnetsReady",
    reason: "SubnetsNotFound",
  },
  {
    rule: "no security group",
    spec: { securityGroupSelectorTerms: [{ name: "other" }] },
    type: "SecurityGroupsReady",
    reason: "SecurityGroupsNotFound",
  },
  {
    rule: "no image",
    spec: { amiSelectorTerms: [{ alias: "al2023@v19990101" }] },
    type: "AMIsReady",
    reason: "AMINotFound",
  },
  { rule: "no role", spec: { role: "missing" }, type: "InstanceProfileReady", reason: "InstanceProfileRoleNotFound" },
  {
    rule: "a tag of Karpenter's",
    spec: { tags: { "karpenter.sh/nodepool": "x" } },
    type: "ValidationSucceeded",
    reason: "TagValidationFailed",
  },
])
  test(`a node class with ${rule} is not ready, and says why`, async () => {
    await using world = await startAws();
    const provider = world.provider();
    const status = await provider.reconcileNodeClass(nodeClassOf(spec));
    const failed = status.conditions.find((condition) => condition.status === "False");
    assert.deepEqual([failed?.type, failed?.reason], [type, reason]);
    await assert.rejects(provider.instanceTypes("default"), NodeClassNotReadyError);
  });

for (const { rule, terms, names } of [
  { rule: "id", terms: (id: string) => [{ id }], names: 1 },
  { rule: "name pattern", terms: () => [{ name: "amazon-eks-node-al2023-arm64-standard-1.35-*" }], names: 1 },
  {
    rule: "parameter",
    terms: () => [{ ssmParameter: "/aws/service/bottlerocket/aws-k8s-1.35/x86_64/latest/image_id" }],
    names: 1,
  },
  {
    rule: "several terms: the newest per architecture",
    terms: () => [{ name: "amazon-eks-node-al2023-*-1.35-*", owner: "amazon" }],
    names: 2,
  },
  { rule: "Bottlerocket alias", terms: () => [{ alias: "bottlerocket@latest" }], names: 4 },
])
  test(`images are selected by ${rule}`, async () => {
    await using world = await startAws();
    const provider = world.provider();
    const { amis } = await provider.reconcileNodeClass(nodeClassOf());
    const spec = { amiFamily: "AL2023" as const, amiSelectorTerms: terms(amis[0]?.id ?? "") };
    assert.equal((await provider.reconcileNodeClass(nodeClassOf(spec, "other"))).amis.length, names);
  });

test("a role gets a profile of its own, another role replaces it, and both go with the node class", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const { instanceProfile = "" } = await provider.reconcileNodeClass(nodeClassOf());
  assert.match(instanceProfile, /^demo_[0-9a-f]{20}$/);
  const find = new GetInstanceProfileCommand({ InstanceProfileName: instanceProfile });
  const { InstanceProfile: profile } = await world.clients.iam.send(find);
  assert.equal(profile?.Path, "/karpenter/ap-northeast-2/demo/uid-of-default/");
  assert.deepEqual(
    profile?.Roles?.map((role) => role.RoleName),
    [ROLE],
  );
  const other = await world.provider().reconcileNodeClass(nodeClassOf({ role: `/team/${OTHER_ROLE}` }));
  assert.equal(other.instanceProfile, instanceProfile);
  assert.deepEqual(
    (await world.clients.iam.send(find)).InstanceProfile?.Roles?.map((role) => role.RoleName),
    [OTHER_ROLE],
  );
  await provider.deleteNodeClass(nodeClassOf());
  await assert.rejects(world.clients.iam.send(find), { name: "NoSuchEntityException" });
});

test("a launch boots a machine that knows its cluster, labels and taints", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const request = await requestFor(provider, ["m5.large"], { where: [onDemand, inZone("c")] });
  const instance = await provider.launch(request);
  await world.clock.advance(SETTLE_MS);
  const [machine] = world.booted;
  assert.equal(machine?.instanceId, instance.instanceId);
  assert.equal(machine?.roleArn, `arn:aws:iam::123456789012:role/${ROLE}`);
  assert.equal(instance.privateDnsName, machine?.privateDnsName);
  assert.match(
    machine?.userData ?? "",
    /--node-labels=karpenter\.k8s\.aws\/ec2nodeclass=default,karpenter\.sh\/capacity-type=on-demand,karpenter\.sh\/nodepool=default/,
  );
  assert.match(machine?.userData ?? "", /"karpenter\.sh\/unregistered"/);
  assert.deepEqual(
    ["kubernetes.io/cluster/demo", "eks:eks-cluster-name", "karpenter.k8s.aws/ec2nodeclass"].map((key) =>
      instance.tags.get(key),
    ),
    ["owned", "demo", "default"],
  );
  const { Reservations } = await world.clients.ec2.send(new DescribeInstancesCommand({}));
  const [launched] = Reservations?.[0]?.Instances ?? [];
  assert.deepEqual(
    [launched?.MetadataOptions?.HttpTokens, launched?.SecurityGroups?.[0]?.GroupName],
    ["required", "nodes"],
  );
});

test("spot is preferred where both are allowed, on-demand follows when spot has none", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const names = ["m5.large", "m5a.large", "c5.large"];
  assert.equal((await provider.launch(await requestFor(provider, names))).capacityType, "spot");
  world.local.faults.denyCapacity({ capacityType: "spot" });
  const failed = await requestFor(provider, names, { claimUid: "uid-2" });
  await assert.rejects(provider.launch(failed), (error: unknown) => {
    assert.ok(error instanceof InsufficientCapacityError);
    assert.equal(new Set(error.offerings.map((offering) => offering.capacityType)).size, 1);
    return true;
  });
  const types = await provider.instanceTypes("default");
  const m5 = types.find((type) => type.name === "m5.large");
  for (const { capacityType, available } of m5?.offerings ?? []) assert.equal(available, capacityType === "on-demand");
  const again = await requestFor(provider, names, { claimUid: "uid-3" });
  assert.equal((await provider.launch(again)).capacityType, "on-demand");
});

test("a refusal is believed for three minutes", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const heal = world.local.faults.denyCapacity({ instanceType: "m5.large", capacityType: "on-demand" });
  const where = [onDemand, inZone("a")];
  await assert.rejects(provider.launch(await requestFor(provider, ["m5.large"], { where })), InsufficientCapacityError);
  heal();
  const launch = async (claimUid: string) =>
    provider.launch(await requestFor(provider, ["m5.large"], { where, claimUid }));
  await assert.rejects(launch("uid-2"), /all requested instance types were unavailable/);
  await world.clock.advance(3 * 60_000);
  assert.equal((await launch("uid-3")).instanceType, "m5.large");
});

test("a partial refusal falls to the next cheapest and is remembered", async () => {
  await using world = await startAws();
  const provider = world.provider();
  world.local.faults.denyCapacity({ instanceType: "c5.large", zone: "ap-northeast-2a" });
  const where = [onDemand, inZone("a")];
  const instance = await provider.launch(await requestFor(provider, ["c5.large", "m5.large"], { where }));
  assert.equal(instance.instanceType, "m5.large");
  const types = await provider.instanceTypes("default");
  const c5 = types.find((type) => type.name === "c5.large");
  assert.deepEqual(
    c5?.offerings.filter((offering) => !offering.available).map(({ zone, capacityType }) => `${zone} ${capacityType}`),
    ["ap-northeast-2a on-demand"],
  );
});

test("a restarted controller that asks differently still gets the instance it launched", async () => {
  await using world = await startAws();
  const first = world.provider();
  const launched = await first.launch(await requestFor(first, ["m5.large"], { where: [onDemand] }));
  const second = world.provider();
  const other = await requestFor(second, ["m5.large", "c5.large"], { where: [onDemand] });
  assert.equal((await second.launch(other)).instanceId, launched.instanceId);
  assert.equal((await second.list()).length, 1);
});

test("of a zone's subnets the one with most free addresses is taken, launches in between counted", async () => {
  await using world = await startAws();
  const small = await world.addSubnet("a", "10.0.8.0/28");
  const provider = world.provider();
  // 251 addresses against 11: the small subnet's turn comes when the large one is down to as few.
  const status = await provider.reconcileNodeClass(nodeClassOf());
  const large = status.subnets.find(({ id, zone }) => zone === "ap-northeast-2a" && id !== small)?.id ?? "";
  for (let taken = 0; taken < 239; taken += 1) world.local.allocateIp(large);
  await world.clock.advance(60_000);
  const subnets: (string | undefined)[] = [];
  for (const claimUid of ["uid-1", "uid-2", "uid-3"]) {
    const request = await requestFor(provider, ["m5.large"], { where: [onDemand, inZone("a")], claimUid });
    const { instanceId } = await provider.launch(request);
    const { Reservations } = await world.clients.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
    subnets.push(Reservations?.[0]?.Instances?.[0]?.SubnetId);
  }
  const tie = [large, small].sort();
  assert.deepEqual(subnets, [large, ...tie]);
});

test("launch templates are shared by equal launches, renewed when gone, and deleted with the class", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const templates = async () =>
    (await world.clients.ec2.send(new DescribeLaunchTemplatesCommand({}))).LaunchTemplates ?? [];
  const launch = async (claimUid: string, where = [onDemand]) =>
    provider.launch(await requestFor(provider, ["m5.large"], { claimUid, where }));
  await launch("uid-1");
  await launch("uid-2", [onDemand, inZone("a")]);
  const [template, ...others] = await templates();
  assert.equal(others.length, 0);
  assert.match(template?.LaunchTemplateName ?? "", /^karpenter\.k8s\.aws\/[0-9a-f]{20}$/);
  const versions = new DescribeLaunchTemplateVersionsCommand({ LaunchTemplateId: template?.LaunchTemplateId });
  const data = (await world.clients.ec2.send(versions)).LaunchTemplateVersions?.[0]?.LaunchTemplateData;
  assert.deepEqual(data?.BlockDeviceMappings?.[0]?.Ebs, {
    DeleteOnTermination: true,
    Encrypted: true,
    VolumeSize: 20,
    VolumeType: "gp3",
  });
  await world.clients.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId: template?.LaunchTemplateId }));
  await launch("uid-3");
  assert.equal((await templates())[0]?.LaunchTemplateName, template?.LaunchTemplateName);
  await provider.deleteNodeClass(nodeClassOf());
  assert.deepEqual(await templates(), []);
});

test("a launch template that no launch has used for ten minutes goes", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const launch = async (claimUid: string, labels: Readonly<Record<string, string>>) =>
    provider.launch(await requestFor(provider, ["m5.large"], { claimUid, labels, where: [onDemand] }));
  await launch("uid-1", { team: "a" });
  await world.clock.advance(11 * 60_000);
  await launch("uid-2", { team: "b" });
  const { LaunchTemplates } = await world.clients.ec2.send(new DescribeLaunchTemplatesCommand({}));
  assert.equal(LaunchTemplates?.length, 1);
});

test("each architecture boots its own image", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const launch = async (name: string, claimUid: string) =>
    (await provider.launch(await requestFor(provider, [name], { claimUid, where: [onDemand] }))).imageId;
  const { amis } = await provider.reconcileNodeClass(nodeClassOf());
  const named = (part: string): string | undefined => amis.find((image) => image.name.includes(part))?.id;
  assert.equal(await launch("m5.large", "uid-1"), named("x86_64-standard"));
  assert.equal(await launch("m6g.large", "uid-2"), named("arm64-standard"));
  assert.equal(await launch("g5.xlarge", "uid-3"), named("x86_64-nvidia"));
});

test("offerings are the subnets' zones at list and spot prices, and the list stays the same object", async () => {
  await using world = await startAws();
  const provider = world.provider();
  await provider.reconcileNodeClass(nodeClassOf());
  const types = await provider.instanceTypes("default");
  const m5 = types.find((type) => type.name === "m5.large");
  assert.deepEqual(
    m5?.offerings.map(({ zone, zoneId, capacityType }) => `${zone} ${zoneId} ${capacityType}`),
    ["a apne2-az1", "c apne2-az3"].flatMap((zone) =>
      ["on-demand", "spot"].map((type) => `ap-northeast-2${zone} ${type}`),
    ),
  );
  assert.equal(m5?.offerings[0]?.priceUsdPerHour, 0.118);
  assert.ok(types.length > 500, `${types.length} types`);
  assert.equal(await provider.instanceTypes("default"), types);
});

test("without a price list the built-in prices serve", async () => {
  await using world = await startAws();
  const { pricing: _, ...clients } = world.clients;
  const provider = world.provider({ clients });
  await provider.reconcileNodeClass(nodeClassOf());
  const m5 = (await provider.instanceTypes("default")).find((type) => type.name === "m5.large");
  assert.equal(m5?.offerings[0]?.priceUsdPerHour, 0.118);
});

test("what is no matter of capacity is a cloud error with AWS's code", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const request = await requestFor(provider, ["m5.large"], { where: [onDemand] });
  world.local.faults.throttle("CreateFleet", 1);
  await assert.rejects(provider.launch(request), (error: unknown) => {
    assert.ok(error instanceof CloudError);
    assert.equal(error.reason, "RequestLimitExceeded");
    return true;
  });
  assert.deepEqual(await provider.list(), []);
  const heal = world.local.faults.denyCapacity({ code: "InvalidParameterValue", message: "no" });
  await assert.rejects(provider.launch(request), { name: "CloudError", reason: "InvalidParameterValue" });
  heal();
  assert.equal((await provider.launch(request)).instanceType, "m5.large");
});

test("a node class that was never resolved cannot be launched from", async () => {
  await using world = await startAws();
  const provider = world.provider();
  const request = await requestFor(provider, ["m5.large"]);
  await assert.rejects(provider.launch({ ...request, nodeClass: "other" }), NodeClassNotReadyError);
});

test("what is not given about the cluster is asked of EKS", async () => {
  await using world = await startAws();
  const provider = world.provider({
    clusterEndpoint: undefined,
    clusterCaBundle: undefined,
    kubernetesVersion: undefined,
    serviceCidr: undefined,
  });
  await assert.rejects(provider.reconcileNodeClass(nodeClassOf()), {
    name: "CloudError",
    reason: "ResourceNotFoundException",
  });
  const status = await world.provider().reconcileNodeClass(nodeClassOf());
  await world.clients.eks.send(
    new CreateClusterCommand({
      name: "demo",
      version: "1.34",
      roleArn: `arn:aws:iam::123456789012:role/${CLUSTER_ROLE}`,
      resourcesVpcConfig: { subnetIds: status.subnets.map((subnet) => subnet.id) },
    }),
  );
  await world.clock.advance(SETTLE_MS);
  const { amis } = await provider.reconcileNodeClass(nodeClassOf());
  assert.ok(amis.every((image) => image.name.includes("-1.34-")));
  await provider.launch(await requestFor(provider, ["m5.large"]));
  await world.clock.advance(SETTLE_MS);
  const { userData = "" } = world.booted[0] ?? {};
  assert.match(userData, /"apiServerEndpoint": "https:\/\/127\.0\.0\.1:6443"/);
  assert.match(userData, /"certificateAuthority": "Q0E="/);
});
