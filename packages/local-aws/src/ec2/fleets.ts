import type {
  CreateFleetCommandInput,
  CreateFleetCommandOutput,
  CreateFleetError,
  CreateFleetInstance,
  FleetLaunchTemplateOverridesRequest,
  LaunchTemplateAndOverridesResponse,
} from "@aws-sdk/client-ec2";
import { uuid } from "@nodeless/environment";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import type { Ec2Core, Operations } from "./ec2-core.ts";
import { idempotencyMismatch, invalidParameter, missingParameter } from "./ec2-error.ts";
import { type FleetCandidate, orderCandidates } from "./fleet-choice.ts";
import { newReservationId } from "./instance-life.ts";
import { abandonInstance, launchInstance } from "./launch.ts";
import { findTemplate, versionOf } from "./launch-templates.ts";
import type { LaunchTemplateRecord, LaunchTemplateVersionRecord } from "./records.ts";
import { launchTags, mergedData } from "./run-instances.ts";

export const FLEET_OPERATIONS: Operations = { CreateFleet: createFleet };

/** EC2's limits for an instant fleet. */
const OVERRIDES_MAX = 300;
const TARGET_MAX = 1000;

interface FleetConfig {
  readonly template: LaunchTemplateRecord;
  readonly version: LaunchTemplateVersionRecord;
  readonly overrides: readonly FleetLaunchTemplateOverridesRequest[];
}

/**
 * Launches at once what it can and answers with instances and, beside them, one error per override that was tried in vain. The whole answer
 * is remembered by ClientToken.
 */
function createFleet(core: Ec2Core, input: CreateFleetCommandInput): Answer<CreateFleetCommandOutput> {
  if (input.Type !== "instant")
    throw new AwsError("InvalidParameterValue", `local EC2 serves fleets of type instant only, not '${input.Type}'`);
  return core.state.tokens.once(
    { operation: "CreateFleet", token: input.ClientToken, input },
    () => launchFleet(core, input),
    idempotencyMismatch,
  );
}

function launchFleet(core: Ec2Core, input: CreateFleetCommandInput): Answer<CreateFleetCommandOutput> {
  const configs = fleetConfigs(core, input);
  const target = input.TargetCapacitySpecification;
  const total = target?.TotalTargetCapacity;
  if (total === undefined) throw missingParameter("TargetCapacitySpecification.TotalTargetCapacity");
  if (total < 1 || total > TARGET_MAX) throw invalidParameter(`Invalid total target capacity: ${total}`);
  const byDefault = target?.DefaultTargetCapacityType === "spot" ? "spot" : "on-demand";
  const spot = target?.SpotTargetCapacity ?? (byDefault === "spot" ? total - (target?.OnDemandTargetCapacity ?? 0) : 0);
  const launch: FleetLaunch = {
    core,
    input,
    configs,
    fleetId: `fleet-${uuid(core.random)}`,
    reservationId: newReservationId(core),
    instances: [],
    errors: new Map(),
  };
  fulfil(launch, "on-demand", total - spot);
  fulfil(launch, "spot", spot);
  const least = minimumOf(input);
  if (launch.instances.length < least) {
    // Below MinTargetCapacity an instant fleet launches nothing; by default there is no minimum.
    for (const { instanceId } of launch.instances) abandonInstance(core, instanceId);
    throw new AwsError("UnfulfillableCapacity", "Unable to fulfill the minimum target capacity.");
  }
  return { FleetId: launch.fleetId, Instances: groupInstances(launch), Errors: [...launch.errors.values()] };
}

interface FleetLaunch {
  readonly core: Ec2Core;
  readonly input: CreateFleetCommandInput;
  readonly configs: readonly FleetConfig[];
  readonly fleetId: string;
  readonly reservationId: string;
  readonly instances: { readonly candidate: FleetCandidate; readonly instanceId: string }[];
  /** By candidate and code: each override is reported once. */
  readonly errors: Map<string, CreateFleetError>;
}

function minimumOf(input: CreateFleetCommandInput): number {
  return Math.max(input.SpotOptions?.MinTargetCapacity ?? 0, input.OnDemandOptions?.MinTargetCapacity ?? 0);
}

function fleetConfigs(core: Ec2Core, input: CreateFleetCommandInput): FleetConfig[] {
  const configs = input.LaunchTemplateConfigs ?? [];
  if (configs.length === 0) throw missingParameter("LaunchTemplateConfigs");
  const found = configs.map(({ LaunchTemplateSpecification: reference, Overrides: overrides }) => {
    if (reference === undefined) throw missingParameter("LaunchTemplateSpecification");
    const template = findTemplate(core, reference);
    return { template, version: versionOf(template, reference.Version), overrides: overrides ?? [{}] };
  });
  if (found.reduce((count, config) => count + config.overrides.length, 0) > OVERRIDES_MAX)
    throw invalidParameter(`A fleet takes at most ${OVERRIDES_MAX} overrides`);
  return found;
}

function candidatesOf(launch: FleetLaunch, capacityType: "spot" | "on-demand"): FleetCandidate[] {
  return launch.configs.flatMap(({ version, overrides }, config) =>
    overrides.map((override): FleetCandidate => {
      const instanceType = override.InstanceType ?? (version.data["InstanceType"] as string | undefined);
      if (instanceType === undefined) throw missingParameter("InstanceType");
      const zone = override.AvailabilityZone ?? launch.core.subnets.get(override.SubnetId ?? "")?.zone;
      const subnetFullness =
        override.SubnetId === undefined ? 0 : launch.core.addresses.eighthsTaken(override.SubnetId);
      return { config, override, instanceType, zone, subnetFullness, capacityType };
    }),
  );
}

/** Fills the target from the best candidate on; a candidate that fails once is not tried again. */
function fulfil(launch: FleetLaunch, capacityType: "spot" | "on-demand", target: number): void {
  if (target <= 0) return;
  const { input, core } = launch;
  const options = capacityType === "spot" ? input.SpotOptions : input.OnDemandOptions;
  const strategy = options?.AllocationStrategy ?? "lowest-price";
  let left = target;
  for (const candidate of orderCandidates(candidatesOf(launch, capacityType), { region: core.region, strategy })) {
    while (left > 0) {
      if (!tryCandidate(launch, candidate)) break;
      left -= 1;
    }
    if (left === 0) return;
  }
}

function tryCandidate(launch: FleetLaunch, candidate: FleetCandidate): boolean {
  const { core, input, configs, fleetId, reservationId } = launch;
  const config = configs[candidate.config];
  if (config === undefined) return false;
  const { override } = candidate;
  const maxPrice = override.MaxPrice ?? input.SpotOptions?.MaxTotalPrice;
  const given = override.ImageId === undefined ? {} : { ImageId: override.ImageId };
  try {
    const tags = launchTags(input.TagSpecifications, config.template, config.version);
    const { id } = launchInstance(core, {
      data: mergedData(given, config.version),
      instanceType: candidate.instanceType,
      capacityType: candidate.capacityType,
      subnetId: override.SubnetId,
      zone: override.AvailabilityZone,
      maxPriceUsd: maxPrice === undefined ? undefined : Number(maxPrice),
      reservationId,
      clientToken: input.ClientToken,
      tags: { ...tags, system: [...tags.system, ["aws:ec2:fleet-id", fleetId]] },
    });
    launch.instances.push({ candidate, instanceId: id });
    return true;
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const key = [candidate.config, candidate.instanceType, override.SubnetId, candidate.zone, error.code].join("|");
    launch.errors.set(key, {
      LaunchTemplateAndOverrides: placeView(launch, candidate),
      Lifecycle: candidate.capacityType,
      ErrorCode: error.code,
      ErrorMessage: error.message,
    });
    return false;
  }
}

function placeView(launch: FleetLaunch, candidate: FleetCandidate): LaunchTemplateAndOverridesResponse {
  const config = launch.configs[candidate.config];
  const { override } = candidate;
  return {
    LaunchTemplateSpecification: {
      LaunchTemplateId: config?.template.id,
      Version: String(config?.version.version),
    },
    Overrides: {
      InstanceType: candidate.instanceType as "m5.large",
      SubnetId: override.SubnetId,
      AvailabilityZone: candidate.zone,
      ImageId: override.ImageId,
      MaxPrice: override.MaxPrice,
      Priority: override.Priority,
      WeightedCapacity: override.WeightedCapacity,
    },
  };
}

/** Instances of one override are reported together. */
function groupInstances(launch: FleetLaunch): CreateFleetInstance[] {
  const groups = new Map<FleetCandidate, string[]>();
  for (const { candidate, instanceId } of launch.instances)
    groups.set(candidate, [...(groups.get(candidate) ?? []), instanceId]);
  return [...groups].map(([candidate, InstanceIds]) => ({
    LaunchTemplateAndOverrides: placeView(launch, candidate),
    Lifecycle: candidate.capacityType,
    InstanceType: candidate.instanceType as "m5.large",
    InstanceIds,
  }));
}
