import type { NodeClaim, Taint } from "@nodeless/api";
import { LABELS, TAINTS } from "@nodeless/api";
import type { CloudInstance, LaunchRequest } from "@nodeless/cloud";
import {
  type InstanceType,
  type Offering,
  type Requirements,
  requirementsFromNodeSelectorRequirements,
} from "@nodeless/scheduling";
import { formatResources, subtractAmounts } from "../provisioning/resource-lists.ts";
import { poolNameOf } from "../state/effective-pools.ts";

/** On every node from its first boot until it is registered, so that nothing lands on it before its real taints are there. */
const UNREGISTERED_TAINT: Taint = { key: TAINTS.unregistered, effect: "NoExecute" };

/** What the cloud is asked for. `instanceTypes` is empty when nothing allowed has an available offering. */
export function launchRequest(claim: NodeClaim, catalog: readonly InstanceType[]): LaunchRequest {
  const { metadata, spec } = claim;
  const requirements = requirementsFromNodeSelectorRequirements(spec.requirements);
  return {
    claimUid: metadata.uid,
    claimName: metadata.name,
    nodePool: poolNameOf(claim) ?? "",
    nodeClass: spec.nodeClassRef.name,
    requirements,
    instanceTypes: launchable(catalog, requirements),
    labels: metadata.labels ?? {},
    taints: [...(spec.taints ?? []), ...(spec.startupTaints ?? []), UNREGISTERED_TAINT].map(
      ({ key, value, effect }) => ({
        key,
        effect,
        ...(value === undefined ? {} : { value }),
      }),
    ),
  };
}

/** Types the claim names, with an available offering inside its zones and capacity types; cheapest such offering first. */
function launchable(catalog: readonly InstanceType[], requirements: Requirements): readonly InstanceType[] {
  const isNamed = ({ name }: InstanceType): boolean => allows(requirements, LABELS.instanceType, name);
  const priced = catalog.filter(isNamed).map((type) => ({ type, price: cheapestUsdPerHour(type, requirements) }));
  return priced
    .filter(({ price }) => price < Number.POSITIVE_INFINITY)
    .sort((a, b) => a.price - b.price || (a.type.name < b.type.name ? -1 : 1))
    .map(({ type }) => type);
}

function cheapestUsdPerHour({ offerings }: InstanceType, requirements: Requirements): number {
  const isAllowed = ({ available, zone, capacityType, zoneId }: Offering): boolean =>
    available &&
    allows(requirements, LABELS.zone, zone) &&
    allows(requirements, LABELS.capacityType, capacityType) &&
    (zoneId === undefined || allows(requirements, LABELS.zoneId, zoneId));
  return Math.min(...offerings.filter(isAllowed).map(({ priceUsdPerHour }) => priceUsdPerHour));
}

function allows(requirements: Requirements, key: string, value: string): boolean {
  const requirement = requirements.get(key);
  return requirement === undefined || requirement.values.has(value) !== requirement.complement;
}

/** Labels a launched instance's node will carry: what its type decides, and where and how it was bought. */
export function launchedLabels(
  instance: CloudInstance,
  type: InstanceType | undefined,
): Readonly<Record<string, string>> {
  const labels = new Map<string, string>();
  for (const { key, complement, values } of type?.requirements.values() ?? []) {
    const [value] = values;
    if (!complement && values.size === 1 && value !== undefined) labels.set(key, value);
  }
  const zoneId = type?.offerings.find(({ zone }) => zone === instance.zone)?.zoneId;
  if (zoneId !== undefined) labels.set(LABELS.zoneId, zoneId);
  labels.set(LABELS.instanceType, instance.instanceType);
  labels.set(LABELS.zone, instance.zone);
  labels.set(LABELS.capacityType, instance.capacityType);
  return Object.fromEntries(labels);
}

/** Capacity, and what is left of it for pods. */
export function launchedAmounts(type: InstanceType | undefined): {
  readonly capacity?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
} {
  if (type === undefined) return {};
  return {
    capacity: formatResources(type.capacity),
    allocatable: formatResources(subtractAmounts(type.capacity, type.overhead)),
  };
}
