import { AwsError } from "./aws-error.ts";
import type { WireProtocol } from "./service-model.ts";
import { headerOf, type WireRequest } from "./wire-message.ts";

/** Keys that the local cloud gave out. */
export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly arn: string;
  /** Of temporary keys. */
  readonly sessionToken: string | undefined;
  readonly expiresAt: Date | undefined;
}

/** Finds keys by their id. */
export type AccessKeyDirectory = (accessKeyId: string) => AccessKey | undefined;

/** Calls that carry no credentials: the token in them is the proof. */
const UNSIGNED_OPERATIONS: ReadonlySet<string> = new Set(["sts.AssumeRoleWithWebIdentity", "sts.AssumeRoleWithSAML"]);
const ANONYMOUS_ARN = "anonymous";

/**
 * ARN of the caller by the access key of the signature. The signature itself is not checked: whoever reaches the loopback port may
 * use the local cloud; keys decide only who one is. Throws the protocol's refusal for missing, unknown or expired keys.
 */
export function callerArn(
  request: WireRequest,
  call: {
    readonly service: string;
    readonly operation: string;
    readonly protocol: WireProtocol;
    readonly keys: AccessKeyDirectory;
    readonly now: Date;
  },
): string {
  if (UNSIGNED_OPERATIONS.has(`${call.service}.${call.operation}`)) return ANONYMOUS_ARN;
  const accessKeyId = accessKeyIdOf(request);
  if (accessKeyId === undefined) throw missingToken(call.protocol);
  const key = call.keys(accessKeyId);
  const sessionToken =
    headerOf(request, "x-amz-security-token") ?? request.query.get("X-Amz-Security-Token") ?? undefined;
  if (key === undefined || key.sessionToken !== sessionToken) throw invalidToken(call.protocol);
  if (key.expiresAt !== undefined && key.expiresAt <= call.now) throw expiredToken(call.protocol);
  return key.arn;
}

function accessKeyIdOf(request: WireRequest): string | undefined {
  const header = headerOf(request, "authorization");
  const credential =
    header === undefined
      ? request.query.get("X-Amz-Credential")
      : /^AWS4-HMAC-SHA256 .*?Credential=([^,\s]+)/.exec(header)?.[1];
  const accessKeyId = credential?.split("/")[0];
  return accessKeyId === "" ? undefined : accessKeyId;
}

function missingToken(protocol: WireProtocol): AwsError {
  const code = protocol.endsWith("Query") ? "MissingAuthenticationToken" : "MissingAuthenticationTokenException";
  return new AwsError(code, "Request is missing Authentication Token", 403);
}

function invalidToken(protocol: WireProtocol): AwsError {
  if (protocol === "ec2Query")
    return new AwsError("AuthFailure", "AWS was not able to validate the provided access credentials", 401);
  const code = protocol === "awsQuery" ? "InvalidClientTokenId" : "UnrecognizedClientException";
  return new AwsError(code, "The security token included in the request is invalid.", 403);
}

function expiredToken(protocol: WireProtocol): AwsError {
  if (protocol === "ec2Query") return new AwsError("RequestExpired", "Request has expired.", 400);
  const code = protocol === "awsQuery" ? "ExpiredToken" : "ExpiredTokenException";
  return new AwsError(code, "The security token included in the request is expired", 403);
}
