import type { Fresh, KubernetesObject, ResourceType } from "@nodeless/api";
import type { KubernetesClient } from "@nodeless/runtime";

/** Finds where kinds live by asking the server; remembers the answers for one run. */
export class ResourceFinder {
  readonly #client: KubernetesClient;
  readonly #groups = new Map<string, Promise<readonly ResourceType[]>>();

  constructor(client: KubernetesClient) {
    this.#client = client;
  }

  /** Undefined when the server does not know the kind. */
  async find(apiVersion: string, kind: string): Promise<ResourceType | undefined> {
    const known = (await this.#resources(apiVersion)).find((resource) => resource.kind === kind);
    if (known !== undefined) return known;
    // A CustomResourceDefinition may have been established since the last look.
    this.#groups.delete(apiVersion);
    return (await this.#resources(apiVersion)).find((resource) => resource.kind === kind);
  }

  #resources(apiVersion: string): Promise<readonly ResourceType[]> {
    const known = this.#groups.get(apiVersion);
    if (known !== undefined) return known;
    const asked = this.#ask(apiVersion);
    this.#groups.set(apiVersion, asked);
    return asked;
  }

  async #ask(apiVersion: string): Promise<readonly ResourceType[]> {
    const path = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    try {
      const list = (await this.#client.raw("GET", path)) as {
        readonly resources?: readonly { readonly name: string; readonly kind: string; readonly namespaced: boolean }[];
      };
      const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["", apiVersion];
      return (list.resources ?? [])
        .filter(({ name }) => !name.includes("/"))
        .map(({ name, kind, namespaced }) => ({
          group: group ?? "",
          version: version ?? "",
          resource: name,
          kind,
          namespaced,
        }));
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 404 || /not found/i.test((error as Error).message)) return [];
      throw error;
    }
  }
}

/** As kubectl asks by default: a misspelt field is refused, not dropped. */
const WRITE = { fieldManager: "nodeless", fieldValidation: "Strict" } as const;

/**
 * Creates the object, or brings the existing one to what the object says (merge patch: fields that the object does not
 * mention stay). Throws the server's ApiStatusError for anything it refuses.
 */
export async function applyObject(
  client: KubernetesClient,
  finder: ResourceFinder,
  object: Fresh<KubernetesObject>,
): Promise<"created" | "configured" | "unchanged"> {
  const type = await finder.find(object.apiVersion, object.kind);
  if (type === undefined)
    throw new Error(
      `the cluster does not know kind ${object.kind} in ${object.apiVersion}: apply its CustomResourceDefinition first, or correct apiVersion and kind`,
    );
  const name = object.metadata.name ?? "";
  const namespace = type.namespaced ? (object.metadata.namespace ?? "default") : undefined;
  const placed = namespace === undefined ? object : { ...object, metadata: { ...object.metadata, namespace } };
  const resource = client.resource(type);
  const existing = name === "" ? undefined : await resource.find({ namespace, name });
  if (existing === undefined) {
    await resource.create(placed, WRITE);
    return "created";
  }
  const patched = await resource.patch({ namespace, name }, "merge", placed, WRITE);
  return patched.metadata.resourceVersion === existing.metadata.resourceVersion ? "unchanged" : "configured";
}
