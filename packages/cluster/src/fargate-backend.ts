import type { Pod } from "@nodeless/api";
import type { FargateBackend, FargateProfile, MicroVmAddress } from "@nodeless/fargate";
import type { LocalAws } from "@nodeless/local-aws";

/** Role of the pods' micro-VMs; its trust policy must name this principal. */
const POD_PRINCIPAL = "eks-fargate-pods.amazonaws.com";

/** What EKS's Fargate side knows, answered from the local AWS state. `aws` is a function because the two are built around each other. */
export function fargateBackend(aws: () => LocalAws, clusterName: string): FargateBackend {
  let turn = 0;
  /** The subnets, beginning with another one each time, so that pods land in all zones. */
  const spread = (subnetIds: readonly string[]): readonly string[] => {
    turn = (turn + 1) % Math.max(1, subnetIds.length);
    return [...subnetIds.slice(turn), ...subnetIds.slice(0, turn)];
  };
  return {
    profiles: () => aws().fargateProfiles(clusterName) as readonly FargateProfile[],
    allocateMicroVm: (profile, _pod: Pod, zone) =>
      allocate(aws(), { profile, zone, subnetIds: spread(profile.subnetIds) }),
    releaseMicroVm: (ip) => aws().releaseIp(ip),
    adoptMicroVm: (ip) => aws().adoptIp(ip),
  };
}

interface Placement {
  readonly profile: FargateProfile;
  readonly zone: string | undefined;
  /** In the order to be tried. */
  readonly subnetIds: readonly string[];
}

function allocate(aws: LocalAws, { profile, zone, subnetIds }: Placement): MicroVmAddress | string {
  if (!aws.roleTrusts(profile.podExecutionRoleArn, POD_PRINCIPAL)) {
    return `Misconfigured Fargate Profile: fargate profile ${profile.name} blocked for new launches due to: Failed to assume PodExecutionRole; Please make sure the role exists and trusts the ${POD_PRINCIPAL} service principal`;
  }
  for (const subnetId of subnetIds) {
    const subnet = aws.subnet(subnetId);
    if (subnet === undefined || (zone !== undefined && subnet.zone !== zone)) continue;
    const ip = aws.allocateIp(subnetId);
    if (ip !== undefined) return { ip, zone: subnet.zone };
  }
  return "Fargate capacity is unavailable at this time. Please try again later or in a different availability zone.";
}
