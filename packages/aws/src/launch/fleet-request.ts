import type {
  CreateFleetCommandInput,
  FleetLaunchTemplateConfigRequest,
  FleetLaunchTemplateOverridesRequest,
} from "@aws-sdk/client-ec2";
import type { NodeSubnet } from "../node-class/subnets.ts";
import type { LaunchChoice, LaunchOption } from "./launch-choice.ts";

/** EC2 takes at most this many overrides in an instant fleet's request. */
const OVERRIDES_MAX = 300;

/** Options that share a launch template. */
export interface TemplateGroup {
  readonly templateName: string;
  readonly imageId: string;
  readonly options: readonly LaunchOption[];
}

/**
 * The request for one instance: an override per type and zone, each in the zone's subnet with most free addresses; EC2 chooses among them, by
 * price and capacity for spot and by price for on-demand. Subnets come with most free addresses first.
 */
export function fleetRequest(launch: {
  readonly choice: LaunchChoice;
  readonly groups: readonly TemplateGroup[];
  readonly subnets: readonly NodeSubnet[];
  readonly tags: ReadonlyMap<string, string>;
  readonly clientToken: string;
}): CreateFleetCommandInput {
  const { choice, groups, subnets, tags, clientToken } = launch;
  const byZone = subnetByZone(subnets);
  let left = OVERRIDES_MAX;
  const configs = groups.map((group): FleetLaunchTemplateConfigRequest => {
    const overrides = overridesOf(group, byZone).slice(0, left);
    left -= overrides.length;
    return {
      LaunchTemplateSpecification: { LaunchTemplateName: group.templateName, Version: "$Latest" },
      Overrides: overrides,
    };
  });
  const Tags = [...tags].map(([Key, Value]) => ({ Key, Value }));
  return {
    Type: "instant",
    ClientToken: clientToken,
    LaunchTemplateConfigs: configs.filter((config) => (config.Overrides ?? []).length > 0),
    TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: choice.capacityType },
    ...(choice.capacityType === "spot"
      ? { SpotOptions: { AllocationStrategy: "price-capacity-optimized" } }
      : { OnDemandOptions: { AllocationStrategy: "lowest-price" } }),
    TagSpecifications: (["fleet", "instance", "volume"] as const).map((ResourceType) => ({ ResourceType, Tags })),
  };
}

function subnetByZone(subnets: readonly NodeSubnet[]): ReadonlyMap<string, NodeSubnet> {
  const byZone = new Map<string, NodeSubnet>();
  for (const subnet of subnets) if (!byZone.has(subnet.zone)) byZone.set(subnet.zone, subnet);
  return byZone;
}

function overridesOf(
  { imageId, options }: TemplateGroup,
  byZone: ReadonlyMap<string, NodeSubnet>,
): FleetLaunchTemplateOverridesRequest[] {
  return options.flatMap(({ type, offerings }) =>
    offerings.flatMap(({ zone }) => {
      const subnet = byZone.get(zone);
      if (subnet === undefined) return [];
      return [{ InstanceType: type.name as "m5.large", SubnetId: subnet.id, AvailabilityZone: zone, ImageId: imageId }];
    }),
  );
}
