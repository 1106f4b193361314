import type { AwsClientOptions } from "@nodeless/eks";
import type { LocalAws, WireRequest } from "@nodeless/local-aws";

type RequestHandler = NonNullable<AwsClientOptions["requestHandler"]>;

/** What the SDK hands over: an HTTP request that is signed and serialized. */
interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/**
 * Carries requests of the AWS SDK to the local AWS of this process without a socket between them: the same requests and answers byte for byte,
 * without what connections cost, which is a fourth of what a start does.
 */
export function inProcessRequests(aws: Pick<LocalAws, "handle">): RequestHandler {
  const handle = async (request: SdkRequest): Promise<{ readonly response: unknown }> => {
    const { status, headers, body } = await aws.handle(wireRequest(request));
    return {
      response: { statusCode: status, headers, body: typeof body === "string" ? Buffer.from(body) : body },
    };
  };
  return { handle, destroy() {} } as unknown as RequestHandler;
}

function wireRequest({ method, path, query = {}, headers, body }: SdkRequest): WireRequest {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    for (const one of typeof value === "string" || value === null ? [value] : value) parameters.append(name, one ?? "");
  const lowerCase = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { method, path, query: parameters, headers: lowerCase, body: bytesOf(body) };
}

function bytesOf(body: unknown): Uint8Array {
  if (body === undefined || body === null) return new Uint8Array();
  if (typeof body === "string") return Buffer.from(body);
  if (body instanceof Uint8Array) return body;
  throw new TypeError("the local AWS takes requests whose body is text or bytes, not streams");
}
