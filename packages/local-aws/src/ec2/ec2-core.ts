import type { Filter } from "@aws-sdk/client-ec2";
import type { Collection } from "../state/collection.ts";
import { pageOf } from "../state/pages.ts";
import { resourceId } from "../state/resource-ids.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { CallContext, HandlerMap } from "../wire/handlers.ts";
import type { Ec2Dependencies } from "./contract.ts";
import { notFound, RESOURCE_KINDS, type ResourceKind } from "./ec2-error.ts";
import type { Ec2Faults } from "./ec2-faults.ts";
import { applyFilters, type FilterTable } from "./filters.ts";
import type {
  ElasticIpRecord,
  InstanceRecord,
  InternetGatewayRecord,
  LaunchTemplateRecord,
  NatGatewayRecord,
  RouteTableRecord,
  SecurityGroupRecord,
  SubnetRecord,
  VpcRecord,
} from "./records.ts";
import { ResourceTags } from "./resource-tags.ts";
import { SubnetAddresses } from "./subnet-addresses.ts";

/** What every operation works on. */
export interface Ec2Core extends Ec2Dependencies {
  readonly vpcs: Collection<VpcRecord>;
  readonly subnets: Collection<SubnetRecord>;
  readonly internetGateways: Collection<InternetGatewayRecord>;
  readonly elasticIps: Collection<ElasticIpRecord>;
  readonly natGateways: Collection<NatGatewayRecord>;
  readonly routeTables: Collection<RouteTableRecord>;
  readonly securityGroups: Collection<SecurityGroupRecord>;
  readonly launchTemplates: Collection<LaunchTemplateRecord>;
  readonly launchedInstances: Collection<InstanceRecord>;
  readonly tags: ResourceTags;
  readonly addresses: SubnetAddresses;
  readonly faults: Ec2Faults;
}

/** Opens the tables and takes the addresses that instances and NAT gateways hold. */
export function openEc2Core(dependencies: Ec2Dependencies, faults: Ec2Faults): Ec2Core {
  const { state } = dependencies;
  const core: Ec2Core = {
    ...dependencies,
    faults,
    vpcs: state.collection("ec2/vpc"),
    subnets: state.collection("ec2/subnet"),
    internetGateways: state.collection("ec2/internet-gateway"),
    elasticIps: state.collection("ec2/elastic-ip"),
    natGateways: state.collection("ec2/nat-gateway"),
    routeTables: state.collection("ec2/route-table"),
    securityGroups: state.collection("ec2/security-group"),
    launchTemplates: state.collection("ec2/launch-template"),
    launchedInstances: state.collection("ec2/instance"),
    tags: new ResourceTags(state.collection("ec2/tag")),
    addresses: new SubnetAddresses(),
  };
  for (const subnet of core.subnets.values()) core.addresses.addSubnet(subnet.id, subnet.cidr);
  for (const gateway of core.natGateways.values())
    if (gateway.state !== "deleted") core.addresses.adopt(gateway.privateIp, gateway.subnetId);
  for (const instance of core.launchedInstances.values())
    if (instance.state !== "terminated") core.addresses.adopt(instance.privateIp, instance.subnetId);
  return core;
}

/** An operation before it is bound to a core. */
export type Operation = (core: Ec2Core, input: never, context: CallContext) => object | Promise<object>;

/** Operation name → operation. */
export type Operations = Readonly<Record<string, Operation>>;

/**
 * Handlers for the operations. Throttling comes first, as on AWS. A dry run asks whether the caller may; permissions are not simulated, so
 * that the answer is always DryRunOperation.
 */
export function bindOperations(core: Ec2Core, operations: Operations): HandlerMap {
  return Object.fromEntries(
    Object.entries(operations).map(([name, operation]) => [
      name,
      (input: never, context: CallContext) => {
        core.faults.checkThrottle(name);
        if ((input as { DryRun?: boolean }).DryRun === true) throw dryRunPassed();
        return operation(core, input, context);
      },
    ]),
  );
}

function dryRunPassed(): AwsError {
  return new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412);
}

/** A fresh id of the kind. */
export function newId(core: Ec2Core, kind: ResourceKind): string {
  return resourceId(core.random, RESOURCE_KINDS[kind].prefix);
}

/** The record, or the kind's not-found error. */
export function existing<T>(table: Collection<T>, kind: ResourceKind, id: string): T {
  const record = table.get(id);
  if (record === undefined) throw notFound(kind, id);
  return record;
}

export interface DescribeRequest {
  readonly Filters?: Filter[] | undefined;
  readonly MaxResults?: number | undefined;
  readonly NextToken?: string | undefined;
}

/** EC2 answers at most this many items per page. */
const PAGE_SIZE_MAX = 1000;

/** The page of items that a describe call asks for: ids (each must exist), filters, then the cut. */
export function describePage<T extends { readonly id: string }>(options: {
  readonly items: Iterable<T>;
  readonly kind: ResourceKind;
  readonly ids: readonly string[] | undefined;
  readonly request: DescribeRequest;
  readonly filters: FilterTable<T>;
}): { readonly items: readonly T[]; readonly nextToken: string | undefined } {
  const { kind, ids = [], request, filters } = options;
  const all = [...options.items];
  const byId = new Map(all.map((item) => [item.id, item]));
  for (const id of ids) if (!byId.has(id)) throw notFound(kind, id);
  const wanted = ids.length > 0 ? all.filter((item) => ids.includes(item.id)) : all;
  return cutPage(applyFilters(wanted, request.Filters, filters), { key: (item) => item.id, request });
}

/** Cuts a page of any listing. */
export function cutPage<T>(
  items: readonly T[],
  options: { readonly key: (item: T) => string; readonly request: DescribeRequest; readonly sizeMax?: number },
): { readonly items: readonly T[]; readonly nextToken: string | undefined } {
  const { key, request, sizeMax = PAGE_SIZE_MAX } = options;
  return pageOf(items, {
    key,
    token: request.NextToken,
    size: Math.min(request.MaxResults ?? sizeMax, sizeMax),
    query: request.Filters ?? [],
    invalidToken: () => new AwsError("InvalidNextToken", "The specified NextToken is not valid."),
  });
}
