import type { Draft, KubernetesObject } from "@nodeless/api";
import type { FieldErrors } from "./field-errors.ts";
import type { TableColumn } from "./kind.ts";

/** One column and how its cell is read from an object. */
export interface ColumnRule<T> {
  readonly column: TableColumn;
  readonly cell: (object: T, now: Date) => unknown;
}

/** Checks a name and answers the violated rules; `prefix` is true for generateName, where a trailing dash is fine. */
export type NameRule = (name: string, prefix: boolean) => readonly string[];

type StatusOf<T> = T extends { readonly status?: infer Status } ? NonNullable<Status> : object;

/**
 * What is special about one built-in kind; all of it is optional. Functions that take a draft edit a private copy,
 * so that the kind's own functions stay pure.
 */
export interface KindBehaviour<T extends KubernetesObject> {
  /** Fills in defaults. Must be idempotent. */
  readonly applyDefaults?: (draft: Draft<T>) => void;
  /** After status was dropped and defaults were filled in. */
  readonly prepareForCreate?: (draft: Draft<T>) => void;
  /** What needs the object's uid. */
  readonly completeCreate?: (draft: Draft<T>) => void;
  /** After the old status (main endpoint) was kept. */
  readonly prepareForUpdate?: (draft: Draft<T>, old: T) => void;
  /**
   * After a status update took the new status; also its defaults, since nothing else of the object is new. Only members of the status itself may
   * be set: what is in them is shared.
   */
  readonly prepareForStatusUpdate?: (status: Draft<StatusOf<T>>, old: T) => void;
  /** Nodes send their status with the create. */
  readonly keepsStatusOnCreate?: boolean;
  /** Endpoints other than the main one and `status`: which parts of the new object replace those of the old one. */
  readonly subresources?: { readonly [name: string]: (draftOfOld: Draft<T>, object: T) => void };
  /** Rules that hold on create and update of the main endpoint. */
  readonly validate?: (object: T, errors: FieldErrors) => void;
  readonly validateCreate?: (object: T, errors: FieldErrors) => void;
  /** Rules about changes. */
  readonly validateUpdate?: (object: T, old: T, errors: FieldErrors, subresource: string) => void;
  /** Default: a DNS-1123 subdomain. */
  readonly nameRule?: NameRule;
  readonly selectableFields?: { readonly [field: string]: (object: T) => string };
  /** Default: Name and Age. */
  readonly columns?: readonly ColumnRule<T>[];
  readonly storageForm?: {
    readonly toStorage: (object: T) => KubernetesObject;
    readonly fromStorage: (object: KubernetesObject) => T;
  };
}

/** A behaviour whose object type has been forgotten: the registry only hands it objects that were decoded as that type. */
export type AnyBehaviour = KindBehaviour<KubernetesObject>;

/** Forgets the object type, in the one place where that is done. */
export function behaviour<T extends KubernetesObject>(rules: KindBehaviour<T>): AnyBehaviour {
  return rules as unknown as AnyBehaviour;
}
