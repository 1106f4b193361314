import { createHash } from "node:crypto";
import { encodeJson } from "../cache/stored-object.ts";
import type { ServedKinds } from "../kind-registry.ts";
import type { ApiRequest, ApiResponse } from "../server.ts";
import { AGGREGATED_MEDIA_TYPE, groupDiscoveryList, wantsAggregated } from "./aggregated.ts";
import { type ServedGroup, servedGroups } from "./group-versions.ts";
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from "./legacy.ts";

interface Document {
  readonly body: Uint8Array;
  readonly etag: string;
}

/** Says which kinds there are. Documents are built once per change of the kinds. */
export class Discovery {
  readonly #kinds: ServedKinds;
  #generation = 0;
  #groups: readonly ServedGroup[] = [];
  readonly #documents = new Map<string, Document>();

  constructor(kinds: ServedKinds) {
    this.#kinds = kinds;
  }

  /** Undefined if the path is no discovery path. */
  handle(segments: readonly string[], { headers }: ApiRequest): ApiResponse | undefined {
    this.#refresh();
    const aggregated = segments.length === 1 && wantsAggregated(headers?.["accept"]);
    const value = aggregated ? this.#aggregated(segments[0]) : this.#legacy(segments);
    if (value === undefined) return undefined;
    const key = `${segments.join("/")}${aggregated ? " aggregated" : ""}`;
    const { body, etag } = this.#document(key, value);
    const common = { etag, vary: "Accept", "cache-control": "public" };
    if (headers?.["if-none-match"] === etag) return { status: 304, headers: common, body: new Uint8Array() };
    const type = aggregated ? AGGREGATED_MEDIA_TYPE : "application/json";
    return { status: 200, headers: { ...common, "content-type": type }, body };
  }

  #refresh(): void {
    if (this.#generation === this.#kinds.generation) return;
    this.#generation = this.#kinds.generation;
    this.#groups = servedGroups(this.#kinds.all());
    this.#documents.clear();
  }

  #aggregated(root: string | undefined): (() => unknown) | undefined {
    if (root !== "api" && root !== "apis") return undefined;
    return () => groupDiscoveryList(this.#groups.filter(({ group }) => (group === "") === (root === "api")));
  }

  #legacy([root, first, second, ...more]: readonly string[]): (() => unknown) | undefined {
    if (more.length > 0) return undefined;
    if (root === "api" && first === undefined) return apiVersions;
    if (root === "apis" && first === undefined) return () => apiGroupList(this.#groups);
    if (root !== "api" && root !== "apis") return undefined;
    if (root === "api" && second !== undefined) return undefined;
    const [name, version] = root === "api" ? ["", first] : [first, second];
    const group = this.#groups.find((served) => served.group === name);
    if (group === undefined) return undefined;
    if (version === undefined) return () => apiGroup(group);
    const served = group.versions.find((candidate) => candidate.version === version);
    return served === undefined ? undefined : () => apiResourceList(group.group, served);
  }

  #document(key: string, build: () => unknown): Document {
    let document = this.#documents.get(key);
    if (document === undefined) {
      const body = encodeJson(build());
      document = { body, etag: `"${createHash("sha256").update(body).digest("hex").toUpperCase()}"` };
      this.#documents.set(key, document);
    }
    return document;
  }
}
