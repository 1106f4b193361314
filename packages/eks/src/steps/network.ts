import {
  AllocateAddressCommand,
  AssociateRouteTableCommand,
  AttachInternetGatewayCommand,
  CreateInternetGatewayCommand,
  CreateNatGatewayCommand,
  CreateRouteCommand,
  CreateRouteTableCommand,
  CreateSubnetCommand,
  CreateVpcCommand,
  DescribeAddressesCommand,
  DescribeAvailabilityZonesCommand,
  DescribeInternetGatewaysCommand,
  DescribeNatGatewaysCommand,
  DescribeRouteTablesCommand,
  DescribeSubnetsCommand,
  DescribeVpcsCommand,
  type Filter,
  ModifySubnetAttributeCommand,
  ModifyVpcAttributeCommand,
  type ResourceType,
  type Tag,
} from "@aws-sdk/client-ec2";
import { hasFargate } from "@nodeless/catalog";
import { CLUSTER_TAG, poll, type Step, type StepContext, unlessNamed } from "./step.ts";
import { subnetCidrs } from "./subnet-cidrs.ts";

const ZONES_WANTED = 3;
const NAT_TIMEOUT_MS = 10 * 60_000;

/** VPC, subnets in up to three zones, internet and NAT gateways, route tables: everything found by tag first. */
export const networkStep: Step = {
  id: "network",
  title: "network",
  async run(context) {
    const zones = await chooseZones(context);
    const vpc = await ensureVpc(context);
    const subnets = await ensureSubnets(context, vpc.id, zones);
    const gatewayId = await ensureInternetGateway(context, vpc.id);
    await ensurePublicRoutes(context, vpc.id, gatewayId, subnets.publicIds);
    if (context.spec.natGateway !== "Disable") await ensurePrivateRoutes(context, vpc.id, subnets);
    context.facts.vpcId = vpc.id;
    context.facts.publicSubnetIds = subnets.publicIds;
    context.facts.privateSubnetIds = subnets.privateIds;
    return {
      change: vpc.created ? "created" : "unchanged",
      detail: `${vpc.id} ${context.spec.vpcCidr}, zones ${zones.join(", ")}`,
    };
  },
};

async function chooseZones({ aws, spec }: StepContext): Promise<readonly string[]> {
  const answer = await aws.ec2.send(
    new DescribeAvailabilityZonesCommand({ Filters: [{ Name: "zone-type", Values: ["availability-zone"] }] }),
  );
  const usable = (answer.AvailabilityZones ?? [])
    .filter(({ ZoneId }) => hasFargate(ZoneId ?? ""))
    .map(({ ZoneName }) => ZoneName ?? "");
  const missing = spec.availabilityZones.filter((zone) => !usable.includes(zone));
  if (missing.length > 0)
    throw new Error(
      `availabilityZones: ${missing.join(", ")} cannot be used for Fargate in ${spec.region}; usable are ${usable.join(", ")}`,
    );
  return spec.availabilityZones.length > 0 ? spec.availabilityZones : usable.sort().slice(0, ZONES_WANTED);
}

const ownedFilters = (context: StepContext, name: string): Filter[] => [
  { Name: `tag:${CLUSTER_TAG}`, Values: [context.spec.name] },
  { Name: "tag:Name", Values: [resourceName(context, name)] },
];

const resourceName = ({ spec }: StepContext, name: string): string => `nodeless-${spec.name}/${name}`;

function tagged(
  context: StepContext,
  type: ResourceType,
  name: string,
  more: Readonly<Record<string, string>> = {},
): { ResourceType: ResourceType; Tags: Tag[] }[] {
  const tags = { ...context.spec.tags, [CLUSTER_TAG]: context.spec.name, Name: resourceName(context, name), ...more };
  return [{ ResourceType: type, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }];
}

async function ensureVpc(context: StepContext): Promise<{ readonly id: string; readonly created: boolean }> {
  const { aws, spec } = context;
  const found = await aws.ec2.send(new DescribeVpcsCommand({ Filters: ownedFilters(context, "VPC") }));
  const present = found.Vpcs?.[0];
  if (present?.CidrBlock !== undefined && present.CidrBlock !== spec.vpcCidr)
    throw new Error(
      `VPC ${present.VpcId} of cluster ${spec.name} has ${present.CidrBlock}, the file asks for ${spec.vpcCidr}: a VPC keeps its block; set vpc.cidr: "${present.CidrBlock}", or give the cluster another metadata.name`,
    );
  let id = present?.VpcId;
  const created = id === undefined;
  if (id === undefined) {
    const answer = await aws.ec2.send(
      new CreateVpcCommand({ CidrBlock: spec.vpcCidr, TagSpecifications: tagged(context, "vpc", "VPC") }),
    );
    id = answer.Vpc?.VpcId ?? "";
  }
  // Fargate nodes register only in a VPC with both; the API takes one attribute per call.
  await aws.ec2.send(new ModifyVpcAttributeCommand({ VpcId: id, EnableDnsSupport: { Value: true } }));
  await aws.ec2.send(new ModifyVpcAttributeCommand({ VpcId: id, EnableDnsHostnames: { Value: true } }));
  return { id, created };
}

interface Subnets {
  readonly zones: readonly string[];
  readonly publicIds: readonly string[];
  readonly privateIds: readonly string[];
}

async function ensureSubnets(context: StepContext, vpcId: string, zones: readonly string[]): Promise<Subnets> {
  const { aws, spec } = context;
  const cidrs = subnetCidrs(spec.vpcCidr, zones.length * 2);
  const present = await aws.ec2.send(
    new DescribeSubnetsCommand({
      Filters: [
        { Name: "vpc-id", Values: [vpcId] },
        { Name: `tag:${CLUSTER_TAG}`, Values: [spec.name] },
      ],
    }),
  );
  const ensure = async (zone: string, cidr: string, isPublic: boolean): Promise<string> => {
    const found = (present.Subnets ?? []).find(({ CidrBlock }) => CidrBlock === cidr)?.SubnetId;
    if (found !== undefined) return found;
    const name = `Subnet${isPublic ? "Public" : "Private"}${zone.replaceAll("-", "").toUpperCase()}`;
    const roleTags: Record<string, string> = isPublic
      ? { "kubernetes.io/role/elb": "1" }
      : { "kubernetes.io/role/internal-elb": "1", "karpenter.sh/discovery": spec.name };
    const answer = await aws.ec2.send(
      new CreateSubnetCommand({
        VpcId: vpcId,
        AvailabilityZone: zone,
        CidrBlock: cidr,
        TagSpecifications: tagged(context, "subnet", name, roleTags),
      }),
    );
    const id = answer.Subnet?.SubnetId ?? "";
    if (isPublic)
      await aws.ec2.send(new ModifySubnetAttributeCommand({ SubnetId: id, MapPublicIpOnLaunch: { Value: true } }));
    return id;
  };
  const publicIds: string[] = [];
  const privateIds: string[] = [];
  for (const [index, zone] of zones.entries()) publicIds.push(await ensure(zone, cidrs[index] ?? "", true));
  for (const [index, zone] of zones.entries())
    privateIds.push(await ensure(zone, cidrs[zones.length + index] ?? "", false));
  return { zones, publicIds, privateIds };
}

async function ensureInternetGateway(context: StepContext, vpcId: string): Promise<string> {
  const { aws } = context;
  const found = await aws.ec2.send(
    new DescribeInternetGatewaysCommand({ Filters: ownedFilters(context, "InternetGateway") }),
  );
  const existing = found.InternetGateways?.[0];
  const id = existing?.InternetGatewayId ?? (await createInternetGateway(context));
  const attached = (existing?.Attachments ?? []).some(({ VpcId }) => VpcId === vpcId);
  if (!attached) {
    await unlessNamed(
      ["Resource.AlreadyAssociated"],
      async () => void (await aws.ec2.send(new AttachInternetGatewayCommand({ InternetGatewayId: id, VpcId: vpcId }))),
      async () => {},
    );
  }
  return id;
}

async function createInternetGateway(context: StepContext): Promise<string> {
  const answer = await context.aws.ec2.send(
    new CreateInternetGatewayCommand({ TagSpecifications: tagged(context, "internet-gateway", "InternetGateway") }),
  );
  return answer.InternetGateway?.InternetGatewayId ?? "";
}

async function ensurePublicRoutes(
  context: StepContext,
  vpcId: string,
  gatewayId: string,
  subnetIds: readonly string[],
): Promise<void> {
  await ensureRouteTable(context, { vpcId, name: "PublicRouteTable", subnetIds, target: { GatewayId: gatewayId } });
}

async function ensurePrivateRoutes(
  context: StepContext,
  vpcId: string,
  { zones, publicIds, privateIds }: Subnets,
): Promise<void> {
  const gateways: string[] = [];
  const count = context.spec.natGateway === "HighlyAvailable" ? zones.length : 1;
  for (let index = 0; index < count; index += 1)
    gateways.push(await ensureNatGateway(context, index, publicIds[index] ?? ""));
  for (const gateway of gateways) await waitForNatGateway(context, gateway);
  for (const [index, zone] of zones.entries()) {
    const name = `PrivateRouteTable${zone.replaceAll("-", "").toUpperCase()}`;
    const gateway = gateways[index % gateways.length] ?? "";
    await ensureRouteTable(context, {
      vpcId,
      name,
      subnetIds: [privateIds[index] ?? ""],
      target: { NatGatewayId: gateway },
    });
  }
}

interface RouteTableWish {
  readonly vpcId: string;
  readonly name: string;
  readonly subnetIds: readonly string[];
  readonly target: { readonly GatewayId: string } | { readonly NatGatewayId: string };
}

async function ensureRouteTable(
  context: StepContext,
  { vpcId, name, subnetIds, target }: RouteTableWish,
): Promise<void> {
  const { aws } = context;
  const found = (await aws.ec2.send(new DescribeRouteTablesCommand({ Filters: ownedFilters(context, name) })))
    .RouteTables?.[0];
  const id = found?.RouteTableId ?? (await createRouteTable(context, vpcId, name));
  if (!(found?.Routes ?? []).some(({ DestinationCidrBlock }) => DestinationCidrBlock === "0.0.0.0/0")) {
    await unlessNamed(
      ["RouteAlreadyExists"],
      async () =>
        void (await aws.ec2.send(
          new CreateRouteCommand({ RouteTableId: id, DestinationCidrBlock: "0.0.0.0/0", ...target }),
        )),
      async () => {},
    );
  }
  const associated = new Set((found?.Associations ?? []).map(({ SubnetId }) => SubnetId));
  for (const subnetId of subnetIds.filter((subnet) => !associated.has(subnet))) {
    await unlessNamed(
      ["Resource.AlreadyAssociated"],
      async () => void (await aws.ec2.send(new AssociateRouteTableCommand({ RouteTableId: id, SubnetId: subnetId }))),
      async () => {},
    );
  }
}

async function createRouteTable(context: StepContext, vpcId: string, name: string): Promise<string> {
  const answer = await context.aws.ec2.send(
    new CreateRouteTableCommand({ VpcId: vpcId, TagSpecifications: tagged(context, "route-table", name) }),
  );
  return answer.RouteTable?.RouteTableId ?? "";
}

async function ensureNatGateway(context: StepContext, index: number, subnetId: string): Promise<string> {
  const { aws, spec } = context;
  const name = `NATGateway${index}`;
  const found = await aws.ec2.send(
    new DescribeNatGatewaysCommand({
      Filter: [...ownedFilters(context, name), { Name: "state", Values: ["pending", "available"] }],
    }),
  );
  const existing = found.NatGateways?.[0]?.NatGatewayId;
  if (existing !== undefined) return existing;
  const allocationId = await ensureAddress(context, index);
  const answer = await aws.ec2.send(
    // The token makes a rerun after a crash between the two calls find the same gateway.
    new CreateNatGatewayCommand({
      SubnetId: subnetId,
      AllocationId: allocationId,
      ClientToken: `${spec.name}-${subnetId}-nat-${index}`.slice(0, 64),
      TagSpecifications: tagged(context, "natgateway", name),
    }),
  );
  return answer.NatGateway?.NatGatewayId ?? "";
}

async function ensureAddress(context: StepContext, index: number): Promise<string> {
  const name = `NATIP${index}`;
  const found = await context.aws.ec2.send(new DescribeAddressesCommand({ Filters: ownedFilters(context, name) }));
  const existing = found.Addresses?.[0]?.AllocationId;
  if (existing !== undefined) return existing;
  const answer = await context.aws.ec2.send(
    new AllocateAddressCommand({ Domain: "vpc", TagSpecifications: tagged(context, "elastic-ip", name) }),
  );
  return answer.AllocationId ?? "";
}

async function waitForNatGateway(context: StepContext, id: string): Promise<void> {
  await poll(
    context,
    NAT_TIMEOUT_MS,
    async () => {
      const gateway = (await context.aws.ec2.send(new DescribeNatGatewaysCommand({ NatGatewayIds: [id] })))
        .NatGateways?.[0];
      if (gateway?.State === "failed")
        throw new Error(
          `NAT gateway ${id} failed: ${gateway.FailureMessage ?? "no reason given"}; delete it and run the command again`,
        );
      return gateway?.State === "available" ? true : undefined;
    },
    () => `NAT gateway ${id} is not available after 10 minutes; run the command again to go on waiting`,
  );
}
