import type { KubernetesObject } from "@nodeless/api";
import type { KindDefinition } from "../kinds/kind.ts";
import type { AdmissionAttributes, AdmissionPlugin, UserInfo } from "../server.ts";

/** A plugin's refusal; the client sees 403 unless `code` says otherwise. */
export class AdmissionDeniedError extends Error {
  override readonly name = "AdmissionDeniedError";
  readonly code: number;

  constructor(message: string, options: { readonly code?: number } = {}) {
    super(message);
    this.code = options.code ?? 403;
  }
}

/** Built-in plugins in their fixed order, then the injected ones in order of name. */
export class AdmissionChain {
  readonly #builtin: readonly AdmissionPlugin[];
  #injected: readonly AdmissionPlugin[] = [];

  constructor(builtin: readonly AdmissionPlugin[], injected: readonly AdmissionPlugin[]) {
    this.#builtin = builtin;
    for (const plugin of injected) this.add(plugin);
  }

  add(plugin: AdmissionPlugin): void {
    this.#injected = [...this.#injected, plugin].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The object as the plugins leave it. Throws StatusError or AdmissionDeniedError. */
  async admit(attributes: AdmissionAttributes): Promise<KubernetesObject | undefined> {
    let object = attributes.object;
    for (const plugin of [...this.#builtin, ...this.#injected]) {
      const answer = plugin.admit({ ...attributes, object });
      const changed = answer instanceof Promise ? await answer : answer;
      if (changed !== undefined) object = changed;
    }
    return object;
  }
}

/** Attributes of a request for one object of a kind. */
export function attributesOf(
  definition: KindDefinition,
  request: {
    readonly operation: AdmissionAttributes["operation"];
    readonly subresource: string;
    readonly namespace: string;
    readonly name: string;
    readonly user: UserInfo;
    readonly dryRun: boolean;
    readonly object: KubernetesObject | undefined;
    readonly oldObject: KubernetesObject | undefined;
  },
): AdmissionAttributes {
  return {
    ...request,
    group: definition.group,
    version: definition.version,
    resource: definition.resource,
    namespace: definition.namespaced ? request.namespace : undefined,
  };
}
