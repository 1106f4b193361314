import type { CapacityType } from "@nodeless/scheduling";

/** Names one offering of one instance type. */
export interface OfferingKey {
  readonly instanceType: string;
  readonly zone: string;
  readonly capacityType: CapacityType;
}

/** The cloud had no capacity for any allowed offering. Caller: mark the offerings unavailable and plan again. */
export class InsufficientCapacityError extends Error {
  override readonly name = "InsufficientCapacityError";
  /** What was tried and refused; empty when the cloud did not say. */
  readonly offerings: readonly OfferingKey[];

  constructor(offerings: readonly OfferingKey[], options?: ErrorOptions & { readonly message?: string }) {
    super(options?.message ?? `no capacity for ${describeOfferings(offerings)}`, options);
    this.offerings = offerings;
  }
}

/** The node class cannot launch anything yet (or any more). Caller: give the claim up and wait for the class. */
export class NodeClassNotReadyError extends Error {
  override readonly name = "NodeClassNotReadyError";
  readonly nodeClass: string;

  constructor(nodeClass: string, why: string, options?: ErrorOptions) {
    super(`node class ${JSON.stringify(nodeClass)} is not ready: ${why}`, options);
    this.nodeClass = nodeClass;
  }
}

/** The instance is gone, or never was. Caller: finish what waited for its end. */
export class InstanceNotFoundError extends Error {
  override readonly name = "InstanceNotFoundError";
  readonly providerId: string;

  constructor(providerId: string, options?: ErrorOptions) {
    super(`instance ${providerId} is not found`, options);
    this.providerId = providerId;
  }
}

/** Anything else the cloud refused. Caller: show the reason and try again later. */
export class CloudError extends Error {
  override readonly name = "CloudError";
  /** CamelCase, fit for a condition's reason; the cloud's own code where it has one, e.g. `UnauthorizedOperation`. */
  readonly reason: string;

  constructor(reason: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** More are counted, not listed: a claim may allow sixty types in three zones. */
const LISTED_MAX = 3;

function describeOfferings(offerings: readonly OfferingKey[]): string {
  const listed = offerings
    .slice(0, LISTED_MAX)
    .map(({ instanceType, zone, capacityType }) => `${instanceType} ${capacityType} in ${zone}`);
  const more = offerings.length - listed.length;
  if (listed.length === 0) return "any allowed offering";
  return more > 0 ? `${listed.join(", ")} and ${more} more offerings` : listed.join(", ");
}
