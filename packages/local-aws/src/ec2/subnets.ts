import type {
  CreateSubnetCommandInput,
  CreateSubnetCommandOutput,
  DeleteSubnetCommandInput,
  DescribeSubnetsCommandInput,
  DescribeSubnetsCommandOutput,
  ModifySubnetAttributeCommandInput,
  Subnet,
} from "@aws-sdk/client-ec2";
import { zonesOf } from "@nodeless/catalog";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import type { SubnetView } from "./contract.ts";
import { describePage, type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { dependencyViolation, invalidParameter, required } from "./ec2-error.ts";
import type { FilterTable } from "./filters.ts";
import { blockContains, blocksOverlap, formatIpv4Block, parseIpv4Block } from "./ipv4-blocks.ts";
import type { SubnetRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";
import { dropSubnetAssociations } from "./route-tables.ts";

export const SUBNET_OPERATIONS: Operations = {
  CreateSubnet: createSubnet,
  DescribeSubnets: describeSubnets,
  DeleteSubnet: deleteSubnet,
  ModifySubnetAttribute: modifySubnetAttribute,
};

function createSubnet(core: Ec2Core, input: CreateSubnetCommandInput): Answer<CreateSubnetCommandOutput> {
  const vpc = existing(core.vpcs, "vpc", required(input.VpcId, "vpcId"));
  const cidr = required(input.CidrBlock, "cidrBlock");
  const block = parseIpv4Block(cidr);
  const outer = parseIpv4Block(vpc.cidr);
  if (block === undefined)
    throw invalidParameter(`Value (${cidr}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`);
  if (outer === undefined || block.prefixLength > 28 || !blockContains(outer, block))
    throw new AwsError("InvalidSubnet.Range", `The CIDR '${cidr}' is invalid.`);
  for (const other of core.subnets.filter((subnet) => subnet.vpcId === vpc.id)) {
    const taken = parseIpv4Block(other.cidr);
    if (taken !== undefined && blocksOverlap(taken, block))
      throw new AwsError("InvalidSubnet.Conflict", `The CIDR '${cidr}' conflicts with another subnet`);
  }
  const zone = chosenZone(core, input);
  const tags = specifiedTags(input.TagSpecifications, "subnet");
  const record = addSubnet(core, { vpcId: vpc.id, cidr: formatIpv4Block(block), zone, isDefault: false });
  core.tags.put({ id: record.id, type: "subnet" }, tags);
  return { Subnet: subnetView(core, record) };
}

function chosenZone(
  core: Ec2Core,
  input: Pick<CreateSubnetCommandInput, "AvailabilityZone" | "AvailabilityZoneId">,
): { readonly name: string; readonly id: string } {
  const zones = zonesOf(core.region);
  const { AvailabilityZone: name, AvailabilityZoneId: id } = input;
  const zone = zones.find((candidate) =>
    id === undefined ? name === undefined || candidate.name === name : candidate.id === id,
  );
  if (zone !== undefined) return zone;
  throw invalidParameter(
    `Value (${id ?? name ?? ""}) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: ${zones.map((candidate) => candidate.name).join(", ")}.`,
  );
}

/** Makes a subnet without checks. */
export function addSubnet(
  core: Ec2Core,
  subnet: {
    readonly vpcId: string;
    readonly cidr: string;
    readonly zone: { readonly name: string; readonly id: string };
    readonly isDefault: boolean;
  },
): SubnetRecord {
  const { vpcId, cidr, zone, isDefault } = subnet;
  const id = newId(core, "subnet");
  core.addresses.addSubnet(id, cidr);
  const record = { id, vpcId, cidr, zone: zone.name, zoneId: zone.id, mapPublicIp: isDefault, isDefault };
  return core.subnets.put(id, record);
}

const FILTERS = (core: Ec2Core): FilterTable<SubnetRecord> => ({
  names: {
    "subnet-id": (subnet) => subnet.id,
    "vpc-id": (subnet) => subnet.vpcId,
    "availability-zone": (subnet) => subnet.zone,
    availabilityZone: (subnet) => subnet.zone,
    "availability-zone-id": (subnet) => subnet.zoneId,
    availabilityZoneId: (subnet) => subnet.zoneId,
    "available-ip-address-count": (subnet) => String(core.addresses.available(subnet.id)),
    cidr: (subnet) => subnet.cidr,
    cidrBlock: (subnet) => subnet.cidr,
    "cidr-block": (subnet) => subnet.cidr,
    "default-for-az": (subnet) => String(subnet.isDefault),
    defaultForAz: (subnet) => String(subnet.isDefault),
    "map-public-ip-on-launch": (subnet) => String(subnet.mapPublicIp),
    "owner-id": () => core.accountId,
    state: () => "available",
    "subnet-arn": (subnet) => subnetArn(core, subnet),
  },
  tagsOf: (subnet) => core.tags.of(subnet.id),
});

function describeSubnets(core: Ec2Core, input: DescribeSubnetsCommandInput): Answer<DescribeSubnetsCommandOutput> {
  const page = describePage({
    items: core.subnets.values(),
    kind: "subnet",
    ids: input.SubnetIds,
    request: input,
    filters: FILTERS(core),
  });
  return { Subnets: page.items.map((subnet) => subnetView(core, subnet)), NextToken: page.nextToken };
}

function subnetArn(core: Ec2Core, subnet: SubnetRecord): string {
  return `arn:aws:ec2:${core.region}:${core.accountId}:subnet/${subnet.id}`;
}

function subnetView(core: Ec2Core, subnet: SubnetRecord): Subnet {
  return {
    SubnetId: subnet.id,
    SubnetArn: subnetArn(core, subnet),
    VpcId: subnet.vpcId,
    OwnerId: core.accountId,
    CidrBlock: subnet.cidr,
    AvailabilityZone: subnet.zone,
    AvailabilityZoneId: subnet.zoneId,
    AvailableIpAddressCount: core.addresses.available(subnet.id),
    DefaultForAz: subnet.isDefault,
    MapPublicIpOnLaunch: subnet.mapPublicIp,
    AssignIpv6AddressOnCreation: false,
    EnableDns64: false,
    Ipv6Native: false,
    State: "available",
    Tags: core.tags.list(subnet.id),
  };
}

/** Addresses in use (instances, NAT gateways, Fargate pods) hold the subnet. */
function deleteSubnet(core: Ec2Core, input: DeleteSubnetCommandInput): object {
  const { id } = existing(core.subnets, "subnet", required(input.SubnetId, "subnetId"));
  if (core.addresses.inUse(id) > 0) throw dependencyViolation("subnet", id);
  dropSubnetAssociations(core, id);
  core.addresses.removeSubnet(id);
  core.subnets.delete(id);
  core.tags.drop(id);
  return {};
}

function modifySubnetAttribute(core: Ec2Core, input: ModifySubnetAttributeCommandInput): object {
  const subnet = existing(core.subnets, "subnet", required(input.SubnetId, "subnetId"));
  const mapPublicIp = input.MapPublicIpOnLaunch?.Value;
  if (mapPublicIp !== undefined) core.subnets.put(subnet.id, { ...subnet, mapPublicIp });
  return {};
}

/** A subnet as other services of the local cloud see it. */
export function subnetForServices(core: Ec2Core, subnet: SubnetRecord): SubnetView {
  const { id: subnetId, vpcId, cidr, zone, zoneId } = subnet;
  return { subnetId, vpcId, cidr, zone, zoneId, availableIpCount: core.addresses.available(subnetId) };
}
