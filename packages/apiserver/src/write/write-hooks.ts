import type { KubernetesObject } from "@nodeless/api";
import type { KindDefinition } from "../kinds/kind.ts";

/** What some resources need beyond their KindDefinition because it depends on other objects, e.g. a Service's address. */
export interface WriteHook {
  /** Runs in the synchronous section before the write is accepted. Throws StatusError. */
  beforeCreate?(object: KubernetesObject, context: { readonly dryRun: boolean }): KubernetesObject;
  beforeUpdate?(
    object: KubernetesObject,
    old: KubernetesObject,
    context: { readonly dryRun: boolean },
  ): KubernetesObject;
  /** What a deletion leaves behind in the object when it cannot go at once; throws StatusError to refuse. */
  beforeDelete?(object: KubernetesObject): KubernetesObject;
}

/** Hooks by storage prefix. */
export class WriteHooks {
  readonly #hooks = new Map<string, WriteHook>();

  register(prefix: string, hook: WriteHook): void {
    this.#hooks.set(prefix, hook);
  }

  of(definition: KindDefinition): WriteHook {
    return this.#hooks.get(definition.storagePrefix) ?? {};
  }
}
