import { encodeJson } from "../cache/stored-object.ts";
import type { ApiResponse } from "../server.ts";
import type { StatusError } from "../status.ts";

const JSON_HEADERS = { "content-type": "application/json", "cache-control": "no-cache, private" } as const;

/** `warnings` become `Warning: 299` headers, which kubectl prints. */
export function jsonResponse(status: number, value: unknown, warnings: readonly string[] = []): ApiResponse {
  return bytesResponse(status, encodeJson(value), warnings);
}

export function bytesResponse(status: number, body: Uint8Array, warnings: readonly string[] = []): ApiResponse {
  const headers = warnings.length === 0 ? JSON_HEADERS : { ...JSON_HEADERS, ...warningHeaders(warnings) };
  return { status, headers, body };
}

/** Many warnings share one header line, as the header's grammar allows. */
export function warningHeaders(warnings: readonly string[]): Readonly<Record<string, string>> {
  if (warnings.length === 0) return {};
  const quoted = warnings.map((text) => `299 - "${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`);
  return { warning: quoted.join(", ") };
}

export function errorResponse({ status }: StatusError): ApiResponse {
  const retry = status.details?.retryAfterSeconds;
  const response = jsonResponse(status.code, status);
  if (retry === undefined) return response;
  return { ...response, headers: { ...response.headers, "retry-after": String(retry) } };
}

export function textResponse(status: number, text: string): ApiResponse {
  return {
    status,
    headers: { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" },
    body: new TextEncoder().encode(text),
  };
}
