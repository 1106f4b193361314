import { createHash, createHmac } from "node:crypto";

/** What signs a token: any AWS identity. */
export interface SigningCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface TokenRequest {
  readonly clusterName: string;
  readonly region: string;
  readonly credentials: SigningCredentials;
  readonly now: Date;
}

/** EKS refuses pre-signed URLs older than this; tokens are renewed a minute earlier. */
export const TOKEN_LIFETIME_MS: number = 14 * 60_000;
const EXPIRES_SECONDS = 60;

/**
 * The bearer token EKS accepts: `k8s-aws-v1.` and the base64url of a pre-signed STS GetCallerIdentity URL whose signed header
 * `x-k8s-aws-id` names the cluster. Source: aws-iam-authenticator; the same as `aws eks get-token`.
 */
export function eksToken({ clusterName, region, credentials, now }: TokenRequest): string {
  const host = `sts.${region}.amazonaws.com`;
  const timestamp = `${now.toISOString().replace(/[-:]/g, "").slice(0, 15)}Z`;
  const day = timestamp.slice(0, 8);
  const scope = `${day}/${region}/sts/aws4_request`;
  const query = new Map<string, string>([
    ["Action", "GetCallerIdentity"],
    ["Version", "2011-06-15"],
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${credentials.accessKeyId}/${scope}`],
    ["X-Amz-Date", timestamp],
    ["X-Amz-Expires", String(EXPIRES_SECONDS)],
    ["X-Amz-SignedHeaders", "host;x-k8s-aws-id"],
  ]);
  if (credentials.sessionToken !== undefined) query.set("X-Amz-Security-Token", credentials.sessionToken);
  const canonicalQuery = [...query]
    .map(([key, value]) => `${encode(key)}=${encode(value)}`)
    .sort()
    .join("&");
  const canonicalRequest = [
    "GET",
    "/",
    canonicalQuery,
    `host:${host}`,
    `x-k8s-aws-id:${clusterName}`,
    "",
    "host;x-k8s-aws-id",
    sha256(""),
  ].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", timestamp, scope, sha256(canonicalRequest)].join("\n");
  const key = ["sts", "aws4_request"].reduce(
    (secret, part) => hmac(secret, part),
    hmac(hmac(`AWS4${credentials.secretAccessKey}`, day), region),
  );
  const url = `https://${host}/?${canonicalQuery}&X-Amz-Signature=${hmac(key, toSign).toString("hex")}`;
  return `k8s-aws-v1.${Buffer.from(url).toString("base64url")}`;
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
/** RFC 3986, as SigV4 wants it. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
