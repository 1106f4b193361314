import { CloudError } from "@nodeless/cloud";

/** The wire code of an AWS error; EC2's errors carry it as their name. Undefined for anything else. */
export function awsErrorCode(error: unknown): string | undefined {
  return error instanceof Error && "$metadata" in error ? error.name : undefined;
}

const NOT_FOUND: ReadonlySet<string> = new Set([
  "InvalidInstanceID.NotFound",
  "InvalidInstanceID.Malformed",
  "InvalidLaunchTemplateId.NotFound",
  "InvalidLaunchTemplateName.NotFoundException",
  "NoSuchEntity",
  "NoSuchEntityException",
  "ParameterNotFound",
]);

const ALREADY_EXISTS: ReadonlySet<string> = new Set([
  "EntityAlreadyExists",
  "EntityAlreadyExistsException",
  "InvalidLaunchTemplateName.AlreadyExistsException",
]);

/** Codes that say "not here, not now". Source: Karpenter AWS provider 1.14, pkg/errors. */
const NO_CAPACITY: ReadonlySet<string> = new Set([
  "InsufficientInstanceCapacity",
  "MaxSpotInstanceCountExceeded",
  "VcpuLimitExceeded",
  "UnfulfillableCapacity",
  "Unsupported",
  "InsufficientFreeAddressesInSubnet",
  "MaxFleetCountExceeded",
  "ReservationCapacityExceeded",
  // Not in Karpenter's list: the spot price is above what the request allows, which is as good as none.
  "SpotMaxPriceTooLow",
]);

const UNAUTHORIZED: ReadonlySet<string> = new Set([
  "UnauthorizedOperation",
  "AccessDenied",
  "AccessDeniedException",
  "AuthFailure",
]);

/** Launching spot needs a role that AWS makes on first use; without permission for it there is no spot at all. */
export const SPOT_ROLE_MISSING = "AuthFailure.ServiceLinkedRoleCreationNotPermitted";

export const isNotFound = (error: unknown): boolean => NOT_FOUND.has(awsErrorCode(error) ?? "");
export const isAlreadyExists = (error: unknown): boolean => ALREADY_EXISTS.has(awsErrorCode(error) ?? "");
export const isUnauthorized = (error: unknown): boolean => UNAUTHORIZED.has(awsErrorCode(error) ?? "");
export const isNoCapacityCode = (code: string): boolean => NO_CAPACITY.has(code) || code === SPOT_ROLE_MISSING;

/** Anything AWS refused as a CloudError with AWS's code as reason; errors that are already ours and aborts pass through. */
export function cloudError(error: unknown, attempted: string): unknown {
  const code = awsErrorCode(error);
  if (code === undefined) return error;
  const reason = code.replaceAll(/[^A-Za-z0-9]/g, "");
  return new CloudError(reason, `${attempted}: ${code}`, { cause: error });
}
