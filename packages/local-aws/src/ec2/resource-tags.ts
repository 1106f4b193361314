import type { Tag, TagSpecification } from "@aws-sdk/client-ec2";
import type { Collection } from "../state/collection.ts";
import { AwsError } from "../wire/aws-error.ts";
import { invalidParameter } from "./ec2-error.ts";

/** AWS's limits. Source: "Tag restrictions", EC2 user guide. */
const TAGS_MAX = 50;
const KEY_LENGTH_MAX = 127;
const VALUE_LENGTH_MAX = 255;

export interface TagRecord {
  readonly resourceId: string;
  readonly resourceType: string;
  /** In order of keys. Pairs, since keys are the user's. */
  readonly tags: readonly (readonly [key: string, value: string])[];
}

/** Tags of all resources, by resource id. */
export class ResourceTags {
  readonly #table: Collection<TagRecord>;

  constructor(table: Collection<TagRecord>) {
    this.#table = table;
  }

  of(resourceId: string): Map<string, string> {
    return new Map(this.#table.get(resourceId)?.tags);
  }

  /** Tags in the SDK's shape. */
  list(resourceId: string): Tag[] {
    return (this.#table.get(resourceId)?.tags ?? []).map(([Key, Value]) => ({ Key, Value }));
  }

  all(): Iterable<TagRecord> {
    return this.#table.values();
  }

  /** Adds or replaces tags. `system` may set `aws:` keys. Throws InvalidParameterValue, TagLimitExceeded. */
  put(
    resource: { readonly id: string; readonly type: string; readonly system?: boolean },
    tags: Iterable<readonly [key: string, value: string]>,
  ): void {
    const merged = this.of(resource.id);
    for (const [key, value] of tags) {
      if (resource.system !== true) checkTag(key, value);
      merged.set(key, value);
    }
    if (merged.size === 0) return;
    if ([...merged.keys()].filter((key) => !key.startsWith("aws:")).length > TAGS_MAX)
      throw new AwsError("TagLimitExceeded", `More than ${TAGS_MAX} tags specified for ${resource.id}`);
    const sorted = [...merged].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#table.put(resource.id, { resourceId: resource.id, resourceType: resource.type, tags: sorted });
  }

  /** Removes a key; with a value only if it has that value. */
  remove(resourceId: string, key: string, value: string | undefined): void {
    const record = this.#table.get(resourceId);
    const kept = record?.tags.filter(([k, v]) => k !== key || (value !== undefined && v !== value)) ?? [];
    if (record === undefined || kept.length === record.tags.length) return;
    if (kept.length === 0) this.#table.delete(resourceId);
    else this.#table.put(resourceId, { ...record, tags: kept });
  }

  drop(resourceId: string): void {
    this.#table.delete(resourceId);
  }
}

function checkTag(key: string, value: string): void {
  if (key === "") throw invalidParameter("Tag key cannot be null or empty");
  if (key.length > KEY_LENGTH_MAX)
    throw invalidParameter(`Tag key exceeds the maximum length of ${KEY_LENGTH_MAX} characters`);
  if (value.length > VALUE_LENGTH_MAX)
    throw invalidParameter(`Tag value exceeds the maximum length of ${VALUE_LENGTH_MAX} characters`);
  if (/^aws:/i.test(key))
    throw invalidParameter(`Tag keys starting with 'aws:' are reserved for internal use: '${key}'`);
}

/** Pairs of the SDK's tags; a missing value is empty. */
export function tagPairs(tags: readonly Tag[] | undefined): [key: string, value: string][] {
  return (tags ?? []).map(({ Key, Value }) => [Key ?? "", Value ?? ""]);
}

/** Tags for one resource type out of a request's TagSpecifications. `allowed`: the types that the operation creates. */
export function specifiedTags(
  specifications: readonly TagSpecification[] | undefined,
  type: string,
  allowed: readonly string[] = [type],
): [key: string, value: string][] {
  for (const { ResourceType } of specifications ?? [])
    if (ResourceType === undefined || !allowed.includes(ResourceType))
      throw invalidParameter(`'${ResourceType ?? ""}' is not a valid taggable resource type for this operation.`);
  return (specifications ?? []).filter((spec) => spec.ResourceType === type).flatMap((spec) => tagPairs(spec.Tags));
}
