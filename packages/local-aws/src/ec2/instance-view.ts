import type { Instance, InstanceNetworkInterface, Reservation } from "@aws-sdk/client-ec2";
import { findInstanceType } from "@nodeless/catalog";
import type { Ec2Core } from "./ec2-core.ts";
import { findImage } from "./images.ts";
import { privateDnsName } from "./instance-life.ts";
import type { InstanceRecord, InstanceState } from "./records.ts";

const STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  "shutting-down": 32,
  terminated: 48,
};

export function stateView(state: InstanceState): { Code: number; Name: InstanceState } {
  return { Code: STATE_CODES[state], Name: state };
}

/** Instances that were launched together. */
export function reservationView(core: Ec2Core, instances: readonly InstanceRecord[]): Reservation {
  return {
    ReservationId: instances[0]?.reservationId,
    OwnerId: core.accountId,
    Groups: [],
    Instances: instances.map((instance) => instanceView(core, instance)),
  };
}

/** An instance as EC2 shows it; a terminated one has lost its network. */
function instanceView(core: Ec2Core, instance: InstanceRecord): Instance {
  const facts = findInstanceType(core.region, instance.instanceType);
  const image = findImage(instance.imageId);
  const gone = instance.state === "terminated";
  return {
    InstanceId: instance.id,
    ImageId: instance.imageId,
    InstanceType: instance.instanceType as "m5.large",
    State: stateView(instance.state),
    StateReason:
      instance.stateReason === undefined
        ? undefined
        : { Code: instance.stateReason.code, Message: instance.stateReason.message },
    StateTransitionReason: transitionReason(instance),
    LaunchTime: new Date(instance.launchedAt),
    ClientToken: instance.clientToken ?? "",
    Placement: {
      AvailabilityZone: instance.zone,
      AvailabilityZoneId: instance.zoneId,
      Tenancy: "default",
      GroupName: "",
    },
    ...(instance.capacityType === "spot" && {
      InstanceLifecycle: "spot" as const,
      SpotInstanceRequestId: instance.spotRequestId,
    }),
    Architecture: facts?.architecture === "arm64" ? "arm64" : "x86_64",
    VirtualizationType: "hvm",
    Hypervisor: "xen",
    PlatformDetails: image?.platform === "windows" ? "Windows" : "Linux/UNIX",
    RootDeviceName: image?.rootDeviceName ?? instance.volumes[0]?.deviceName,
    RootDeviceType: "ebs",
    EbsOptimized: instance.ebsOptimized,
    EnaSupport: true,
    AmiLaunchIndex: 0,
    KeyName: instance.keyName,
    Monitoring: { State: instance.monitoring ? "enabled" : "disabled" },
    IamInstanceProfile:
      instance.profileArn === undefined ? undefined : { Arn: instance.profileArn, Id: instance.profileId },
    BlockDeviceMappings: gone
      ? []
      : instance.volumes.map(({ deviceName, volumeId }) => ({
          DeviceName: deviceName,
          Ebs: {
            VolumeId: volumeId,
            Status: "attached",
            DeleteOnTermination: true,
            AttachTime: new Date(instance.launchedAt),
          },
        })),
    MetadataOptions: {
      State: "applied",
      HttpTokens: "optional",
      HttpEndpoint: "enabled",
      HttpPutResponseHopLimit: 1,
      ...instance.metadataOptions,
    },
    Tags: core.tags.list(instance.id),
    ...networkView(core, instance, gone),
  };
}

function networkView(core: Ec2Core, instance: InstanceRecord, gone: boolean): Instance {
  if (gone) return { PrivateDnsName: "", PublicDnsName: "", NetworkInterfaces: [], SecurityGroups: [] };
  return {
    VpcId: instance.vpcId,
    SubnetId: instance.subnetId,
    PrivateIpAddress: instance.privateIp,
    PrivateDnsName: privateDnsName(core.region, instance.privateIp),
    PublicIpAddress: instance.publicIp,
    PublicDnsName:
      instance.publicIp === undefined
        ? ""
        : `ec2-${instance.publicIp.replaceAll(".", "-")}.${core.region}.compute.amazonaws.com`,
    SourceDestCheck: true,
    SecurityGroups: groupsView(core, instance),
    NetworkInterfaces: [interfaceView(core, instance)],
  };
}

export function groupsView(core: Ec2Core, instance: InstanceRecord): { GroupId: string; GroupName: string }[] {
  return instance.securityGroupIds.map((GroupId) => ({
    GroupId,
    GroupName: core.securityGroups.get(GroupId)?.name ?? "",
  }));
}

function interfaceView(core: Ec2Core, instance: InstanceRecord): InstanceNetworkInterface {
  const dnsName = privateDnsName(core.region, instance.privateIp);
  return {
    NetworkInterfaceId: instance.eniId,
    OwnerId: core.accountId,
    VpcId: instance.vpcId,
    SubnetId: instance.subnetId,
    Status: "in-use",
    InterfaceType: "interface",
    SourceDestCheck: true,
    PrivateIpAddress: instance.privateIp,
    PrivateDnsName: dnsName,
    PrivateIpAddresses: [{ Primary: true, PrivateIpAddress: instance.privateIp, PrivateDnsName: dnsName }],
    Groups: groupsView(core, instance),
    Attachment: {
      AttachmentId: instance.eniAttachmentId,
      AttachTime: new Date(instance.launchedAt),
      DeleteOnTermination: true,
      DeviceIndex: 0,
      NetworkCardIndex: 0,
      Status: "attached",
    },
    ...(instance.publicIp !== undefined && { Association: { IpOwnerId: "amazon", PublicIp: instance.publicIp } }),
  };
}

function transitionReason(instance: InstanceRecord): string {
  if (instance.state !== "shutting-down" && instance.state !== "terminated") return "";
  const at = instance.stateChangedAt.replace("T", " ").replace(/\.\d+Z$/, " GMT");
  return instance.stateReason?.code === "Server.SpotInstanceTermination"
    ? `Server.SpotInstanceTermination (${at})`
    : `User initiated (${at})`;
}
