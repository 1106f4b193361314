import { createHash } from "node:crypto";
import { groupVersionOf } from "@nodeless/api";
import { encodeJson } from "../cache/stored-object.ts";
import { type ServedVersion, servedGroups } from "../discovery/group-versions.ts";
import type { ServedKinds } from "../kind-registry.ts";
import type { ParsedUrl } from "../request/request-info.ts";
import { jsonResponse, textResponse } from "../request/responses.ts";
import type { ApiRequest, ApiResponse } from "../server.ts";
import { groupVersionDocument } from "./document.ts";

interface Entry {
  readonly served: ServedVersion;
  readonly hash: string;
  body?: Uint8Array;
}

const V2_PROTOBUF = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf";
/** The same without the `@`, which is no legal media type: what servers answer. */
const V2_PROTOBUF_ANSWER = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf";

/**
 * `/openapi/v2` as kubectl asks for it when v3 does not know a kind: `v1 List`, and kinds whose definition is not installed. It looks the
 * kind up, finds nothing, and goes on to the message that helps ("ensure CRDs are installed first"); a 404 would end it before.
 * Source of the field numbers: github.com/google/gnostic-models openapiv2/OpenAPIv2.proto (Document 1 swagger, 2 info; Info 1 title, 2 version).
 */
function emptyV2(version: string): ApiResponse {
  const info = [...protobufText(1, "Kubernetes"), ...protobufText(2, version)];
  const body = new Uint8Array([...protobufText(1, "2.0"), (2 << 3) | 2, info.length, ...info]);
  return { status: 200, headers: { "content-type": V2_PROTOBUF_ANSWER }, body };
}

/** One string field, shorter than 128 bytes. */
function protobufText(field: number, text: string): readonly number[] {
  const bytes = new TextEncoder().encode(text);
  return [(field << 3) | 2, bytes.length, ...bytes];
}

/** `/openapi/v3`: an index, and one document per group and version, built when somebody asks for it. */
export class OpenApi {
  readonly #kinds: ServedKinds;
  readonly #version: string;
  #generation = 0;
  /** By `api/v1` or `apis/<group>/<version>`. */
  #entries = new Map<string, Entry>();

  constructor(options: { readonly kinds: ServedKinds; readonly version: string }) {
    this.#kinds = options.kinds;
    this.#version = options.version;
  }

  /** Undefined if the path is no OpenAPI path. */
  handle({ segments, query }: ParsedUrl, { headers }: ApiRequest): ApiResponse | undefined {
    if (segments[0] !== "openapi") return undefined;
    if (segments[1] === "v2" && headers?.["accept"]?.includes(V2_PROTOBUF) === true) return emptyV2(this.#version);
    if (segments[1] !== "v3") return textResponse(404, "404 page not found\n");
    this.#refresh();
    if (segments.length === 2) return jsonResponse(200, this.#index());
    const path = segments.slice(2).join("/");
    const entry = this.#entries.get(path);
    if (entry === undefined) return textResponse(404, "404 page not found\n");
    return this.#document(entry, { hash: query.get("hash"), known: headers?.["if-none-match"] });
  }

  #refresh(): void {
    if (this.#generation === this.#kinds.generation) return;
    this.#generation = this.#kinds.generation;
    const before = this.#entries;
    this.#entries = new Map();
    for (const { group, versions } of servedGroups(this.#kinds.all()))
      for (const served of versions) {
        const path = group === "" ? `api/${served.version}` : `apis/${group}/${served.version}`;
        const hash = this.#hashOf(served);
        const old = before.get(path);
        this.#entries.set(path, old?.hash === hash ? old : { served, hash });
      }
  }

  /** Changes with everything the document depends on. Built-in schemas only change with the program. */
  #hashOf({ kinds }: ServedVersion): string {
    const hash = createHash("sha256").update(this.#version);
    for (const kind of kinds) {
      hash.update(`${groupVersionOf(kind)} ${kind.resource} ${kind.verbs.join()} ${JSON.stringify(kind.subresources)}`);
      if (kind.custom) hash.update(JSON.stringify(kind.openApiSchemas()));
    }
    return hash.digest("hex").toUpperCase();
  }

  #index(): unknown {
    const paths = [...this.#entries].map(([path, { hash }]) => [
      path,
      { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
    ]);
    return { paths: Object.fromEntries(paths) };
  }

  #document(entry: Entry, request: { readonly hash: string | null; readonly known: string | undefined }): ApiResponse {
    const etag = `"${entry.hash}"`;
    const caching: Readonly<Record<string, string>> =
      request.hash === entry.hash
        ? { "cache-control": "public, immutable", expires: "Fri, 31 Dec 2100 23:59:59 GMT" }
        : { "cache-control": "no-cache, private" };
    const common = { etag, vary: "Accept", ...caching };
    if (request.known === etag) return { status: 304, headers: common, body: new Uint8Array() };
    entry.body ??= encodeJson(groupVersionDocument(entry.served.kinds, this.#version));
    return { status: 200, headers: { ...common, "content-type": "application/json" }, body: entry.body };
  }
}
