import type {
  AssumedRoleUser,
  AssumeRoleCommandInput,
  AssumeRoleCommandOutput,
  AssumeRoleWithWebIdentityCommandInput,
  AssumeRoleWithWebIdentityCommandOutput,
  GetCallerIdentityCommandInput,
  GetCallerIdentityCommandOutput,
  Credentials as StsCredentials,
} from "@aws-sdk/client-sts";
import type { Clock } from "@nodeless/environment";
import type { ClusterEndpoint } from "../contract.ts";
import type { IamService } from "../iam/iam.ts";
import type { RoleRecord } from "../iam/records.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import type { Credentials, SessionRecord } from "./credentials.ts";
import { checkToken, invalidToken, parseToken } from "./web-identity.ts";

export interface StsDependencies {
  readonly iam: Pick<IamService, "roleByArn" | "trusts" | "oidcProviderOf">;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly accountId: string;
  /** The running cluster whose service accounts an issuer signs for. */
  readonly clusterOfIssuer: (issuer: string) => Pick<ClusterEndpoint, "jwks"> | undefined;
}

const SESSION_SECONDS_DEFAULT = 3_600;
const SESSION_SECONDS_MIN = 900;

export function stsHandlers(sts: StsDependencies): HandlerMap {
  return {
    GetCallerIdentity: getCallerIdentity(sts),
    AssumeRole: assumeRole(sts),
    AssumeRoleWithWebIdentity: assumeRoleWithWebIdentity(sts),
  };
}

function getCallerIdentity(
  sts: StsDependencies,
): Handler<GetCallerIdentityCommandInput, GetCallerIdentityCommandOutput> {
  return (_input, { callerArn }) => ({
    UserId: sts.credentials.userIdOf(callerArn) ?? "AIDANODELESSLOCALUSER",
    Account: sts.accountId,
    Arn: callerArn,
  });
}

function assumeRole(sts: StsDependencies): Handler<AssumeRoleCommandInput, AssumeRoleCommandOutput> {
  return (input, { callerArn }) => {
    const arn = input.RoleArn ?? "";
    const sessionName = checkSessionName(input.RoleSessionName);
    const role = sts.iam.roleByArn(arn);
    const principals = [callerArn, roleOfSession(callerArn), `arn:aws:iam::${sts.accountId}:root`, sts.accountId];
    const context = new Map([["sts:RoleSessionName", sessionName]]);
    if (input.ExternalId !== undefined) context.set("sts:ExternalId", input.ExternalId);
    const request = { action: "sts:AssumeRole", principalKind: "AWS", principals, context } as const;
    if (role === undefined || !sts.iam.trusts(arn, request))
      throw new AwsError(
        "AccessDenied",
        `User: ${callerArn} is not authorized to perform: sts:AssumeRole on resource: ${arn}`,
        403,
      );
    const session = openSession(sts, role, { sessionName, durationSeconds: input.DurationSeconds });
    return { Credentials: credentialsView(session), AssumedRoleUser: userView(session) };
  };
}

function assumeRoleWithWebIdentity(
  sts: StsDependencies,
): Handler<AssumeRoleWithWebIdentityCommandInput, AssumeRoleWithWebIdentityCommandOutput> {
  return async (input) => {
    const sessionName = checkSessionName(input.RoleSessionName);
    const token = parseToken(input.WebIdentityToken ?? "");
    const { issuer, subject, audiences } = token.claims;
    const provider = sts.iam.oidcProviderOf(issuer);
    if (provider === undefined) throw invalidToken(`No OpenIDConnect provider found in your account for ${issuer}`);
    const cluster = sts.clusterOfIssuer(issuer);
    if (cluster === undefined)
      throw new AwsError("IDPCommunicationError", `No running cluster answers for the issuer ${issuer}`);
    const { keys } = await cluster.jwks();
    checkToken(token, { keys, now: sts.clock.now() });
    const audience = audiences.find((candidate) => provider.clientIds.includes(candidate));
    if (audience === undefined) throw invalidToken("Incorrect token audience");
    const arn = input.RoleArn ?? "";
    const role = sts.iam.roleByArn(arn);
    const context = new Map([
      [`${provider.url}:aud`, audience],
      [`${provider.url}:sub`, subject],
      ["sts:RoleSessionName", sessionName],
    ]);
    const principals = [provider.arn];
    const request = {
      action: "sts:AssumeRoleWithWebIdentity",
      principalKind: "Federated",
      principals,
      context,
    } as const;
    if (role === undefined || !sts.iam.trusts(arn, request))
      throw new AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403);
    const session = openSession(sts, role, { sessionName, durationSeconds: input.DurationSeconds });
    return {
      Credentials: credentialsView(session),
      AssumedRoleUser: userView(session),
      SubjectFromWebIdentityToken: subject,
      Audience: audience,
      Provider: provider.arn,
    };
  };
}

function openSession(
  sts: StsDependencies,
  role: RoleRecord,
  {
    sessionName,
    durationSeconds = SESSION_SECONDS_DEFAULT,
  }: { sessionName: string; durationSeconds: number | undefined },
): SessionRecord {
  if (durationSeconds < SESSION_SECONDS_MIN)
    throw validation(
      `1 validation error detected: Value '${durationSeconds}' at 'durationSeconds' failed to satisfy constraint: Member must have value greater than or equal to ${SESSION_SECONDS_MIN}`,
    );
  if (durationSeconds > role.maxSessionSeconds)
    throw validation("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.");
  return sts.credentials.open({
    arn: `arn:aws:sts::${sts.accountId}:assumed-role/${role.name}/${sessionName}`,
    userId: `${role.id}:${sessionName}`,
    durationSeconds,
  });
}

function checkSessionName(name: string | undefined): string {
  if (name !== undefined && /^[\w+=,.@-]{2,64}$/.test(name)) return name;
  throw validation(
    `1 validation error detected: Value '${name}' at 'roleSessionName' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]*`,
  );
}

function validation(message: string): AwsError {
  return new AwsError("ValidationError", message, 400);
}

/** Role ARN of a session (without the role's path, which the session's ARN does not tell); other ARNs stay. */
function roleOfSession(arn: string): string {
  return arn.replace(/^arn:([^:]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, "arn:$1:iam::$2:role/$3");
}

function credentialsView(session: SessionRecord): StsCredentials {
  return {
    AccessKeyId: session.accessKeyId,
    SecretAccessKey: session.secretAccessKey,
    SessionToken: session.sessionToken,
    Expiration: new Date(session.expiresAt),
  };
}

function userView(session: SessionRecord): AssumedRoleUser {
  return { AssumedRoleId: session.userId, Arn: session.arn };
}
