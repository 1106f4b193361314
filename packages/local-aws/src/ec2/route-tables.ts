import type {
  AssociateRouteTableCommandInput,
  AssociateRouteTableCommandOutput,
  CreateRouteTableCommandInput,
  CreateRouteTableCommandOutput,
  DeleteRouteTableCommandInput,
  DescribeRouteTablesCommandInput,
  DescribeRouteTablesCommandOutput,
  DisassociateRouteTableCommandInput,
  ReplaceRouteTableAssociationCommandInput,
  ReplaceRouteTableAssociationCommandOutput,
  Route,
  RouteTable,
} from "@aws-sdk/client-ec2";
import { resourceId } from "../state/resource-ids.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { describePage, type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { dependencyViolation, invalidParameter, required } from "./ec2-error.ts";
import type { FilterTable } from "./filters.ts";
import type { RouteRecord, RouteTableRecord, VpcRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";

export const ROUTE_TABLE_OPERATIONS: Operations = {
  CreateRouteTable: createRouteTable,
  DescribeRouteTables: describeRouteTables,
  DeleteRouteTable: deleteRouteTable,
  AssociateRouteTable: associateRouteTable,
  DisassociateRouteTable: disassociateRouteTable,
  ReplaceRouteTableAssociation: replaceRouteTableAssociation,
};

type Association = RouteTableRecord["associations"][number];

/** The table that every VPC has and that subnets without an association use. */
export function createMainRouteTable(core: Ec2Core, vpc: VpcRecord): RouteTableRecord {
  return addRouteTable(core, vpc, [{ id: resourceId(core.random, "rtbassoc"), subnetId: undefined }]);
}

function addRouteTable(core: Ec2Core, vpc: VpcRecord, associations: readonly Association[]): RouteTableRecord {
  const id = newId(core, "routeTable");
  const local: RouteRecord = { destination: vpc.cidr, target: { kind: "local", id: "local" } };
  return core.routeTables.put(id, { id, vpcId: vpc.id, routes: [local], associations });
}

function createRouteTable(core: Ec2Core, input: CreateRouteTableCommandInput): Answer<CreateRouteTableCommandOutput> {
  const vpc = existing(core.vpcs, "vpc", required(input.VpcId, "vpcId"));
  const tags = specifiedTags(input.TagSpecifications, "route-table");
  const create = (): string => {
    const { id } = addRouteTable(core, vpc, []);
    core.tags.put({ id, type: "route-table" }, tags);
    return id;
  };
  const id = core.state.tokens.once(
    { operation: "CreateRouteTable", token: input.ClientToken, input },
    create,
    () => new AwsError("IdempotentParameterMismatch", "The client token was used with other parameters."),
  );
  return {
    RouteTable: routeTableView(core, existing(core.routeTables, "routeTable", id)),
    ClientToken: input.ClientToken,
  };
}

const FILTERS = (core: Ec2Core): FilterTable<RouteTableRecord> => ({
  names: {
    "route-table-id": (table) => table.id,
    "vpc-id": (table) => table.vpcId,
    "owner-id": () => core.accountId,
    "association.main": (table) => String(table.associations.some((association) => association.subnetId === undefined)),
    "association.subnet-id": (table) => table.associations.map((association) => association.subnetId),
    "association.route-table-association-id": (table) => table.associations.map((association) => association.id),
    "association.route-table-id": (table) => table.id,
    "route.destination-cidr-block": (table) => table.routes.map((route) => route.destination),
    "route.gateway-id": (table) => targetsOf(table, "gateway", "local"),
    "route.nat-gateway-id": (table) => targetsOf(table, "nat"),
    "route.instance-id": (table) => targetsOf(table, "instance"),
    "route.state": (table) => table.routes.map((route) => routeState(core, route)),
    "route.origin": (table) => table.routes.map(routeOrigin),
  },
  tagsOf: (table) => core.tags.of(table.id),
});

function targetsOf(table: RouteTableRecord, ...kinds: RouteRecord["target"]["kind"][]): string[] {
  return table.routes.filter((route) => kinds.includes(route.target.kind)).map((route) => route.target.id);
}

function describeRouteTables(
  core: Ec2Core,
  input: DescribeRouteTablesCommandInput,
): Answer<DescribeRouteTablesCommandOutput> {
  const page = describePage({
    items: core.routeTables.values(),
    kind: "routeTable",
    ids: input.RouteTableIds,
    request: input,
    filters: FILTERS(core),
  });
  return { RouteTables: page.items.map((table) => routeTableView(core, table)), NextToken: page.nextToken };
}

function routeTableView(core: Ec2Core, table: RouteTableRecord): RouteTable {
  return {
    RouteTableId: table.id,
    VpcId: table.vpcId,
    OwnerId: core.accountId,
    PropagatingVgws: [],
    Associations: table.associations.map(({ id, subnetId }) => ({
      RouteTableAssociationId: id,
      RouteTableId: table.id,
      Main: subnetId === undefined,
      SubnetId: subnetId,
      AssociationState: { State: "associated" },
    })),
    Routes: table.routes.map((route) => routeView(core, route)),
    Tags: core.tags.list(table.id),
  };
}

const TARGET_MEMBERS = {
  local: "GatewayId",
  gateway: "GatewayId",
  nat: "NatGatewayId",
  instance: "InstanceId",
  interface: "NetworkInterfaceId",
  peering: "VpcPeeringConnectionId",
  transit: "TransitGatewayId",
  egress: "EgressOnlyInternetGatewayId",
} as const;

function routeView(core: Ec2Core, route: RouteRecord): Route {
  const destination = route.destination.includes(":") ? "DestinationIpv6CidrBlock" : "DestinationCidrBlock";
  return {
    [destination]: route.destination,
    [TARGET_MEMBERS[route.target.kind]]: route.target.id,
    Origin: routeOrigin(route) === "CreateRouteTable" ? "CreateRouteTable" : "CreateRoute",
    State: routeState(core, route),
  };
}

function routeOrigin(route: RouteRecord): string {
  return route.target.kind === "local" ? "CreateRouteTable" : "CreateRoute";
}

/** A route whose target is gone or detached stays in the table as a blackhole. */
function routeState(core: Ec2Core, { target }: RouteRecord): "active" | "blackhole" {
  if (target.kind === "gateway" && target.id.startsWith("igw-"))
    return core.internetGateways.get(target.id)?.vpcId === undefined ? "blackhole" : "active";
  if (target.kind === "nat") {
    const state = core.natGateways.get(target.id)?.state;
    return state === "available" || state === "pending" ? "active" : "blackhole";
  }
  return "active";
}

function deleteRouteTable(core: Ec2Core, input: DeleteRouteTableCommandInput): object {
  const table = existing(core.routeTables, "routeTable", required(input.RouteTableId, "routeTableId"));
  if (table.associations.length > 0) throw dependencyViolation("routeTable", table.id);
  core.routeTables.delete(table.id);
  core.tags.drop(table.id);
  return {};
}

function associateRouteTable(
  core: Ec2Core,
  input: AssociateRouteTableCommandInput,
): Answer<AssociateRouteTableCommandOutput> {
  const table = existing(core.routeTables, "routeTable", required(input.RouteTableId, "routeTableId"));
  const subnet = existing(core.subnets, "subnet", required(input.SubnetId, "subnetId"));
  if (subnet.vpcId !== table.vpcId)
    throw invalidParameter(`Route table ${table.id} and subnet ${subnet.id} belong to different networks`);
  const taken = explicitTable(core, subnet.id);
  const same = taken?.id === table.id ? taken.associations.find(({ subnetId }) => subnetId === subnet.id) : undefined;
  if (same !== undefined) return { AssociationId: same.id, AssociationState: { State: "associated" } };
  if (taken !== undefined)
    throw new AwsError(
      "Resource.AlreadyAssociated",
      `the specified association for route table ${table.id} conflicts with an existing association`,
    );
  const association = { id: resourceId(core.random, "rtbassoc"), subnetId: subnet.id };
  core.routeTables.put(table.id, { ...table, associations: [...table.associations, association] });
  return { AssociationId: association.id, AssociationState: { State: "associated" } };
}

function disassociateRouteTable(core: Ec2Core, input: DisassociateRouteTableCommandInput): object {
  const { table, association } = findAssociation(core, required(input.AssociationId, "associationId"));
  if (association.subnetId === undefined)
    throw invalidParameter(`cannot disassociate the main route table association ${association.id}`);
  core.routeTables.put(table.id, {
    ...table,
    associations: table.associations.filter(({ id }) => id !== association.id),
  });
  return {};
}

/** Moves an association to another table; the way to make another table the main one. */
function replaceRouteTableAssociation(
  core: Ec2Core,
  input: ReplaceRouteTableAssociationCommandInput,
): Answer<ReplaceRouteTableAssociationCommandOutput> {
  const { table, association } = findAssociation(core, required(input.AssociationId, "associationId"));
  const target = existing(core.routeTables, "routeTable", required(input.RouteTableId, "routeTableId"));
  const moved = { id: resourceId(core.random, "rtbassoc"), subnetId: association.subnetId };
  const without = { ...table, associations: table.associations.filter(({ id }) => id !== association.id) };
  core.routeTables.put(table.id, without);
  const base = target.id === table.id ? without : target;
  core.routeTables.put(target.id, { ...base, associations: [...base.associations, moved] });
  return { NewAssociationId: moved.id, AssociationState: { State: "associated" } };
}

function findAssociation(core: Ec2Core, id: string): { table: RouteTableRecord; association: Association } {
  for (const table of core.routeTables.values()) {
    const association = table.associations.find((candidate) => candidate.id === id);
    if (association !== undefined) return { table, association };
  }
  throw new AwsError("InvalidAssociationID.NotFound", `The association ID '${id}' does not exist`);
}

function explicitTable(core: Ec2Core, subnetId: string): RouteTableRecord | undefined {
  return core.routeTables.find((table) => table.associations.some((association) => association.subnetId === subnetId));
}

/** The table that routes a subnet: its own association, else the VPC's main table. */
function effectiveRouteTable(core: Ec2Core, subnetId: string): RouteTableRecord | undefined {
  const vpcId = core.subnets.get(subnetId)?.vpcId;
  return (
    explicitTable(core, subnetId) ??
    core.routeTables.find(
      (table) => table.vpcId === vpcId && table.associations.some((association) => association.subnetId === undefined),
    )
  );
}

/** A subnet is public if its effective table routes anything to an internet gateway. */
export function subnetIsPublic(core: Ec2Core, subnetId: string): boolean {
  const routes = effectiveRouteTable(core, subnetId)?.routes ?? [];
  return routes.some(({ target }) => target.kind === "gateway" && target.id.startsWith("igw-"));
}

/** The subnet is going away. */
export function dropSubnetAssociations(core: Ec2Core, subnetId: string): void {
  const table = explicitTable(core, subnetId);
  if (table === undefined) return;
  const associations = table.associations.filter((association) => association.subnetId !== subnetId);
  core.routeTables.put(table.id, { ...table, associations });
}
