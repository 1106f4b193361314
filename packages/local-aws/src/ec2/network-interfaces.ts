import type {
  DescribeNetworkInterfacesCommandInput,
  DescribeNetworkInterfacesCommandOutput,
  NetworkInterface,
} from "@aws-sdk/client-ec2";
import type { Answer } from "../wire/handlers.ts";
import { describePage, type Ec2Core, type Operations } from "./ec2-core.ts";
import { privateDnsName } from "./instance-life.ts";
import { groupsView } from "./instance-view.ts";

export const NETWORK_INTERFACE_OPERATIONS: Operations = {
  DescribeNetworkInterfaces: describeNetworkInterfaces,
  // Karpenter asks for these; local EC2 has none.
  DescribeCapacityReservations: () => ({ CapacityReservations: [] }),
  DescribePlacementGroups: () => ({ PlacementGroups: [] }),
};

interface InterfaceRow {
  readonly id: string;
  readonly vpcId: string;
  readonly subnetId: string;
  readonly zone: string;
  readonly privateIp: string;
  readonly publicIp: string | undefined;
  readonly description: string;
  readonly type: "interface" | "nat_gateway";
  readonly instanceId: string | undefined;
  readonly attachmentId: string | undefined;
  readonly groups: readonly { readonly GroupId: string; readonly GroupName: string }[];
}

/** Interfaces of instances and NAT gateways. Fargate pods' interfaces are addresses only. */
function rows(core: Ec2Core): InterfaceRow[] {
  const ofInstances = core.launchedInstances
    .filter((instance) => instance.state !== "terminated")
    .map((instance): InterfaceRow => {
      const { eniId: id, id: instanceId, eniAttachmentId: attachmentId, vpcId, subnetId, zone } = instance;
      const { privateIp, publicIp } = instance;
      const groups = groupsView(core, instance);
      return {
        id,
        vpcId,
        subnetId,
        zone,
        privateIp,
        publicIp,
        description: "",
        type: "interface",
        instanceId,
        attachmentId,
        groups,
      };
    });
  const ofGateways = core.natGateways
    .filter((gateway) => gateway.state !== "deleted")
    .map((gateway): InterfaceRow => {
      const { eniId: id, vpcId, subnetId, privateIp, publicIp } = gateway;
      const zone = core.subnets.get(subnetId)?.zone ?? "";
      const description = `Interface for NAT Gateway ${gateway.id}`;
      return {
        id,
        vpcId,
        subnetId,
        zone,
        privateIp,
        publicIp,
        description,
        type: "nat_gateway",
        instanceId: undefined,
        attachmentId: undefined,
        groups: [],
      };
    });
  return [...ofInstances, ...ofGateways];
}

function describeNetworkInterfaces(
  core: Ec2Core,
  input: DescribeNetworkInterfacesCommandInput,
): Answer<DescribeNetworkInterfacesCommandOutput> {
  const page = describePage({
    items: rows(core),
    kind: "networkInterface",
    ids: input.NetworkInterfaceIds,
    request: input,
    filters: {
      names: {
        "network-interface-id": (row) => row.id,
        "vpc-id": (row) => row.vpcId,
        "subnet-id": (row) => row.subnetId,
        "availability-zone": (row) => row.zone,
        "private-ip-address": (row) => row.privateIp,
        "addresses.private-ip-address": (row) => row.privateIp,
        "association.public-ip": (row) => row.publicIp,
        "attachment.instance-id": (row) => row.instanceId,
        "attachment.attachment-id": (row) => row.attachmentId,
        "attachment.status": () => "attached",
        "group-id": (row) => row.groups.map((group) => group.GroupId),
        "group-name": (row) => row.groups.map((group) => group.GroupName),
        description: (row) => row.description,
        "interface-type": (row) => row.type,
        "requester-managed": (row) => String(row.type === "nat_gateway"),
        "owner-id": () => core.accountId,
        status: () => "in-use",
      },
      tagsOf: (row) => core.tags.of(row.id),
    },
  });
  return { NetworkInterfaces: page.items.map((row) => rowView(core, row)), NextToken: page.nextToken };
}

function rowView(core: Ec2Core, row: InterfaceRow): NetworkInterface {
  const dnsName = privateDnsName(core.region, row.privateIp);
  return {
    NetworkInterfaceId: row.id,
    VpcId: row.vpcId,
    SubnetId: row.subnetId,
    AvailabilityZone: row.zone,
    OwnerId: core.accountId,
    Description: row.description,
    // EC2 says "nat_gateway" where its own model says "natGateway".
    InterfaceType: row.type as "interface",
    RequesterManaged: row.type === "nat_gateway",
    Status: "in-use",
    PrivateIpAddress: row.privateIp,
    PrivateDnsName: dnsName,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: row.privateIp, PrivateDnsName: dnsName }],
    Groups: [...row.groups],
    Attachment: { AttachmentId: row.attachmentId, InstanceId: row.instanceId, Status: "attached", DeviceIndex: 0 },
    ...(row.publicIp !== undefined && { Association: { PublicIp: row.publicIp, IpOwnerId: "amazon" } }),
    TagSet: core.tags.list(row.id),
  };
}
