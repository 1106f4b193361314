import { groupVersionOf, type KubernetesObject } from "@nodeless/api";
import { encodeJson, type StoredObject } from "../cache/stored-object.ts";
import type { KindDefinition } from "../kinds/kind.ts";
import type { Representation } from "../request/media-types.ts";
import { viewAs } from "../versions/convert.ts";
import { partialMetadata, table } from "./table.ts";

/** JSON of a stored object in a version: the stored bytes themselves when they already are that version. */
export function storedJson(definition: KindDefinition, stored: StoredObject): Uint8Array {
  // All other kinds have one version, so that the object need not be looked into.
  if (!definition.custom && definition.storageForm === undefined) return stored.json;
  const view = viewAs(definition, stored.object);
  return view === stored.object ? stored.json : encodeJson(view);
}

/** The whole answer that shows a stored object as it is: bytes for sockets, the object for readers in this process. */
export function storedBody(
  definition: KindDefinition,
  stored: StoredObject,
): { readonly body: Uint8Array; readonly decoded: () => unknown } {
  return { body: storedJson(definition, stored), decoded: () => viewAs(definition, stored.object) };
}

/** A single object in the representation the client asked for. */
export function encodeObject(
  definition: KindDefinition,
  object: KubernetesObject,
  { representation, now }: { readonly representation: Representation; readonly now: Date },
): Uint8Array {
  switch (representation.kind) {
    case "object":
      return encodeJson(object);
    case "partial":
      return encodeJson(partialMetadata(object));
    case "table":
      return encodeJson(table(definition, [object], { representation, now, metadata: listMeta(object) }));
  }
}

function listMeta({ metadata: { resourceVersion } }: KubernetesObject): unknown {
  return { resourceVersion };
}

export interface ListMetadata {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

const COMMA = Buffer.from(",");
const END = Buffer.from("]}");

/** A list; plain ones only join the stored bytes. */
export function encodeList(
  definition: KindDefinition,
  items: readonly StoredObject[],
  options: { readonly representation: Representation; readonly now: Date; readonly metadata: ListMetadata },
): Uint8Array {
  const { representation, now, metadata } = options;
  switch (representation.kind) {
    case "object":
      return joinItems(
        { kind: definition.listKind, apiVersion: groupVersionOf(definition), metadata },
        items.map((stored) => storedJson(definition, stored)),
      );
    case "partial":
      return joinItems(
        { kind: "PartialObjectMetadataList", apiVersion: "meta.k8s.io/v1", metadata },
        items.map((stored) => encodeJson(partialMetadata(stored.object))),
      );
    case "table": {
      const objects = items.map((stored) => viewAs(definition, stored.object));
      return encodeJson(table(definition, objects, { representation, now, metadata }));
    }
  }
}

function joinItems(head: unknown, items: readonly Uint8Array[]): Uint8Array {
  const parts: Uint8Array[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`)];
  for (const [index, item] of items.entries()) {
    if (index > 0) parts.push(COMMA);
    parts.push(item);
  }
  parts.push(END);
  return Buffer.concat(parts);
}
