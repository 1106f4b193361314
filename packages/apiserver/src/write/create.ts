import type { KubernetesObject } from "@nodeless/api";
import { nameSuffix, uuid } from "@nodeless/environment";
import { attributesOf } from "../admission/admission-chain.ts";
import type { StorageKey, StoredObject } from "../cache/stored-object.ts";
import type { KindDefinition } from "../kinds/kind.ts";
import type { ServerContext } from "../server-context.ts";
import { alreadyExists, generateNameConflict, invalid } from "../status.ts";
import { toStorageVersion } from "../versions/convert.ts";
import { refuseResourceVersionOnCreate, resolveNamespace, stripSystemMetadata, timestamp } from "./metadata.ts";
import type { WriteOptions } from "./write-options.ts";

/** The outcome of a write. `stored` is missing after a dry run. */
export interface WriteResult {
  readonly object: KubernetesObject;
  readonly stored?: StoredObject;
}

/** Longest base of a generated name: 63 characters less the 5 random ones. */
const GENERATED_BASE_MAX = 58;
/** As the real server: eight clashes in a row of 27^5 names mean something else is wrong. */
const NAME_ATTEMPTS = 8;

/** Creates one object. Source of the order of steps: k8s.io/apiserver pkg/registry/generic/registry/store.go and pkg/registry/rest. */
export async function createObject(
  server: ServerContext,
  request: {
    readonly definition: KindDefinition;
    /** The URL's; empty for cluster-scoped kinds. */
    readonly namespace: string;
    /** Decoded and not yet defaulted. */
    readonly object: KubernetesObject;
    readonly options: WriteOptions;
  },
): Promise<WriteResult> {
  const { definition, options } = request;
  refuseResourceVersionOnCreate(request.object);
  const namespace = resolveNamespace(definition, request.object, request.namespace);
  const named = {
    ...request.object,
    metadata: {
      ...stripSystemMetadata(request.object.metadata),
      ...(definition.namespaced ? { namespace } : { namespace: undefined }),
    },
  } as KubernetesObject;
  const admitted = await server.admission.admit(
    attributesOf(definition, {
      operation: "CREATE",
      subresource: "",
      namespace,
      name: named.metadata.name ?? "",
      user: options.user,
      dryRun: options.dryRun,
      object: definition.applyDefaults(named),
      oldObject: undefined,
    }),
  );
  const prepared = definition.prepareForCreate(admitted ?? named);
  // From here to the write nothing awaits: the name is free when the write is accepted.
  const key = chooseKey(server, definition, namespace, prepared);
  const identified = stamp(server, definition, key, prepared);
  const stamped = definition.completeCreate?.(identified) ?? identified;
  const object = server.hooks.of(definition).beforeCreate?.(stamped, options) ?? stamped;
  const errors = [...nameErrors(object), ...definition.validateCreate(object)];
  if (errors.length > 0) throw invalid(definition, key.name, errors);
  if (server.cache.latest(key) !== undefined) throw alreadyExists(definition, key.name);
  if (options.dryRun) return { object };
  const stored = await server.cache.put(key, toStorageVersion(definition, object));
  return { object: stored.object, stored };
}

function chooseKey(
  server: ServerContext,
  definition: KindDefinition,
  namespace: string,
  { metadata }: KubernetesObject,
): StorageKey {
  const key = (name: string): StorageKey => ({ prefix: definition.storagePrefix, namespace, name });
  if (metadata.name !== undefined && metadata.name !== "") return key(metadata.name);
  const base = metadata.generateName ?? "";
  if (base === "") return key("");
  let candidate = "";
  for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt += 1) {
    candidate = `${base.slice(0, GENERATED_BASE_MAX)}${nameSuffix(server.random)}`;
    if (server.cache.latest(key(candidate)) === undefined) return key(candidate);
  }
  throw generateNameConflict(definition, candidate);
}

function nameErrors({ metadata }: KubernetesObject): readonly Parameters<typeof invalid>[2][number][] {
  if (metadata.name !== undefined && metadata.name !== "") return [];
  return [
    {
      field: "metadata.name",
      reason: "FieldValueRequired",
      message: "Required value: name or generateName is required",
    },
  ];
}

function stamp(
  server: ServerContext,
  definition: KindDefinition,
  key: StorageKey,
  object: KubernetesObject,
): KubernetesObject {
  const { namespace: _namespace, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: {
      ...metadata,
      name: key.name,
      ...(definition.namespaced ? { namespace: key.namespace } : {}),
      uid: uuid(server.random),
      creationTimestamp: timestamp(server.clock.now()),
      ...(definition.tracksGeneration ? { generation: 1 } : {}),
    },
  };
}
