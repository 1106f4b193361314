import { AwsError } from "../wire/aws-error.ts";

/** The refusals of EKS that several operations share, in its words. */
export function clusterNotFound(name: string): AwsError {
  return new AwsError("ResourceNotFoundException", `No cluster found for name: ${name}.`, 404, { clusterName: name });
}

export function invalidParameter(message: string, details: Readonly<Record<string, unknown>> = {}): AwsError {
  return new AwsError("InvalidParameterException", message, 400, details);
}

export function invalidRequest(message: string): AwsError {
  return new AwsError("InvalidRequestException", message, 400);
}

export function inUse(message: string, details: Readonly<Record<string, unknown>> = {}): AwsError {
  return new AwsError("ResourceInUseException", message, 409, details);
}

export function notFound(message: string, details: Readonly<Record<string, unknown>> = {}): AwsError {
  return new AwsError("ResourceNotFoundException", message, 404, details);
}

export function overLimit(message: string): AwsError {
  return new AwsError("ResourceLimitExceededException", message, 400);
}

/** The same token with another request. */
export function tokenMismatch(): AwsError {
  return invalidRequest("Request token is already used with a different request.");
}
