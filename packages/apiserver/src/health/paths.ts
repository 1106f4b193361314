import type { ServiceAccountTokens } from "../auth/service-account-tokens.ts";
import type { ParsedUrl } from "../request/request-info.ts";
import { jsonResponse, textResponse } from "../request/responses.ts";
import type { ApiResponse } from "../server.ts";
import { healthResponse } from "./health.ts";
import { versionInfo } from "./version.ts";

const NOTHING_FAILS: ReadonlySet<string> = new Set();

/** What anybody may read: health, version and the keys that others check service-account tokens with. */
export function publicPaths(options: {
  readonly version: string;
  readonly tokens: ServiceAccountTokens;
}): (url: ParsedUrl) => ApiResponse | undefined {
  const { version, tokens } = options;
  return ({ path, segments, query }) => {
    switch (path) {
      case "/version":
      case "/version/":
        return jsonResponse(200, versionInfo(version));
      case "/.well-known/openid-configuration":
        return jsonResponse(200, openIdConfiguration(tokens.issuer));
      case "/openid/v1/jwks":
        return { ...jsonResponse(200, tokens.jwks()), headers: { "content-type": "application/jwk-set+json" } };
      default:
        return healthResponse(segments, { query, failing: NOTHING_FAILS });
    }
  };
}

/** Source: kubernetes pkg/serviceaccount/openidmetadata.go. */
function openIdConfiguration(issuer: string): unknown {
  return {
    issuer,
    jwks_uri: `${issuer}/openid/v1/jwks`,
    response_types_supported: ["id_token"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
}

const PATHS = ["/api", "/api/v1", "/apis", "/healthz", "/livez", "/metrics", "/openapi/v3", "/readyz", "/version"];

/** Other paths, for those who are known. */
export function privatePaths(metrics: () => string): (url: ParsedUrl) => ApiResponse | undefined {
  return ({ path }) => {
    if (path === "/") return jsonResponse(200, { paths: PATHS });
    return path === "/metrics" ? textResponse(200, metrics()) : undefined;
  };
}
