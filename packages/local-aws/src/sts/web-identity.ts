import { createPublicKey, type JsonWebKey, verify } from "node:crypto";
import { AwsError } from "../wire/aws-error.ts";

/** What a service account token says. */
export interface TokenClaims {
  readonly issuer: string;
  readonly subject: string;
  readonly audiences: readonly string[];
  /** Epoch seconds. */
  readonly expiresAt: number;
  readonly notBefore: number | undefined;
}

/** A token taken apart, not yet trusted. */
export interface ParsedToken {
  readonly claims: TokenClaims;
  readonly algorithm: string;
  readonly keyId: string | undefined;
  readonly signedText: string;
  readonly signature: Uint8Array;
}

/** Service account tokens have about 1,500 characters. IAM's own limit. */
const TOKEN_LENGTH_MAX = 20_000;

/** Takes a JWT apart. Throws InvalidIdentityToken. */
export function parseToken(token: string): ParsedToken {
  const parts = token.split(".");
  const [header = "", payload = "", signature = ""] = parts;
  if (token.length > TOKEN_LENGTH_MAX || parts.length !== 3)
    throw invalidToken("The ID Token provided is not a valid JWT.");
  const head = parsePart(header);
  const body = parsePart(payload);
  const { iss, sub, aud, exp, nbf } = body;
  if (typeof iss !== "string" || typeof sub !== "string" || typeof exp !== "number" || typeof head["alg"] !== "string")
    throw invalidToken("Missing a required claim: iss, sub, aud or exp");
  const audiences = (Array.isArray(aud) ? aud : [aud]).filter((value): value is string => typeof value === "string");
  return {
    claims: {
      issuer: iss,
      subject: sub,
      audiences,
      expiresAt: exp,
      notBefore: typeof nbf === "number" ? nbf : undefined,
    },
    algorithm: head["alg"],
    keyId: typeof head["kid"] === "string" ? head["kid"] : undefined,
    signedText: `${header}.${payload}`,
    signature: Buffer.from(signature, "base64url"),
  };
}

function parsePart(part: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString());
    if (typeof value === "object" && value !== null) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Answered below, like JSON that is no object.
  }
  throw invalidToken("The ID Token provided is not a valid JWT.");
}

/** Checks signature and times. Throws InvalidIdentityToken or ExpiredTokenException. */
export function checkToken(
  token: ParsedToken,
  options: { readonly keys: readonly Readonly<Record<string, unknown>>[]; readonly now: Date },
): void {
  const nowSeconds = options.now.getTime() / 1000;
  const { expiresAt, notBefore } = token.claims;
  if (!options.keys.some((key) => signedBy(token, key)))
    throw invalidToken("Couldn't verify the token's signature with the keys of its issuer.");
  if (expiresAt <= nowSeconds)
    throw new AwsError(
      "ExpiredTokenException",
      `Token expired: current date/time must be before the expiration date/time ${expiresAt}`,
    );
  if (notBefore !== undefined && notBefore > nowSeconds) throw invalidToken("The ID Token provided is not valid yet.");
}

function signedBy(token: ParsedToken, key: Readonly<Record<string, unknown>>): boolean {
  if (token.keyId !== undefined && key["kid"] !== undefined && key["kid"] !== token.keyId) return false;
  const expectedType = token.algorithm === "RS256" ? "RSA" : token.algorithm === "ES256" ? "EC" : undefined;
  // The key's type decides, not the token's word: no algorithm confusion, and never `none`.
  if (expectedType === undefined || key["kty"] !== expectedType) return false;
  try {
    const publicKey = createPublicKey({ key: key as JsonWebKey, format: "jwk" });
    const signed = Buffer.from(token.signedText);
    return verify("sha256", signed, { key: publicKey, dsaEncoding: "ieee-p1363" }, token.signature);
  } catch {
    return false;
  }
}

export function invalidToken(message: string): AwsError {
  return new AwsError("InvalidIdentityToken", message);
}
