import type { CustomResourceDefinition, KubernetesObject } from "@nodeless/api";
import { API_SERVER_USER, SERVER_WRITE } from "../bootstrap.ts";
import type { StoredObject } from "../cache/stored-object.ts";
import { parseStorageKey } from "../cache/stored-object.ts";
import type { ServedKinds } from "../kind-registry.ts";
import type { KindDefinition } from "../kinds/kind.ts";
import type { ServerContext } from "../server-context.ts";
import { StatusError } from "../status.ts";
import { deleteObject } from "../write/delete.ts";
import { PLAIN_DELETE } from "../write/delete-options.ts";
import { timestamp } from "../write/metadata.ts";
import { updateObject } from "../write/update.ts";
import type { WriteHook } from "../write/write-hooks.ts";

export const CRD_PREFIX = "apiextensions.k8s.io/customresourcedefinitions";
const CLEANUP = "customresourcecleanup.apiextensions.k8s.io";

/** What definitions mean, as pure functions. */
export interface DefinitionRules {
  /** The kind that one version of a definition serves. */
  kindFromCrd(crd: CustomResourceDefinition, version: string): KindDefinition;
  /** Names and conditions in view of the other definitions. */
  crdStatus(
    crd: CustomResourceDefinition,
    others: readonly CustomResourceDefinition[],
    now: string,
  ): CustomResourceDefinition["status"];
}

interface DefinedKinds {
  /** What the kinds were made from; status changes alone do not make them anew. */
  readonly madeFrom: string;
  readonly kinds: readonly KindDefinition[];
}

/**
 * Keeps the served kinds in step with the CustomResourceDefinitions: in the same tick in which a definition becomes durable its kinds are
 * served, discovered and documented. A deleted definition first takes all its objects with it.
 * Source: kubernetes apiextensions-apiserver pkg/apiserver/customresource_handler.go and pkg/controller/finalizer.
 */
export class CustomResources implements WriteHook {
  readonly #server: ServerContext;
  readonly #kinds: ServedKinds;
  readonly #rules: DefinitionRules;
  readonly #defined = new Map<string, DefinedKinds>();
  readonly #cleaning = new Set<string>();

  constructor(options: { readonly server: ServerContext; readonly rules: DefinitionRules }) {
    this.#server = options.server;
    this.#kinds = options.server.kinds;
    this.#rules = options.rules;
  }

  /** Serves what the store holds and follows its changes. Returns the function that stops following. */
  start(): () => void {
    this.#refresh();
    return this.#server.cache.subscribe(CRD_PREFIX, () => this.#refresh());
  }

  beforeCreate(object: KubernetesObject): KubernetesObject {
    return this.#withStatus(object as CustomResourceDefinition);
  }

  beforeUpdate(object: KubernetesObject): KubernetesObject {
    const crd = object as CustomResourceDefinition;
    return crd.metadata.deletionTimestamp === undefined ? this.#withStatus(crd) : crd;
  }

  beforeDelete(object: KubernetesObject): KubernetesObject {
    const crd = object as CustomResourceDefinition;
    if (crd.metadata.deletionTimestamp !== undefined) return crd;
    const conditions = (crd.status?.conditions ?? []).filter(({ type }) => type !== "Terminating");
    const terminating = {
      type: "Terminating",
      status: "True" as const,
      reason: "InstanceDeletionPending",
      message: "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon",
      lastTransitionTime: timestamp(this.#server.clock.now()),
    };
    const finalizers = [...(crd.metadata.finalizers ?? []).filter((name) => name !== CLEANUP), CLEANUP];
    return {
      ...crd,
      metadata: { ...crd.metadata, finalizers },
      status: { ...crd.status, conditions: [...conditions, terminating] },
    } as CustomResourceDefinition;
  }

  #withStatus(crd: CustomResourceDefinition): KubernetesObject {
    // The validation that follows says what is wrong; until it is put right there is nothing to judge.
    if (this.#crdKind().validateCreate(crd).length > 0) return crd;
    const others = this.#definitions()
      .map(({ object }) => object as CustomResourceDefinition)
      .filter(({ metadata }) => metadata.name !== crd.metadata.name);
    const now = timestamp(this.#server.clock.now());
    return { ...crd, status: this.#rules.crdStatus(crd, others, now) } as CustomResourceDefinition;
  }

  #crdKind(): KindDefinition {
    const definition = this.#kinds.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
    if (definition === undefined) throw new Error("apiextensions.k8s.io/v1 is not served");
    return definition;
  }

  #definitions(): readonly StoredObject[] {
    return this.#server.cache.collection(CRD_PREFIX).list();
  }

  #refresh(): void {
    const present = new Set<string>();
    for (const { key, object } of this.#definitions()) {
      const crd = object as CustomResourceDefinition;
      present.add(key);
      this.#define(key, crd);
      if (crd.metadata.deletionTimestamp !== undefined) this.#clean(key, crd);
    }
    for (const key of this.#defined.keys()) if (!present.has(key)) this.#defined.delete(key);
    this.#kinds.setCustom([...this.#defined.values()].flatMap(({ kinds }) => kinds));
  }

  #define(key: string, crd: CustomResourceDefinition): void {
    const established = crd.status?.conditions?.some(({ type, status }) => type === "Established" && status === "True");
    const terminating = crd.metadata.deletionTimestamp !== undefined;
    const madeFrom = `${crd.metadata.uid} ${crd.metadata.generation} ${established} ${terminating}`;
    if (this.#defined.get(key)?.madeFrom === madeFrom) return;
    const served = established === true ? (crd.spec?.versions ?? []).filter((version) => version.served) : [];
    const kinds = served.map(({ name }) => this.#rules.kindFromCrd(crd, name));
    this.#defined.set(key, { madeFrom, kinds: terminating ? kinds.map(withoutCreate) : kinds });
  }

  /** Deletes the objects, then lets the definition go. Objects with finalizers of their own hold it up. */
  #clean(key: string, crd: CustomResourceDefinition): void {
    if (this.#cleaning.has(key) || !(crd.metadata.finalizers ?? []).includes(CLEANUP)) return;
    this.#cleaning.add(key);
    this.#cleanUp(key, crd)
      .catch((error: unknown) => this.#server.logger.error("could not delete custom resources", { crd: key, error }))
      .finally(() => this.#cleaning.delete(key));
  }

  async #cleanUp(key: string, crd: CustomResourceDefinition): Promise<void> {
    const [version] = crd.spec?.versions ?? [];
    if (version !== undefined) await this.#deleteInstances(this.#rules.kindFromCrd(crd, version.name));
    await updateObject(this.#server, {
      definition: this.#crdKind(),
      key: parseStorageKey(key),
      subresource: "",
      options: SERVER_WRITE,
      isReplace: false,
      trusted: true,
      change: (old) => ({
        ...old,
        metadata: {
          ...old.metadata,
          finalizers: (old.metadata.finalizers ?? []).filter((finalizer) => finalizer !== CLEANUP),
        },
      }),
    });
  }

  async #deleteInstances(definition: KindDefinition): Promise<void> {
    const { cache } = this.#server;
    const collection = cache.collection(definition.storagePrefix);
    const deletions = collection.list().map(({ key }) =>
      deleteObject(this.#server, {
        definition,
        key: parseStorageKey(key),
        options: PLAIN_DELETE,
        user: API_SERVER_USER,
      }).catch((error: unknown) => {
        if (!(error instanceof StatusError) || error.code !== 404) throw error;
      }),
    );
    await Promise.all(deletions);
    if (collection.count === 0) return;
    await new Promise<void>((resolve) => {
      const unsubscribe = cache.subscribe(definition.storagePrefix, () => {
        if (collection.count > 0) return;
        unsubscribe();
        resolve();
      });
    });
  }
}

function withoutCreate(definition: KindDefinition): KindDefinition {
  return { ...definition, verbs: definition.verbs.filter((verb) => verb !== "create") };
}
