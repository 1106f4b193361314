import type {
  CreateNatGatewayCommandInput,
  CreateNatGatewayCommandOutput,
  DeleteNatGatewayCommandInput,
  DeleteNatGatewayCommandOutput,
  DescribeNatGatewaysCommandInput,
  DescribeNatGatewaysCommandOutput,
  NatGateway,
} from "@aws-sdk/client-ec2";
import { resourceId } from "../state/resource-ids.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { cutPage, type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { idempotencyMismatch, missingParameter, required } from "./ec2-error.ts";
import { applyFilters, type FilterTable } from "./filters.ts";
import type { NatGatewayRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";

export const NAT_GATEWAY_OPERATIONS: Operations = {
  CreateNatGateway: createNatGateway,
  DescribeNatGateways: describeNatGateways,
  DeleteNatGateway: deleteNatGateway,
};

const AVAILABLE = "ec2.nat-available";
const DELETED = "ec2.nat-deleted";
const FORGOTTEN = "ec2.nat-forgotten";

/** Declares what time does to NAT gateways. */
export function declareNatTransitions(core: Ec2Core): void {
  const { transitions } = core.state;
  transitions.on(AVAILABLE, (id) => {
    core.natGateways.update(id, (gateway) =>
      gateway.state === "pending" ? { ...gateway, state: "available" } : gateway,
    );
  });
  transitions.on(DELETED, (id) => {
    const gateway = core.natGateways.get(id);
    if (gateway === undefined) return;
    const address = gateway.allocationId === undefined ? undefined : core.elasticIps.get(gateway.allocationId);
    if (address !== undefined) core.elasticIps.put(address.id, { ...address, association: undefined });
    core.addresses.release(gateway.privateIp, gateway.subnetId);
    core.natGateways.put(id, { ...gateway, state: "deleted" });
    transitions.schedule({ kind: FORGOTTEN, id, afterMs: core.timings.terminatedVisibleMs });
  });
  transitions.on(FORGOTTEN, (id) => {
    core.natGateways.delete(id);
    core.tags.drop(id);
  });
}

function createNatGateway(core: Ec2Core, input: CreateNatGatewayCommandInput): Answer<CreateNatGatewayCommandOutput> {
  const id = core.state.tokens.once(
    { operation: "CreateNatGateway", token: input.ClientToken, input },
    () => addNatGateway(core, input).id,
    idempotencyMismatch,
  );
  return {
    ClientToken: input.ClientToken,
    NatGateway: gatewayView(core, existing(core.natGateways, "natGateway", id)),
  };
}

function addNatGateway(core: Ec2Core, input: CreateNatGatewayCommandInput): NatGatewayRecord {
  const subnet = existing(core.subnets, "subnet", required(input.SubnetId, "subnetId"));
  const isPublic = input.ConnectivityType !== "private";
  if (isPublic && input.AllocationId === undefined) throw missingParameter("allocationId");
  const address = isPublic ? existing(core.elasticIps, "elasticIp", input.AllocationId ?? "") : undefined;
  if (address?.association !== undefined)
    throw new AwsError("Resource.AlreadyAssociated", `Elastic IP address [${address.id}] is already associated`);
  if (isPublic && core.internetGateways.find((gateway) => gateway.vpcId === subnet.vpcId) === undefined)
    throw new AwsError("Gateway.NotAttached", `Network ${subnet.vpcId} has no Internet gateway attached`);
  const tags = specifiedTags(input.TagSpecifications, "natgateway");
  const privateIp = core.addresses.allocate(subnet.id);
  if (privateIp === undefined)
    throw new AwsError(
      "InsufficientFreeAddressesInSubnet",
      `There are not enough free addresses in subnet '${subnet.id}'.`,
    );
  const id = newId(core, "natGateway");
  const eniId = newId(core, "networkInterface");
  if (address !== undefined) {
    const association = { id: resourceId(core.random, "eipassoc"), eniId, privateIp };
    core.elasticIps.put(address.id, { ...address, association });
  }
  core.tags.put({ id, type: "natgateway" }, tags);
  core.state.transitions.schedule({ kind: AVAILABLE, id, afterMs: core.timings.natGatewayCreateMs });
  return core.natGateways.put(id, {
    id,
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    allocationId: address?.id,
    publicIp: address?.publicIp,
    privateIp,
    eniId,
    state: "pending",
    createdAt: core.clock.now().toISOString(),
    deletedAt: undefined,
  });
}

const FILTERS = (core: Ec2Core): FilterTable<NatGatewayRecord> => ({
  names: {
    "nat-gateway-id": (gateway) => gateway.id,
    state: (gateway) => gateway.state,
    "subnet-id": (gateway) => gateway.subnetId,
    "vpc-id": (gateway) => gateway.vpcId,
  },
  tagsOf: (gateway) => core.tags.of(gateway.id),
});

/** NAT gateways stay visible as `deleted` for a while; unknown ids answer NatGatewayNotFound. */
function describeNatGateways(
  core: Ec2Core,
  input: DescribeNatGatewaysCommandInput,
): Answer<DescribeNatGatewaysCommandOutput> {
  const ids = input.NatGatewayIds ?? [];
  for (const id of ids) existing(core.natGateways, "natGateway", id);
  const wanted = core.natGateways.filter((gateway) => ids.length === 0 || ids.includes(gateway.id));
  // This operation's member is called Filter, not Filters.
  const request = { Filters: input.Filter, MaxResults: input.MaxResults, NextToken: input.NextToken };
  const matching = applyFilters(wanted, input.Filter, FILTERS(core));
  const page = cutPage(matching, { key: (gateway) => gateway.id, request });
  return { NatGateways: page.items.map((gateway) => gatewayView(core, gateway)), NextToken: page.nextToken };
}

function gatewayView(core: Ec2Core, gateway: NatGatewayRecord): NatGateway {
  return {
    NatGatewayId: gateway.id,
    VpcId: gateway.vpcId,
    SubnetId: gateway.subnetId,
    State: gateway.state,
    ConnectivityType: gateway.allocationId === undefined ? "private" : "public",
    CreateTime: new Date(gateway.createdAt),
    DeleteTime: gateway.deletedAt === undefined ? undefined : new Date(gateway.deletedAt),
    NatGatewayAddresses: [
      {
        AllocationId: gateway.allocationId,
        NetworkInterfaceId: gateway.eniId,
        PrivateIp: gateway.privateIp,
        PublicIp: gateway.publicIp,
        IsPrimary: true,
        Status: "succeeded",
      },
    ],
    Tags: core.tags.list(gateway.id),
  };
}

function deleteNatGateway(core: Ec2Core, input: DeleteNatGatewayCommandInput): Answer<DeleteNatGatewayCommandOutput> {
  const gateway = existing(core.natGateways, "natGateway", required(input.NatGatewayId, "natGatewayId"));
  if (gateway.state === "pending" || gateway.state === "available") {
    const deletedAt = core.clock.now().toISOString();
    core.state.transitions.cancel(AVAILABLE, gateway.id);
    core.natGateways.put(gateway.id, { ...gateway, state: "deleting", deletedAt });
    core.state.transitions.schedule({ kind: DELETED, id: gateway.id, afterMs: core.timings.instanceStopMs });
  }
  return { NatGatewayId: gateway.id };
}
