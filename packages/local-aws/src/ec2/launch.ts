import type { RequestLaunchTemplateData, RunInstancesCommandInput } from "@aws-sdk/client-ec2";
import { findInstanceType, type InstanceTypeFacts } from "@nodeless/catalog";
import { resourceId } from "../state/resource-ids.ts";
import { AwsError } from "../wire/aws-error.ts";
import { type Ec2Core, existing, newId } from "./ec2-core.ts";
import { invalidParameter } from "./ec2-error.ts";
import { freePublicIp } from "./elastic-ips.ts";
import { existingImage } from "./images.ts";
import { beginInstance, forgetInstance } from "./instance-life.ts";
import type { InstanceRecord, SubnetRecord } from "./records.ts";
import { checkUserData } from "./user-data.ts";

/** Members that RunInstances and launch templates share. */
export type LaunchData = Pick<
  RequestLaunchTemplateData & RunInstancesCommandInput,
  | "ImageId"
  | "KeyName"
  | "UserData"
  | "IamInstanceProfile"
  | "SecurityGroupIds"
  | "SecurityGroups"
  | "NetworkInterfaces"
  | "BlockDeviceMappings"
  | "EbsOptimized"
  | "Monitoring"
  | "MetadataOptions"
> & { readonly SubnetId?: string | undefined; readonly InstanceType?: string | undefined };

/** One instance to launch. */
export interface LaunchOrder {
  readonly data: LaunchData;
  readonly instanceType: string;
  readonly capacityType: "spot" | "on-demand";
  readonly subnetId: string | undefined;
  readonly zone: string | undefined;
  /** Spot price the caller pays at most, USD. */
  readonly maxPriceUsd: number | undefined;
  readonly reservationId: string;
  readonly clientToken: string | undefined;
  readonly tags: LaunchTags;
}

export interface LaunchTags {
  readonly instance: readonly (readonly [string, string])[];
  readonly volume: readonly (readonly [string, string])[];
  readonly networkInterface: readonly (readonly [string, string])[];
  /** `aws:` tags, set by the service. */
  readonly system: readonly (readonly [string, string])[];
}

/** Checks an order, takes an address and starts the instance. Throws AwsError with the code EC2 uses; nothing is kept then. */
export function launchInstance(core: Ec2Core, order: LaunchOrder): InstanceRecord {
  const { data } = order;
  const facts = checkedType(core, order);
  const subnet = chosenSubnet(core, order);
  checkOffered(facts, subnet);
  checkCapacity(core, order, facts, subnet);
  const securityGroupIds = securityGroupsOf(core, data, subnet);
  const profile = profileOf(core, data);
  checkUserData(data.UserData);
  const privateIp = core.addresses.allocate(subnet.id);
  if (privateIp === undefined)
    throw new AwsError(
      "InsufficientFreeAddressesInSubnet",
      `There are not enough free addresses in subnet '${subnet.id}' to satisfy the requested number of instances.`,
    );
  const now = core.clock.now().toISOString();
  const instance: InstanceRecord = {
    id: newId(core, "instance"),
    reservationId: order.reservationId,
    clientToken: order.clientToken,
    instanceType: order.instanceType,
    imageId: data.ImageId ?? "",
    vpcId: subnet.vpcId,
    subnetId: subnet.id,
    zone: subnet.zone,
    zoneId: subnet.zoneId,
    privateIp,
    publicIp: wantsPublicIp(data, subnet) ? freePublicIp(core) : undefined,
    eniId: newId(core, "networkInterface"),
    eniAttachmentId: resourceId(core.random, "eni-attach"),
    securityGroupIds,
    profileArn: profile?.arn,
    profileId: profile?.id,
    capacityType: order.capacityType,
    spotRequestId: order.capacityType === "spot" ? resourceId(core.random, "sir") : undefined,
    keyName: data.KeyName,
    userData: data.UserData,
    ebsOptimized: data.EbsOptimized ?? false,
    monitoring: data.Monitoring?.Enabled ?? false,
    metadataOptions: { ...data.MetadataOptions },
    volumes: volumesOf(core, data),
    launchedAt: now,
    state: "pending",
    booted: false,
    stateReason: undefined,
    stateChangedAt: now,
  };
  putTags(core, instance, order.tags);
  beginInstance(core, instance);
  return instance;
}

/** Undoes a launch of this request that fails as a whole: the instance never was. */
export function abandonInstance(core: Ec2Core, id: string): void {
  const instance = existing(core.launchedInstances, "instance", id);
  core.addresses.release(instance.privateIp, instance.subnetId);
  forgetInstance(core, instance);
}

function putTags(core: Ec2Core, instance: InstanceRecord, tags: LaunchTags): void {
  core.tags.put({ id: instance.id, type: "instance" }, tags.instance);
  core.tags.put({ id: instance.id, type: "instance", system: true }, tags.system);
  for (const { volumeId } of instance.volumes) core.tags.put({ id: volumeId, type: "volume" }, tags.volume);
  core.tags.put({ id: instance.eniId, type: "network-interface" }, tags.networkInterface);
}

function checkedType(core: Ec2Core, order: LaunchOrder): InstanceTypeFacts {
  const facts = findInstanceType(core.region, order.instanceType);
  if (facts === undefined) throw invalidParameter(`Invalid value '${order.instanceType}' for InstanceType.`);
  if (order.data.ImageId === undefined)
    throw new AwsError("MissingParameter", "The request must contain the parameter ImageId");
  const image = existingImage(order.data.ImageId);
  const architecture = facts.architecture === "arm64" ? "arm64" : "x86_64";
  if (image.architecture !== architecture)
    throw invalidParameter(
      `The architecture '${architecture}' of the specified instance type does not match the architecture '${image.architecture}' of the specified AMI. Specify an instance type and an AMI that have matching architectures, and try again.`,
    );
  return facts;
}

/** The named subnet, else the default subnet of the zone (or of any zone). */
function chosenSubnet(core: Ec2Core, { subnetId, zone, data }: LaunchOrder): SubnetRecord {
  const named = subnetId ?? data.NetworkInterfaces?.[0]?.SubnetId ?? data.SubnetId;
  const subnet =
    named === undefined
      ? core.subnets.find((candidate) => candidate.isDefault && (zone === undefined || candidate.zone === zone))
      : existing(core.subnets, "subnet", named);
  if (subnet === undefined)
    throw new AwsError("MissingInput", `No subnets found for the default VPC. Please specify a subnet.`);
  if (zone !== undefined && subnet.zone !== zone)
    throw invalidParameter(`The specified subnet '${subnet.id}' is not in the availability zone '${zone}'`);
  return subnet;
}

function checkOffered(facts: InstanceTypeFacts, subnet: SubnetRecord): void {
  if (facts.zones.includes(subnet.zone)) return;
  throw new AwsError(
    "Unsupported",
    `Your requested instance type (${facts.name}) is not supported in your requested Availability Zone (${subnet.zone}). Please retry your request by not specifying an Availability Zone or choosing ${facts.zones.join(", ")}.`,
  );
}

function checkCapacity(core: Ec2Core, order: LaunchOrder, facts: InstanceTypeFacts, subnet: SubnetRecord): void {
  const { instanceType, capacityType, maxPriceUsd } = order;
  if (capacityType === "spot") {
    const price = facts.spotUsdPerHour(subnet.zone);
    if (price === undefined)
      throw new AwsError("Unsupported", `The instance type ${instanceType} is not supported as a Spot Instance.`);
    if (maxPriceUsd !== undefined && maxPriceUsd < price)
      throw new AwsError(
        "SpotMaxPriceTooLow",
        `Your Spot request price of ${maxPriceUsd} is lower than the minimum required Spot request fulfillment price of ${price}.`,
      );
  }
  const fault = core.faults.capacityFault({ instanceType, capacityType, zone: subnet.zone });
  if (fault !== undefined) throw new AwsError(fault.code, fault.message, 500);
}

function securityGroupsOf(core: Ec2Core, data: LaunchData, subnet: SubnetRecord): string[] {
  const named = data.NetworkInterfaces?.[0]?.Groups ?? data.SecurityGroupIds ?? [];
  const byName = (data.SecurityGroups ?? []).map((name) => {
    const group = core.securityGroups.find((candidate) => candidate.name === name && candidate.vpcId === subnet.vpcId);
    return existing(core.securityGroups, "securityGroup", group?.id ?? name).id;
  });
  const ids = [...named, ...byName];
  for (const id of ids)
    if (existing(core.securityGroups, "securityGroup", id).vpcId !== subnet.vpcId)
      throw new AwsError(
        "InvalidParameter",
        `Security group ${id} and subnet ${subnet.id} belong to different networks.`,
      );
  if (ids.length > 0) return ids;
  const fallback = core.securityGroups.find((group) => group.vpcId === subnet.vpcId && group.name === "default");
  return fallback === undefined ? [] : [fallback.id];
}

function profileOf(core: Ec2Core, data: LaunchData): { readonly arn: string; readonly id: string } | undefined {
  const { Arn: arn, Name: name } = data.IamInstanceProfile ?? {};
  const given = arn ?? name;
  if (given === undefined) return undefined;
  const profile = core.roles.instanceProfile(given);
  if (profile !== undefined) return profile;
  const member = arn === undefined ? "name" : "arn";
  throw invalidParameter(
    `Value (${given}) for parameter iamInstanceProfile.${member} is invalid. Invalid IAM Instance Profile ${arn === undefined ? "name" : "ARN"}`,
  );
}

/** Only where a route to the internet exists would the address be of use, but EC2 gives it regardless. */
function wantsPublicIp(data: LaunchData, subnet: SubnetRecord): boolean {
  return data.NetworkInterfaces?.[0]?.AssociatePublicIpAddress ?? subnet.mapPublicIp;
}

function volumesOf(core: Ec2Core, data: LaunchData): InstanceRecord["volumes"] {
  const mapped = (data.BlockDeviceMappings ?? []).filter((mapping) => mapping.Ebs !== undefined);
  const devices = new Set([
    existingImage(data.ImageId ?? "").rootDeviceName,
    ...mapped.map((mapping) => mapping.DeviceName ?? ""),
  ]);
  return [...devices].map((deviceName) => ({ deviceName, volumeId: newId(core, "volume") }));
}
