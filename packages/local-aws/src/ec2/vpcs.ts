import type {
  CreateVpcCommandInput,
  CreateVpcCommandOutput,
  DeleteVpcCommandInput,
  DescribeVpcAttributeCommandInput,
  DescribeVpcAttributeCommandOutput,
  DescribeVpcsCommandInput,
  DescribeVpcsCommandOutput,
  ModifyVpcAttributeCommandInput,
  Vpc,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { describePage, type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { dependencyViolation, invalidParameter, required } from "./ec2-error.ts";
import type { FilterTable } from "./filters.ts";
import { formatIpv4Block, parseIpv4Block } from "./ipv4-blocks.ts";
import type { VpcRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";
import { createMainRouteTable } from "./route-tables.ts";
import { createDefaultSecurityGroup, removeSecurityGroup } from "./security-groups.ts";

export const VPC_OPERATIONS: Operations = {
  CreateVpc: createVpc,
  DescribeVpcs: describeVpcs,
  DeleteVpc: deleteVpc,
  ModifyVpcAttribute: modifyVpcAttribute,
  DescribeVpcAttribute: describeVpcAttribute,
};

function createVpc(core: Ec2Core, input: CreateVpcCommandInput): Answer<CreateVpcCommandOutput> {
  const block = parseIpv4Block(required(input.CidrBlock, "cidrBlock"));
  if (block === undefined)
    throw invalidParameter(
      `Value (${input.CidrBlock}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`,
    );
  if (block.prefixLength < 16 || block.prefixLength > 28)
    throw new AwsError("InvalidVpc.Range", `The CIDR '${input.CidrBlock}' is invalid.`);
  const tags = specifiedTags(input.TagSpecifications, "vpc");
  return { Vpc: vpcView(core, addVpc(core, { cidr: formatIpv4Block(block), isDefault: false, tags })) };
}

/** Makes a VPC with what AWS gives every VPC: a main route table and a default security group. */
export function addVpc(
  core: Ec2Core,
  vpc: {
    readonly cidr: string;
    readonly isDefault: boolean;
    readonly tags?: Iterable<readonly [string, string]>;
  },
): VpcRecord {
  const id = newId(core, "vpc");
  core.tags.put({ id, type: "vpc" }, vpc.tags ?? []);
  const { cidr, isDefault } = vpc;
  // DNS hostnames are on in a default VPC only.
  const record = core.vpcs.put(id, { id, cidr, isDefault, dnsSupport: true, dnsHostnames: isDefault });
  createMainRouteTable(core, record);
  createDefaultSecurityGroup(core, id);
  return record;
}

const FILTERS = (core: Ec2Core): FilterTable<VpcRecord> => ({
  names: {
    "vpc-id": (vpc) => vpc.id,
    cidr: (vpc) => vpc.cidr,
    "cidr-block-association.cidr-block": (vpc) => vpc.cidr,
    state: () => "available",
    "is-default": (vpc) => String(vpc.isDefault),
    isDefault: (vpc) => String(vpc.isDefault),
    "owner-id": () => core.accountId,
    "dhcp-options-id": () => "default",
  },
  tagsOf: (vpc) => core.tags.of(vpc.id),
});

function describeVpcs(core: Ec2Core, input: DescribeVpcsCommandInput): Answer<DescribeVpcsCommandOutput> {
  const page = describePage({
    items: core.vpcs.values(),
    kind: "vpc",
    ids: input.VpcIds,
    request: input,
    filters: FILTERS(core),
  });
  return { Vpcs: page.items.map((vpc) => vpcView(core, vpc)), NextToken: page.nextToken };
}

function vpcView(core: Ec2Core, vpc: VpcRecord): Vpc {
  return {
    VpcId: vpc.id,
    OwnerId: core.accountId,
    CidrBlock: vpc.cidr,
    CidrBlockAssociationSet: [
      {
        AssociationId: vpc.id.replace("vpc-", "vpc-cidr-assoc-"),
        CidrBlock: vpc.cidr,
        CidrBlockState: { State: "associated" },
      },
    ],
    DhcpOptionsId: "default",
    InstanceTenancy: "default",
    IsDefault: vpc.isDefault,
    State: "available",
    Tags: core.tags.list(vpc.id),
  };
}

function deleteVpc(core: Ec2Core, input: DeleteVpcCommandInput): object {
  const { id } = existing(core.vpcs, "vpc", required(input.VpcId, "vpcId"));
  const isOf = (resource: { readonly vpcId: string | undefined }): boolean => resource.vpcId === id;
  const tables = core.routeTables.filter(isOf);
  const groups = core.securityGroups.filter(isOf);
  const isMain = (table: (typeof tables)[number]): boolean =>
    table.associations.some((association) => association.subnetId === undefined);
  const blocked =
    core.subnets.find(isOf) !== undefined ||
    core.internetGateways.find(isOf) !== undefined ||
    tables.some((table) => !isMain(table)) ||
    groups.some((group) => group.name !== "default");
  if (blocked) throw dependencyViolation("vpc", id);
  for (const table of tables) {
    core.routeTables.delete(table.id);
    core.tags.drop(table.id);
  }
  for (const group of groups) removeSecurityGroup(core, group.id);
  core.vpcs.delete(id);
  core.tags.drop(id);
  return {};
}

/** One attribute per call; EC2 refuses hostnames without DNS support. */
function modifyVpcAttribute(core: Ec2Core, input: ModifyVpcAttributeCommandInput): object {
  const vpc = existing(core.vpcs, "vpc", required(input.VpcId, "vpcId"));
  const support = input.EnableDnsSupport?.Value;
  const hostnames = input.EnableDnsHostnames?.Value;
  if (support !== undefined && hostnames !== undefined)
    throw new AwsError("InvalidParameterCombination", "Fields for multiple attribute types specified.");
  core.vpcs.put(vpc.id, {
    ...vpc,
    dnsSupport: support ?? vpc.dnsSupport,
    dnsHostnames: hostnames ?? vpc.dnsHostnames,
  });
  return {};
}

function describeVpcAttribute(
  core: Ec2Core,
  input: DescribeVpcAttributeCommandInput,
): Answer<DescribeVpcAttributeCommandOutput> {
  const vpc = existing(core.vpcs, "vpc", required(input.VpcId, "vpcId"));
  if (input.Attribute === "enableDnsSupport") return { VpcId: vpc.id, EnableDnsSupport: { Value: vpc.dnsSupport } };
  if (input.Attribute === "enableDnsHostnames")
    return { VpcId: vpc.id, EnableDnsHostnames: { Value: vpc.dnsHostnames } };
  return { VpcId: vpc.id, EnableNetworkAddressUsageMetrics: { Value: false } };
}
