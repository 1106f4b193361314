import type { Filter } from "@aws-sdk/client-ec2";

/** EC2 filters for a term's tags: all must match; `*` asks for the key only. */
export function tagFilters(tags: Readonly<Record<string, string>> | undefined): Filter[] {
  return Object.entries(tags ?? {}).map(([key, value]) =>
    value === "*" ? { Name: "tag-key", Values: [key] } : { Name: `tag:${key}`, Values: [value] },
  );
}
