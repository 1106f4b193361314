import type {
  LaunchTemplateBlockDeviceMappingRequest,
  LaunchTemplateInstanceMetadataOptionsRequest,
  RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import { type BlockDeviceMapping, type MetadataOptions, parseUnits } from "@nodeless/api";
import type { ResolvedNodeClass } from "../node-class/resolved-node-class.ts";

const GIB = 1024 ** 3;
const VOLUME_GIB = 20;

/** Everything of a launch that does not differ by type, zone and subnet. */
export function launchTemplateData(
  resolved: ResolvedNodeClass,
  imageId: string,
  userData: string,
): RequestLaunchTemplateData {
  const { spec } = resolved.nodeClass;
  const groups = resolved.securityGroups.map(({ id }) => id);
  const publicIp = spec.associatePublicIPAddress;
  return {
    ImageId: imageId,
    UserData: Buffer.from(userData).toString("base64"),
    ...(resolved.instanceProfile !== undefined && { IamInstanceProfile: { Name: resolved.instanceProfile } }),
    // A public address is a member of the interface, and then the groups are too.
    ...(publicIp === undefined
      ? { SecurityGroupIds: groups }
      : { NetworkInterfaces: [{ DeviceIndex: 0, AssociatePublicIpAddress: publicIp, Groups: groups }] }),
    BlockDeviceMappings: blockDevices(spec.blockDeviceMappings ?? familyDevices(resolved.family)),
    MetadataOptions: metadataOptions(spec.metadataOptions),
    ...(spec.detailedMonitoring !== undefined && { Monitoring: { Enabled: spec.detailedMonitoring } }),
    EbsOptimized: true,
  };
}

/** Karpenter's defaults per family; Custom images keep their own devices (karpenter.md §3.13). */
function familyDevices(family: string): readonly BlockDeviceMapping[] {
  const device = (deviceName: string, gib: number): BlockDeviceMapping => ({
    deviceName,
    ebs: { volumeSize: `${gib}Gi`, volumeType: "gp3", encrypted: true, deleteOnTermination: true },
  });
  switch (family) {
    case "AL2":
    case "AL2023":
      return [device("/dev/xvda", VOLUME_GIB)];
    case "Bottlerocket":
      return [device("/dev/xvda", 4), device("/dev/xvdb", VOLUME_GIB)];
    case "Windows2019":
    case "Windows2022":
    case "Windows2025":
      return [device("/dev/sda1", 50)];
    default:
      return [];
  }
}

function blockDevices(mappings: readonly BlockDeviceMapping[]): LaunchTemplateBlockDeviceMappingRequest[] {
  return mappings.map(({ deviceName, ebs }) => ({
    DeviceName: deviceName,
    Ebs: {
      DeleteOnTermination: ebs?.deleteOnTermination ?? true,
      Encrypted: ebs?.encrypted,
      Iops: ebs?.iops,
      KmsKeyId: ebs?.kmsKeyID,
      SnapshotId: ebs?.snapshotID,
      Throughput: ebs?.throughput,
      VolumeSize: ebs?.volumeSize === undefined ? undefined : Math.ceil(parseUnits(ebs.volumeSize) / GIB),
      VolumeType: ebs?.volumeType as "gp3" | undefined,
      VolumeInitializationRate: ebs?.volumeInitializationRate,
    },
  }));
}

function metadataOptions(options: MetadataOptions | undefined): LaunchTemplateInstanceMetadataOptionsRequest {
  return {
    HttpEndpoint: options?.httpEndpoint ?? "enabled",
    HttpProtocolIpv6: options?.httpProtocolIPv6 ?? "disabled",
    HttpPutResponseHopLimit: options?.httpPutResponseHopLimit ?? 1,
    HttpTokens: options?.httpTokens ?? "required",
  };
}
