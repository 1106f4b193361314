import { LABELS } from "@nodeless/api";
import type { InstanceType, Offering, Requirements } from "@nodeless/scheduling";
import { compatibleOfferings } from "@nodeless/scheduling";

/** A fleet takes more, but every type adds to the request. Source: Karpenter AWS provider, MaxInstanceTypes. */
const INSTANCE_TYPES_MAX = 60;
/** Fewer types than this on on-demand after spot: upstream warns that the pool is not flexible enough. */
export const FLEXIBLE_TYPES_MIN = 5;

/** One type with the offerings a launch may take, all of one capacity type, cheapest first. */
export interface LaunchOption {
  readonly type: InstanceType;
  readonly offerings: readonly Offering[];
}

export interface LaunchChoice {
  readonly capacityType: "spot" | "on-demand";
  /** Cheapest first; empty when nothing is available. */
  readonly options: readonly LaunchOption[];
}

/**
 * What a launch asks the cloud for. In this order: compatible and available; no bare metal or accelerators while plain types are left; no spot
 * dearer than the cheapest on-demand where both are allowed; the 60 cheapest types; spot if there is any, else on-demand. The filters that
 * could break minValues are skipped for pools that set it. Source: karpenter.md §3.12.
 */
export function chooseLaunch(
  types: readonly InstanceType[],
  requirements: Requirements,
  zones: ReadonlySet<string>,
): LaunchChoice {
  const hasMinValues = [...requirements.values()].some((requirement) => requirement.minValues !== undefined);
  const available = types
    .map((type) => ({
      type,
      offerings: compatibleOfferings(type, requirements).filter((offering) => zones.has(offering.zone)),
    }))
    .filter(({ offerings }) => offerings.length > 0);
  const plain = hasMinValues ? available : withoutExotic(available);
  const affordable = hasMinValues ? plain : withoutDearSpot(plain);
  const cheapest = affordable.sort((a, b) => lowestPrice(a) - lowestPrice(b) || compare(a.type.name, b.type.name));
  const cut = cheapest.slice(0, INSTANCE_TYPES_MAX);
  const spot = ofCapacityType(cut, "spot");
  return spot.length > 0
    ? { capacityType: "spot", options: spot }
    : { capacityType: "on-demand", options: ofCapacityType(cut, "on-demand") };
}

const EXOTIC_RESOURCES = [
  "nvidia.com/gpu",
  "amd.com/gpu",
  "aws.amazon.com/neuron",
  "aws.amazon.com/neuroncore",
  "habana.ai/gaudi",
];

function withoutExotic(options: readonly LaunchOption[]): LaunchOption[] {
  const plain = options.filter(({ type }) => {
    const [size = ""] = type.requirements.get("karpenter.k8s.aws/instance-size")?.values ?? [];
    return !size.includes("metal") && EXOTIC_RESOURCES.every((resource) => (type.capacity.get(resource) ?? 0) === 0);
  });
  return plain.length > 0 ? plain : [...options];
}

function withoutDearSpot(options: readonly LaunchOption[]): LaunchOption[] {
  const onDemand = options.flatMap(({ offerings }) => offerings.filter(isOnDemand)).map(priceOf);
  if (onDemand.length === 0) return [...options];
  const limit = Math.min(...onDemand);
  return options
    .map(({ type, offerings }) => ({
      type,
      offerings: offerings.filter((offering) => offering.capacityType !== "spot" || priceOf(offering) <= limit),
    }))
    .filter(({ offerings }) => offerings.length > 0);
}

function ofCapacityType(options: readonly LaunchOption[], capacityType: "spot" | "on-demand"): LaunchOption[] {
  return options
    .map(({ type, offerings }) => ({
      type,
      offerings: offerings
        .filter((offering) => offering.capacityType === capacityType)
        .sort((a, b) => priceOf(a) - priceOf(b) || compare(a.zone, b.zone)),
    }))
    .filter(({ offerings }) => offerings.length > 0);
}

const priceOf = (offering: Offering): number => offering.priceUsdPerHour;
const isOnDemand = (offering: Offering): boolean => offering.capacityType === "on-demand";
const lowestPrice = ({ offerings }: LaunchOption): number => Math.min(...offerings.map(priceOf));

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

/** True if the requirements leave the choice between spot and on-demand. */
export function allowsSpot(requirements: Requirements): boolean {
  const requirement = requirements.get(LABELS.capacityType);
  return requirement === undefined || requirement.values.has("spot") !== requirement.complement;
}
