import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import type { AccessKey, AccessKeyDirectory } from "../wire/callers.ts";

const TOKEN_PREFIX = "k8s-aws-v1.";
/** A session token makes the longest URLs, about 2,000 characters. */
const TOKEN_LENGTH_MAX = 8_192;
/** EKS takes a token for 15 minutes from its date, whatever `X-Amz-Expires` says. */
const TOKEN_LIFETIME_MS = 15 * 60_000;
/** How far a client's clock may be ahead. */
const CLOCK_SKEW_MS = 5 * 60_000;
const EXPIRES_SECONDS_MAX = 900;
const CLUSTER_HEADER = "x-k8s-aws-id";
const KNOWN_PARAMETERS: ReadonlySet<string> = new Set([
  "action",
  "version",
  "x-amz-algorithm",
  "x-amz-credential",
  "x-amz-date",
  "x-amz-expires",
  "x-amz-security-token",
  "x-amz-signature",
  "x-amz-signedheaders",
  "x-amz-user-agent",
  "x-amz-content-sha256",
]);

/**
 * ARN of who made an EKS token (`aws eks get-token`) for this cluster, or undefined if the token is none, is too old, is for another
 * cluster or is not signed with a key of the local cloud. Rules: aws-iam-authenticator's token verifier.
 */
export function verifyIdentityToken(
  token: string,
  options: { readonly clusterName: string; readonly keys: AccessKeyDirectory; readonly now: Date },
): string | undefined {
  const url = urlOf(token);
  const parameters = url && parametersOf(url);
  if (url === undefined || parameters === undefined) return undefined;
  const signed = readSignature(parameters, options.now);
  if (signed === undefined) return undefined;
  const key = options.keys(signed.accessKeyId);
  if (key === undefined || key.sessionToken !== parameters.get("x-amz-security-token")) return undefined;
  if (key.expiresAt !== undefined && key.expiresAt <= options.now) return undefined;
  const expected = signatureOf(url, { ...signed, key, clusterName: options.clusterName });
  const actual = Buffer.from(parameters.get("x-amz-signature") ?? "");
  return expected.length === actual.length && timingSafeEqual(expected, actual) ? key.arn : undefined;
}

function urlOf(token: string): URL | undefined {
  if (!token.startsWith(TOKEN_PREFIX) || token.length > TOKEN_LENGTH_MAX) return undefined;
  const text = Buffer.from(token.slice(TOKEN_PREFIX.length), "base64url").toString();
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isWeb = url.protocol === "https:" || url.protocol === "http:";
  return isWeb && url.pathname === "/" && url.username === "" && url.hash === "" ? url : undefined;
}

/** Lower-cased parameters; undefined if one is unknown or comes twice. */
function parametersOf(url: URL): ReadonlyMap<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const [name, value] of url.searchParams) {
    const key = name.toLowerCase();
    if (!KNOWN_PARAMETERS.has(key) || parameters.has(key)) return undefined;
    parameters.set(key, value);
  }
  return parameters;
}

interface SignatureFacts {
  readonly accessKeyId: string;
  /** `20260101T000000Z` */
  readonly date: string;
  readonly day: string;
  readonly region: string;
}

function readSignature(parameters: ReadonlyMap<string, string>, now: Date): SignatureFacts | undefined {
  const credential = parameters.get("x-amz-credential")?.split("/") ?? [];
  const [accessKeyId = "", day = "", region = "", service, terminator] = credential;
  const date = parameters.get("x-amz-date") ?? "";
  const fits =
    parameters.get("action") === "GetCallerIdentity" &&
    parameters.get("version") === "2011-06-15" &&
    parameters.get("x-amz-algorithm") === "AWS4-HMAC-SHA256" &&
    parameters.get("x-amz-signedheaders") === `host;${CLUSTER_HEADER}` &&
    credential.length === 5 &&
    service === "sts" &&
    terminator === "aws4_request" &&
    date.startsWith(`${day}T`) &&
    isExpiry(parameters.get("x-amz-expires")) &&
    isRecent(date, now);
  return fits ? { accessKeyId, date, day, region } : undefined;
}

function isExpiry(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,4}$/.test(text) && Number(text) <= EXPIRES_SECONDS_MAX;
}

function isRecent(date: string, now: Date): boolean {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (parts === null) return false;
  const [, year, month, day, hour, minute, second] = parts;
  const ageMs = now.getTime() - Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return ageMs < TOKEN_LIFETIME_MS && ageMs > -CLOCK_SKEW_MS;
}

function signatureOf(
  url: URL,
  options: SignatureFacts & { readonly key: AccessKey; readonly clusterName: string },
): Buffer {
  const { date, day, region, key, clusterName } = options;
  const query = [...url.searchParams]
    .filter(([name]) => name.toLowerCase() !== "x-amz-signature")
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join("&");
  const headers = [`host:${url.host}`, `${CLUSTER_HEADER}:${clusterName}`, ""];
  const request = ["GET", "/", query, ...headers, `host;${CLUSTER_HEADER}`, sha256("")].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", date, `${day}/${region}/sts/aws4_request`, sha256(request)].join("\n");
  const signingKey = [day, region, "sts", "aws4_request"].reduce<string | Buffer>(hmac, `AWS4${key.secretAccessKey}`);
  return Buffer.from(hmac(signingKey, toSign).toString("hex"));
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** RFC 3986, as SigV4 wants it. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
