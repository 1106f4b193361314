import { AwsError } from "../wire/aws-error.ts";
import type { TagRecord } from "./records.ts";

/** Checks an IAM name: `[\w+=,.@-]`, at most `lengthMax`. Throws ValidationError in IAM's words. */
export function checkName(member: string, name: string | undefined, lengthMax: number): string {
  const value = name ?? "";
  if (value.length > lengthMax)
    throw invalid(member, value, `Member must have length less than or equal to ${lengthMax}`);
  if (value.length === 0) throw invalid(member, value, "Member must have length greater than or equal to 1");
  if (!/^[\w+=,.@-]+$/.test(value))
    throw new AwsError(
      "ValidationError",
      `The specified value for ${member} is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-`,
      400,
    );
  return value;
}

/** Checks a path: `/` or `/a/b/`. */
export function checkPath(path: string | undefined): string {
  const value = path ?? "/";
  if (!/^\/(?:[!-~]{1,510}\/)?$/.test(value))
    throw new AwsError(
      "ValidationError",
      "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.",
      400,
    );
  return value;
}

function invalid(member: string, value: string, constraint: string): AwsError {
  return new AwsError(
    "ValidationError",
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`,
    400,
  );
}

interface GivenTag {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

/** IAM's limit of tags per resource. */
const TAGS_MAX = 50;

/** Tags with others added or replaced. Throws InvalidInput for keys AWS reserves, LimitExceeded beyond 50. */
export function withTags(tags: readonly TagRecord[], added: readonly GivenTag[] | undefined): readonly TagRecord[] {
  const merged = new Map(tags.map((tag) => [tag.Key, tag.Value]));
  for (const { Key = "", Value = "" } of added ?? []) {
    if (Key === "" || Key.length > 128 || /^aws:/i.test(Key))
      throw new AwsError("InvalidInput", `Tag key ${JSON.stringify(Key)} is not allowed`);
    merged.set(Key, Value);
  }
  if (merged.size > TAGS_MAX) throw new AwsError("LimitExceeded", `Cannot exceed quota for tags: ${TAGS_MAX}`);
  return [...merged].map(([Key, Value]) => ({ Key, Value }));
}

export function withoutTags(tags: readonly TagRecord[], keys: readonly string[] | undefined): readonly TagRecord[] {
  return tags.filter((tag) => keys?.includes(tag.Key) !== true);
}

/** A copy for an SDK shape, whose lists are mutable. */
export function tagList(tags: readonly TagRecord[]): TagRecord[] {
  return [...tags];
}
