import type {
  Address,
  AllocateAddressCommandInput,
  AllocateAddressCommandOutput,
  DescribeAddressesCommandInput,
  DescribeAddressesCommandOutput,
  ReleaseAddressCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { invalidParameter, notFound, required } from "./ec2-error.ts";
import { applyFilters, type FilterTable } from "./filters.ts";
import { formatIpv4, parseIpv4 } from "./ipv4-blocks.ts";
import type { ElasticIpRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";

export const ELASTIC_IP_OPERATIONS: Operations = {
  AllocateAddress: allocateAddress,
  DescribeAddresses: describeAddresses,
  ReleaseAddress: releaseAddress,
};

/** Documentation's block: no address that could be somebody's. Source: RFC 2544 benchmarking block. */
const PUBLIC_FIRST = parseIpv4("198.18.0.1") ?? 0;
const PUBLIC_COUNT = 131_000;

/** A public address that nothing holds. */
export function freePublicIp(core: Ec2Core): string {
  const taken = new Set<string | undefined>();
  for (const address of core.elasticIps.values()) taken.add(address.publicIp);
  for (const instance of core.launchedInstances.values())
    if (instance.state !== "terminated") taken.add(instance.publicIp);
  for (let offset = 0; offset < PUBLIC_COUNT; offset += 1) {
    const ip = formatIpv4(PUBLIC_FIRST + offset);
    if (!taken.has(ip)) return ip;
  }
  throw new AwsError("InsufficientAddressCapacity", "Insufficient address capacity.");
}

function allocateAddress(core: Ec2Core, input: AllocateAddressCommandInput): Answer<AllocateAddressCommandOutput> {
  if (input.Domain === "standard") throw invalidParameter("EC2-Classic addresses are not available: use domain vpc");
  const tags = specifiedTags(input.TagSpecifications, "elastic-ip");
  const id = newId(core, "elasticIp");
  core.tags.put({ id, type: "elastic-ip" }, tags);
  const { publicIp } = core.elasticIps.put(id, { id, publicIp: freePublicIp(core), association: undefined });
  return {
    AllocationId: id,
    PublicIp: publicIp,
    Domain: "vpc",
    PublicIpv4Pool: "amazon",
    NetworkBorderGroup: core.region,
  };
}

const FILTERS = (core: Ec2Core): FilterTable<ElasticIpRecord> => ({
  names: {
    "allocation-id": (address) => address.id,
    "association-id": (address) => address.association?.id,
    domain: () => "vpc",
    "network-interface-id": (address) => address.association?.eniId,
    "private-ip-address": (address) => address.association?.privateIp,
    "public-ip": (address) => address.publicIp,
    "network-border-group": () => core.region,
  },
  tagsOf: (address) => core.tags.of(address.id),
});

function describeAddresses(
  core: Ec2Core,
  input: DescribeAddressesCommandInput,
): Answer<DescribeAddressesCommandOutput> {
  const all = [...core.elasticIps.values()];
  for (const id of input.AllocationIds ?? []) if (!core.elasticIps.has(id)) throw notFound("elasticIp", id);
  for (const ip of input.PublicIps ?? [])
    if (!all.some((address) => address.publicIp === ip))
      throw new AwsError("InvalidAddress.NotFound", `Address '${ip}' not found.`);
  const wanted = all.filter(
    (address) =>
      (input.AllocationIds?.includes(address.id) ?? true) && (input.PublicIps?.includes(address.publicIp) ?? true),
  );
  return { Addresses: applyFilters(wanted, input.Filters, FILTERS(core)).map((address) => addressView(core, address)) };
}

function addressView(core: Ec2Core, address: ElasticIpRecord): Address {
  return {
    AllocationId: address.id,
    PublicIp: address.publicIp,
    Domain: "vpc",
    PublicIpv4Pool: "amazon",
    NetworkBorderGroup: core.region,
    AssociationId: address.association?.id,
    NetworkInterfaceId: address.association?.eniId,
    NetworkInterfaceOwnerId: address.association === undefined ? undefined : core.accountId,
    PrivateIpAddress: address.association?.privateIp,
    Tags: core.tags.list(address.id),
  };
}

function releaseAddress(core: Ec2Core, input: ReleaseAddressCommandInput): object {
  const address = existing(core.elasticIps, "elasticIp", required(input.AllocationId, "allocationId"));
  if (address.association !== undefined)
    throw new AwsError("InvalidIPAddress.InUse", `Address ${address.publicIp} is in use.`);
  core.elasticIps.delete(address.id);
  core.tags.drop(address.id);
  return {};
}
