import type {
  DescribeInstanceStatusCommandInput,
  DescribeInstanceStatusCommandOutput,
  DescribeInstancesCommandInput,
  DescribeInstancesCommandOutput,
  TerminateInstancesCommandInput,
  TerminateInstancesCommandOutput,
} from "@aws-sdk/client-ec2";
import { findInstanceType } from "@nodeless/catalog";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { cutPage, type Ec2Core, type Operations } from "./ec2-core.ts";
import { missingParameter } from "./ec2-error.ts";
import { applyFilters, type FilterTable } from "./filters.ts";
import { privateDnsName, terminateInstance } from "./instance-life.ts";
import { groupsView, reservationView, stateView } from "./instance-view.ts";
import type { InstanceRecord } from "./records.ts";

export const INSTANCE_OPERATIONS: Operations = {
  DescribeInstances: describeInstances,
  DescribeInstanceStatus: describeInstanceStatus,
  TerminateInstances: terminateInstances,
};

/** EC2 names all unknown ids in one error, and refuses ids that cannot be any. */
function namedInstances(core: Ec2Core, ids: readonly string[]): InstanceRecord[] {
  for (const id of ids)
    if (!/^i-[0-9a-f]{8,17}$/.test(id)) throw new AwsError("InvalidInstanceID.Malformed", `Invalid id: "${id}"`);
  const unknown = ids.filter((id) => !core.launchedInstances.has(id));
  if (unknown.length > 0)
    throw new AwsError(
      "InvalidInstanceID.NotFound",
      unknown.length === 1
        ? `The instance ID '${unknown[0]}' does not exist`
        : `The instance IDs '${unknown.join(", ")}' do not exist`,
    );
  const wanted = new Set(ids);
  return core.launchedInstances.filter((instance) => wanted.has(instance.id));
}

const FILTERS = (core: Ec2Core): FilterTable<InstanceRecord> => ({
  names: {
    "instance-id": (instance) => instance.id,
    "instance-state-name": (instance) => instance.state,
    "instance-state-code": (instance) => String(stateView(instance.state).Code),
    "instance-type": (instance) => instance.instanceType,
    "instance-lifecycle": (instance) => (instance.capacityType === "spot" ? "spot" : undefined),
    "spot-instance-request-id": (instance) => instance.spotRequestId,
    "image-id": (instance) => instance.imageId,
    "subnet-id": (instance) => live(instance)?.subnetId,
    "vpc-id": (instance) => live(instance)?.vpcId,
    "network-interface.vpc-id": (instance) => live(instance)?.vpcId,
    "network-interface.subnet-id": (instance) => live(instance)?.subnetId,
    "network-interface.network-interface-id": (instance) => live(instance)?.eniId,
    "availability-zone": (instance) => instance.zone,
    "availability-zone-id": (instance) => instance.zoneId,
    "private-ip-address": (instance) => live(instance)?.privateIp,
    "private-dns-name": (instance) => live(instance) && privateDnsName(core.region, instance.privateIp),
    "ip-address": (instance) => live(instance)?.publicIp,
    "instance.group-id": (instance) => live(instance)?.securityGroupIds ?? [],
    "instance.group-name": (instance) => groupsView(core, instance).map((group) => group.GroupName),
    "iam-instance-profile.arn": (instance) => instance.profileArn,
    "iam-instance-profile.id": (instance) => instance.profileId,
    "reservation-id": (instance) => instance.reservationId,
    "client-token": (instance) => instance.clientToken,
    "key-name": (instance) => instance.keyName,
    "owner-id": () => core.accountId,
    "launch-time": (instance) => instance.launchedAt,
    tenancy: () => "default",
    architecture: (instance) =>
      findInstanceType(core.region, instance.instanceType)?.architecture === "arm64" ? "arm64" : "x86_64",
  },
  tagsOf: (instance) => core.tags.of(instance.id),
});

function live(instance: InstanceRecord): InstanceRecord | undefined {
  return instance.state === "terminated" ? undefined : instance;
}

function describeInstances(
  core: Ec2Core,
  input: DescribeInstancesCommandInput,
): Answer<DescribeInstancesCommandOutput> {
  const named = input.InstanceIds ?? [];
  const wanted = named.length > 0 ? namedInstances(core, named) : [...core.launchedInstances.values()];
  const matching = applyFilters(wanted, input.Filters, FILTERS(core));
  const page = cutPage(matching, { key: (instance) => instance.id, request: input });
  const byReservation = new Map<string, InstanceRecord[]>();
  for (const instance of page.items) {
    const together = byReservation.get(instance.reservationId);
    if (together === undefined) byReservation.set(instance.reservationId, [instance]);
    else together.push(instance);
  }
  return {
    Reservations: [...byReservation.values()].map((instances) => reservationView(core, instances)),
    NextToken: page.nextToken,
  };
}

/** Running instances only, unless all are asked for. Checks pass once the machine has booted. */
function describeInstanceStatus(
  core: Ec2Core,
  input: DescribeInstanceStatusCommandInput,
): Answer<DescribeInstanceStatusCommandOutput> {
  const named = input.InstanceIds ?? [];
  const wanted = named.length > 0 ? namedInstances(core, named) : [...core.launchedInstances.values()];
  const visible = wanted.filter((instance) => input.IncludeAllInstances === true || instance.state === "running");
  const summary = (instance: InstanceRecord): "ok" | "initializing" | "not-applicable" =>
    instance.state !== "running" ? "not-applicable" : instance.booted ? "ok" : "initializing";
  const matching = applyFilters(visible, input.Filters, {
    names: {
      "instance-state-name": (instance) => instance.state,
      "instance-state-code": (instance) => String(stateView(instance.state).Code),
      "availability-zone": (instance) => instance.zone,
      "availability-zone-id": (instance) => instance.zoneId,
      "instance-status.status": summary,
      "system-status.status": summary,
      "instance-status.reachability": (instance) => (instance.booted ? "passed" : "initializing"),
      "system-status.reachability": (instance) => (instance.booted ? "passed" : "initializing"),
      "event.code": () => undefined,
    },
  });
  const page = cutPage(matching, { key: (instance) => instance.id, request: input });
  return {
    InstanceStatuses: page.items.map((instance) => ({
      InstanceId: instance.id,
      AvailabilityZone: instance.zone,
      AvailabilityZoneId: instance.zoneId,
      InstanceState: stateView(instance.state),
      InstanceStatus: { Status: summary(instance) },
      SystemStatus: { Status: summary(instance) },
      Events: [],
    })),
    NextToken: page.nextToken,
  };
}

/** All ids must exist before any instance is touched; terminating twice is fine. */
function terminateInstances(
  core: Ec2Core,
  input: TerminateInstancesCommandInput,
): Answer<TerminateInstancesCommandOutput> {
  const ids = input.InstanceIds ?? [];
  if (ids.length === 0) throw missingParameter("InstanceId");
  const reason = {
    code: "Client.UserInitiatedShutdown",
    message: "Client.UserInitiatedShutdown: User initiated shutdown",
  };
  return {
    TerminatingInstances: namedInstances(core, ids).map((instance) => {
      terminateInstance(core, instance.id, reason);
      const now = core.launchedInstances.get(instance.id) ?? instance;
      return {
        InstanceId: instance.id,
        PreviousState: stateView(instance.state),
        CurrentState: stateView(now.state),
      };
    }),
  };
}
