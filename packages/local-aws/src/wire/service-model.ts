import { NormalizedSchema } from "@smithy/core/schema";

export type Schema = NormalizedSchema;
type SchemaSource = Parameters<typeof NormalizedSchema.of>[0];

export type WireProtocol = "restJson1" | "awsJson1_0" | "awsJson1_1" | "awsQuery" | "ec2Query";

/** What is known of a service before its schemas are loaded; `test/wire.test.ts` checks it against the SDK client's own settings. */
export interface ServiceDescription {
  /** Key of its handlers: `eks`, `ec2`, `iam`, … */
  readonly name: string;
  readonly protocol: WireProtocol;
  /** `x-amz-target` prefix. */
  readonly target: string;
  /** `Version` parameter of query calls; also accepted for SQS, whose older clients speak query. */
  readonly version: string;
  readonly xmlNamespace: string;
  /** Service in the SigV4 credential scope. */
  readonly signingName: string;
  /** Errors also carry `x-amzn-query-error`, and query requests are understood. */
  readonly queryCompatible: boolean;
  /** Imports the SDK client package, which holds the schemas. Some clients take 0.1 s, hence on first use. */
  readonly load: () => Promise<object>;
}

export interface HttpBinding {
  readonly method: string;
  /** `/clusters/{name}` */
  readonly path: string;
  readonly status: number;
}

export interface OperationModel {
  readonly name: string;
  readonly http: HttpBinding | undefined;
  readonly input: Schema;
  readonly output: Schema;
}

export interface ErrorModel {
  /** Shape name. */
  readonly name: string;
  /** Code on the wire of query protocols; the shape name unless the model says otherwise. */
  readonly wireCode: string;
  readonly status: number;
  readonly schema: Schema;
}

export interface ServiceModel {
  readonly description: ServiceDescription;
  readonly namespace: string;
  readonly operations: ReadonlyMap<string, OperationModel>;
  /** By shape name and by wire code. */
  readonly errors: ReadonlyMap<string, ErrorModel>;
}

/** First elements of the SDK's schema arrays. The encoding is private to the SDK; only this file knows it. */
const OPERATION_KIND = 9;
const ERROR_KIND = -3;

/** Collects operations and errors from the values a client package exports. */
export function readServiceModel(description: ServiceDescription, module: object): ServiceModel {
  const operations = new Map<string, OperationModel>();
  const errors = new Map<string, ErrorModel>();
  let namespace = "";
  for (const value of Object.values(module)) {
    if (!Array.isArray(value)) continue;
    if (value[0] === OPERATION_KIND) {
      const operation = readOperation(value);
      operations.set(operation.name, operation);
      namespace = String(value[1]);
    }
    if (value[0] !== ERROR_KIND) continue;
    const error = readError(value);
    errors.set(error.name, error);
    errors.set(error.wireCode, error);
  }
  if (operations.size === 0) throw new Error(`the SDK client of ${description.name} exports no operation schemas`);
  return { description, namespace, operations, errors };
}

function readOperation(encoded: readonly unknown[]): OperationModel {
  const traits = encoded[3];
  const http = typeof traits === "object" && traits !== null && "http" in traits ? traits.http : undefined;
  const binding = Array.isArray(http)
    ? { method: String(http[0]), path: String(http[1]), status: Number(http[2]) }
    : undefined;
  return {
    name: String(encoded[2]),
    http: binding,
    // Thousands of shapes are never used; wrapping waits until one is.
    get input(): Schema {
      return NormalizedSchema.of(encoded[4] as SchemaSource);
    },
    get output(): Schema {
      return NormalizedSchema.of(encoded[5] as SchemaSource);
    },
  };
}

function readError(encoded: readonly unknown[]): ErrorModel {
  const name = String(encoded[2]);
  const schema = NormalizedSchema.of(encoded as unknown as SchemaSource);
  const { awsQueryError, httpError, error } = schema.getOwnTraits() as {
    readonly awsQueryError?: readonly [string, number];
    readonly httpError?: number;
    readonly error?: string;
  };
  const status = awsQueryError?.[1] ?? httpError ?? (error === "server" ? 500 : 400);
  return { name, wireCode: awsQueryError?.[0] ?? name, status, schema };
}

/** Names of a structure's required members (the SDK lists them first and says how many there are). */
export function requiredMembers(schema: Schema): readonly string[] {
  const encoded: unknown = schema.getSchema();
  if (!Array.isArray(encoded) || !Array.isArray(encoded[4])) return [];
  return encoded[4].slice(0, typeof encoded[6] === "number" ? encoded[6] : 0).map(String);
}
