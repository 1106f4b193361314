import type {
  CreateRouteCommandInput,
  CreateRouteCommandOutput,
  DeleteRouteCommandInput,
  ReplaceRouteCommandInput,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { type Ec2Core, existing, type Operations } from "./ec2-core.ts";
import { invalidParameter, missingParameter, notFound, required } from "./ec2-error.ts";
import { formatIpv4Block, parseIpv4Block } from "./ipv4-blocks.ts";
import type { RouteRecord } from "./records.ts";

export const ROUTE_OPERATIONS: Operations = {
  CreateRoute: createRoute,
  ReplaceRoute: replaceRoute,
  DeleteRoute: deleteRoute,
};

function createRoute(core: Ec2Core, input: CreateRouteCommandInput): Answer<CreateRouteCommandOutput> {
  const table = existing(core.routeTables, "routeTable", required(input.RouteTableId, "routeTableId"));
  const destination = destinationOf(input);
  const target = targetOf(core, input, table.vpcId);
  const taken = table.routes.find((route) => route.destination === destination);
  if (taken !== undefined) {
    // The same route again is fine.
    if (taken.target.id === target.id) return { Return: true };
    throw new AwsError("RouteAlreadyExists", `The route identified by ${destination} already exists.`);
  }
  core.routeTables.put(table.id, { ...table, routes: [...table.routes, { destination, target }] });
  return { Return: true };
}

function replaceRoute(core: Ec2Core, input: ReplaceRouteCommandInput): object {
  const table = existing(core.routeTables, "routeTable", required(input.RouteTableId, "routeTableId"));
  const destination = destinationOf(input);
  const target = targetOf(core, input, table.vpcId);
  if (!table.routes.some((route) => route.destination === destination))
    throw invalidParameter(
      `There is no route defined for '${destination}' in the route table. Use CreateRoute instead.`,
    );
  const routes = table.routes.map((route) => (route.destination === destination ? { destination, target } : route));
  core.routeTables.put(table.id, { ...table, routes });
  return {};
}

function deleteRoute(core: Ec2Core, input: DeleteRouteCommandInput): object {
  const table = existing(core.routeTables, "routeTable", required(input.RouteTableId, "routeTableId"));
  const destination = destinationOf(input);
  const route = table.routes.find((candidate) => candidate.destination === destination);
  if (route === undefined)
    throw new AwsError(
      "InvalidRoute.NotFound",
      `no route with destination-cidr-block ${destination} in route table ${table.id}`,
    );
  if (route.target.kind === "local")
    throw invalidParameter(`cannot remove local route ${destination} in route table ${table.id}`);
  core.routeTables.put(table.id, { ...table, routes: table.routes.filter((candidate) => candidate !== route) });
  return {};
}

function destinationOf(input: {
  readonly DestinationCidrBlock?: string | undefined;
  readonly DestinationIpv6CidrBlock?: string | undefined;
}): string {
  if (input.DestinationIpv6CidrBlock !== undefined) return input.DestinationIpv6CidrBlock;
  const text = required(input.DestinationCidrBlock, "destinationCidrBlock");
  const block = parseIpv4Block(text);
  if (block === undefined)
    throw invalidParameter(
      `Value (${text}) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.`,
    );
  return formatIpv4Block(block);
}

/** The one target of the request; gateways must exist and belong to the table's VPC. */
function targetOf(core: Ec2Core, input: CreateRouteCommandInput, vpcId: string): RouteRecord["target"] {
  if (input.GatewayId !== undefined) {
    const id = input.GatewayId;
    if (id === "local") return { kind: "local", id };
    const gateway = core.internetGateways.get(id);
    if (gateway === undefined) throw new AwsError("InvalidGatewayID.NotFound", `The gateway ID '${id}' does not exist`);
    if (gateway.vpcId !== vpcId)
      throw invalidParameter(`route table and network gateway ${id} belong to different networks`);
    return { kind: "gateway", id };
  }
  if (input.NatGatewayId !== undefined) {
    const id = input.NatGatewayId;
    const gateway = core.natGateways.get(id);
    if (gateway === undefined || gateway.state === "deleted" || gateway.state === "deleting")
      throw new AwsError("InvalidNatGatewayID.NotFound", `The natGateway ID '${id}' does not exist`);
    return { kind: "nat", id };
  }
  if (input.InstanceId !== undefined) {
    if (!core.launchedInstances.has(input.InstanceId)) throw notFound("instance", input.InstanceId);
    return { kind: "instance", id: input.InstanceId };
  }
  if (input.NetworkInterfaceId !== undefined) return { kind: "interface", id: input.NetworkInterfaceId };
  if (input.VpcPeeringConnectionId !== undefined) return { kind: "peering", id: input.VpcPeeringConnectionId };
  if (input.TransitGatewayId !== undefined) return { kind: "transit", id: input.TransitGatewayId };
  if (input.EgressOnlyInternetGatewayId !== undefined) return { kind: "egress", id: input.EgressOnlyInternetGatewayId };
  throw missingParameter("gatewayId");
}
