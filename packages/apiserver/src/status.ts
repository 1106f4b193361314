import type { FieldError } from "./kinds/kind.ts";

/** One cause in `Status.details.causes`. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  /** The plural resource, except for Invalid, where it is the Kind. */
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** A `Status` object as kubectl and client-go read it. Source: k8s.io/apimachinery pkg/apis/meta/v1/types.go. */
export interface StatusObject {
  readonly kind: "Status";
  readonly apiVersion: "v1";
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly status: "Success" | "Failure";
  readonly message?: string;
  readonly reason?: string;
  readonly details?: StatusDetails;
  readonly code: number;
}

/** A resource as error messages name it. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/**
 * A refused request. Caller: send `status` with code `status.code`. Every error an API client sees is made in this file, with the
 * texts of k8s.io/apimachinery pkg/api/errors/errors.go, since kubectl prints `message` verbatim and branches on `reason`.
 */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly status: StatusObject;

  constructor(
    code: number,
    reason: string | undefined,
    message: string,
    options: {
      readonly details?: StatusDetails;
      readonly metadata?: StatusObject["metadata"];
      readonly cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = {
      kind: "Status",
      apiVersion: "v1",
      metadata: options.metadata ?? {},
      status: "Failure",
      message,
      ...(reason === undefined ? {} : { reason }),
      ...(options.details === undefined ? {} : { details: options.details }),
      code,
    };
  }

  get code(): number {
    return this.status.code;
  }

  get reason(): string | undefined {
    return this.status.reason;
  }
}

/** `pods` or `deployments.apps`. */
export function qualifiedResource({ group, resource }: GroupResource): string {
  return group === "" ? resource : `${resource}.${group}`;
}

function named(target: GroupResource, name: string): StatusDetails {
  return { name, ...(target.group === "" ? {} : { group: target.group }), kind: target.resource };
}

export function notFound(target: GroupResource, name: string): StatusError {
  return new StatusError(404, "NotFound", `${qualifiedResource(target)} "${name}" not found`, {
    details: named(target, name),
  });
}

/** A path or method below a known resource that does not exist. */
export function resourceNotFound(): StatusError {
  return new StatusError(404, "NotFound", "the server could not find the requested resource", { details: {} });
}

export function alreadyExists(target: GroupResource, name: string): StatusError {
  return new StatusError(409, "AlreadyExists", `${qualifiedResource(target)} "${name}" already exists`, {
    details: named(target, name),
  });
}

/** Every attempt to make up a name from generateName hit an existing one. */
export function generateNameConflict(target: GroupResource, name: string): StatusError {
  return new StatusError(
    409,
    "AlreadyExists",
    `${qualifiedResource(target)} "${name}" already exists, the server was not able to generate a unique name for the object`,
    { details: { ...named(target, name), retryAfterSeconds: 1 } },
  );
}

const STALE = "the object has been modified; please apply your changes to the latest version and try again";

/** `why` defaults to the text for a stale resourceVersion. */
export function conflict(target: GroupResource, name: string, why: string = STALE): StatusError {
  return new StatusError(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${qualifiedResource(target)} "${name}": ${why}`,
    { details: named(target, name) },
  );
}

/** `kind` is the Kind, e.g. `{ group: "apps", kind: "Deployment" }`. */
export function invalid(
  { group, kind }: { readonly group: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const texts = errors.map(({ field, message }) => (field === "" ? message : `${field}: ${message}`));
  const tail = texts.length === 1 ? texts[0] : `[${texts.join(", ")}]`;
  const qualified = group === "" ? kind : `${kind}.${group}`;
  return new StatusError(422, "Invalid", `${qualified} "${name}" is invalid: ${tail}`, {
    details: {
      name,
      ...(group === "" ? {} : { group }),
      kind,
      causes: errors.map(({ field, reason, message }) => ({ reason, message, field })),
    },
  });
}

/** A patch that cannot be applied (failing test, missing path): 422 with a fixed text and no causes. */
export function patchRejected(): StatusError {
  return new StatusError(422, "Invalid", "the server rejected our request due to an error in our request", {
    details: {},
  });
}

export function badRequest(message: string): StatusError {
  return new StatusError(400, "BadRequest", message);
}

export function unauthorized(): StatusError {
  return new StatusError(401, "Unauthorized", "Unauthorized");
}

/** `name` empty: the whole resource, e.g. a create or a list. */
export function forbidden(target: GroupResource, name: string, why: string): StatusError {
  const subject = name === "" ? qualifiedResource(target) : `${qualifiedResource(target)} "${name}"`;
  return new StatusError(403, "Forbidden", `${subject} is forbidden: ${why}`, {
    details: {
      ...(name === "" ? {} : { name }),
      ...(target.group === "" ? {} : { group: target.group }),
      kind: target.resource,
    },
  });
}

/** A create in a namespace that is going away. */
export function namespaceTerminating(target: GroupResource, name: string, namespace: string): StatusError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const base = forbidden(target, name, why);
  return new StatusError(403, "Forbidden", base.message, {
    details: {
      ...base.status.details,
      causes: [
        {
          reason: "NamespaceTerminating",
          message: `namespace ${namespace} is being terminated`,
          field: "metadata.namespace",
        },
      ],
    },
  });
}

export function methodNotAllowed(): StatusError {
  return new StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {
    details: {},
  });
}

export function notAcceptable(accepted: readonly string[]): StatusError {
  return new StatusError(406, "NotAcceptable", `only the following media types are accepted: ${accepted.join(", ")}`);
}

export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  return new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  );
}

export function requestEntityTooLarge(message = "the request is too large"): StatusError {
  return new StatusError(413, "RequestEntityTooLarge", `Request entity too large: ${message}`);
}

/** 410: the caller starts again with a fresh list. */
export function expired(message = "The resourceVersion for the provided list is too old."): StatusError {
  return new StatusError(410, "Expired", message);
}

/** A resourceVersion from the future. */
export function resourceVersionTooLarge(wanted: number, current: number): StatusError {
  return new StatusError(504, "Timeout", `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    details: {
      causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
      retryAfterSeconds: 1,
    },
  });
}

export function tooManyRequests(
  message: string,
  options: { readonly retryAfterSeconds?: number; readonly causes?: readonly StatusCause[] } = {},
): StatusError {
  return new StatusError(429, "TooManyRequests", message, { details: options });
}

export function internalError(message: string, cause?: unknown): StatusError {
  return new StatusError(500, "InternalError", `Internal error occurred: ${message}`, {
    details: { causes: [{ reason: "", message }] },
    cause,
  });
}

/** A part of the API that this server does not have. `what` names it, `why` says more. */
export function notImplemented(what: string, why = ""): StatusError {
  const message = `${what} is not implemented by this server${why === "" ? "" : `: ${why}`}`;
  return new StatusError(501, "NotImplemented", message, { details: {} });
}

export function serviceUnavailable(message: string): StatusError {
  return new StatusError(503, "ServiceUnavailable", message, { details: { retryAfterSeconds: 1 } });
}

/** The answer to a DELETE that removed the object at once, and to binding and eviction. */
export function success(details?: StatusDetails, code = 200): StatusObject {
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    ...(details === undefined ? {} : { details }),
    code,
  };
}
