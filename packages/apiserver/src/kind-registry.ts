import type { KindDefinition, KindRegistry } from "./kinds/kind.ts";

/** The built-in kinds, fixed, and the custom ones, which come and go with their CustomResourceDefinitions. */
export class ServedKinds implements KindRegistry {
  readonly #builtin: readonly KindDefinition[];
  #custom: readonly KindDefinition[] = [];
  #byUrl: ReadonlyMap<string, KindDefinition>;
  #generation = 1;

  constructor(builtin: readonly KindDefinition[]) {
    this.#builtin = builtin;
    this.#byUrl = index(builtin);
  }

  get generation(): number {
    return this.#generation;
  }

  all(): readonly KindDefinition[] {
    return [...this.#builtin, ...this.#custom];
  }

  find(group: string, version: string, resource: string): KindDefinition | undefined {
    return this.#byUrl.get(urlKey({ group, version, resource }));
  }

  /** The version objects of a resource are handled in when no request names one: the first declared. */
  preferred(group: string, resource: string): KindDefinition | undefined {
    return this.all().find((definition) => definition.group === group && definition.resource === resource);
  }

  hasGroupVersion(group: string, version: string): boolean {
    return this.all().some((definition) => definition.group === group && definition.version === version);
  }

  /** Replaces the custom kinds. */
  setCustom(custom: readonly KindDefinition[]): void {
    this.#custom = custom;
    this.#byUrl = index([...this.#builtin, ...custom]);
    this.#generation += 1;
  }
}

function index(definitions: readonly KindDefinition[]): ReadonlyMap<string, KindDefinition> {
  return new Map(definitions.map((definition) => [urlKey(definition), definition]));
}

function urlKey({ group, version, resource }: Pick<KindDefinition, "group" | "version" | "resource">): string {
  return `${group}/${version}/${resource}`;
}
