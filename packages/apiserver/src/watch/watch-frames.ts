import { groupVersionOf } from "@nodeless/api";
import type { ChangeEvent } from "../cache/collection.ts";
import { encodeJson, type StoredObject } from "../cache/stored-object.ts";
import type { KindDefinition } from "../kinds/kind.ts";
import { encodeObject, storedJson } from "../read/encode.ts";
import { table } from "../read/table.ts";
import type { Representation } from "../request/media-types.ts";
import type { StatusError } from "../status.ts";
import { viewAs } from "../versions/convert.ts";

export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED";

const FRAME_END = Buffer.from("}\n");
const HEADS = {
  ADDED: Buffer.from('{"type":"ADDED","object":'),
  MODIFIED: Buffer.from('{"type":"MODIFIED","object":'),
  DELETED: Buffer.from('{"type":"DELETED","object":'),
} as const;

/** A line with what it says, for readers in this process. A member of it, not a WeakMap: a collector walks those again and again. */
type Line = Uint8Array & { [SAYS]?: { readonly type: WatchEventType; readonly object: unknown } };
const SAYS: unique symbol = Symbol("says");

/** The event that a line of a watch is the JSON of, if it shows a stored object. Shared by all watches: read-only. */
export function watchEventOf(line: Line): unknown {
  return line[SAYS];
}

/** Turns changes into the lines of one watch. Lines are shared by all watches with the same representation. */
export class WatchFrames {
  readonly #definition: KindDefinition;
  readonly #representation: Representation;
  readonly #now: () => Date;
  readonly #cacheKey: string;

  constructor(options: {
    readonly definition: KindDefinition;
    readonly representation: Representation;
    readonly now: () => Date;
  }) {
    const { definition, representation } = options;
    this.#definition = definition;
    this.#representation = representation;
    this.#now = options.now;
    this.#cacheKey = [groupVersionOf(definition), ...Object.values(representation)].join(" ");
  }

  /** A present object, as the first events of a watch show it. */
  initial(stored: StoredObject): Uint8Array {
    return this.#frame("ADDED", stored);
  }

  change(type: WatchEventType, event: ChangeEvent): Uint8Array {
    const key = `${type} ${this.#cacheKey}`;
    const known = event.encodings.get(key);
    if (known !== undefined) return known;
    const frame = this.#frame(type, event.current);
    event.encodings.set(key, frame);
    return frame;
  }

  /** An object left the selection: its last matching state, with the revision of the change. */
  left(event: ChangeEvent, lastMatch: StoredObject): Uint8Array {
    const { object } = lastMatch;
    const versioned = { ...object, metadata: { ...object.metadata, resourceVersion: String(event.revision) } };
    const body = encodeObject(this.#definition, viewAs(this.#definition, versioned), {
      representation: this.#representation,
      now: this.#now(),
    });
    return Buffer.concat([HEADS.DELETED, body, FRAME_END]);
  }

  #frame(type: WatchEventType, stored: StoredObject): Uint8Array {
    const body =
      this.#representation.kind === "object"
        ? storedJson(this.#definition, stored)
        : encodeObject(this.#definition, viewAs(this.#definition, stored.object), {
            representation: this.#representation,
            now: this.#now(),
          });
    const line: Line = Buffer.concat([HEADS[type], body, FRAME_END]);
    const { parsed } = stored;
    if (parsed !== undefined && this.#representation.kind === "object")
      line[SAYS] = { type, object: viewAs(this.#definition, parsed) };
    return line;
  }

  bookmark(revision: number, annotations?: Readonly<Record<string, string>>): Uint8Array {
    const metadata = {
      resourceVersion: String(revision),
      creationTimestamp: null,
      ...(annotations === undefined ? {} : { annotations }),
    };
    return encodeJsonLine({ type: "BOOKMARK", object: this.#emptyObject(metadata) });
  }

  #emptyObject(metadata: unknown): unknown {
    switch (this.#representation.kind) {
      case "object":
        return { kind: this.#definition.kind, apiVersion: groupVersionOf(this.#definition), metadata };
      case "partial":
        return { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata };
      case "table":
        return table(this.#definition, [], { representation: this.#representation, now: this.#now(), metadata });
    }
  }
}

export function errorFrame({ status }: StatusError): Uint8Array {
  return encodeJsonLine({ type: "ERROR", object: status });
}

function encodeJsonLine(value: unknown): Uint8Array {
  return Buffer.concat([encodeJson(value), Buffer.from("\n")]);
}
