import type {
  ListTagsForResourceCommandInput,
  ListTagsForResourceCommandOutput,
  TagResourceCommandInput,
  TagResourceCommandOutput,
  UntagResourceCommandInput,
  UntagResourceCommandOutput,
} from "@aws-sdk/client-eks";
import type { Collection } from "../state/collection.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { invalidParameter, notFound } from "./eks-errors.ts";
import type { EksState } from "./eks-state.ts";

interface Tagged {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
}

const TAGS_MAX = 50;

/** Tags of clusters, profiles, add-ons and access entries, by ARN. */
export function tagHandlers(eks: EksState): HandlerMap {
  const tables = [
    eks.clusters,
    eks.profiles,
    eks.addons,
    eks.accessEntries,
  ] as unknown as readonly Collection<Tagged>[];
  const change = (arn: string | undefined, edit: (tags: Tagged["tags"]) => Tagged["tags"]): Tagged["tags"] => {
    for (const table of tables) {
      for (const [id, record] of table.entries()) {
        if (record.arn !== arn) continue;
        const tags = edit(record.tags);
        if (tags !== record.tags) table.put(id, { ...record, tags });
        return tags;
      }
    }
    throw notFound(`No resource found for ARN: ${arn}`);
  };
  const tag: Handler<TagResourceCommandInput, TagResourceCommandOutput> = ({ resourceArn, tags = {} }) => {
    change(resourceArn, (present) => {
      const merged = { ...present, ...tags };
      if (Object.keys(merged).length > TAGS_MAX) throw invalidParameter(`A resource can have at most ${TAGS_MAX} tags`);
      return merged;
    });
    return {};
  };
  const untag: Handler<UntagResourceCommandInput, UntagResourceCommandOutput> = ({ resourceArn, tagKeys = [] }) => {
    change(resourceArn, (present) =>
      Object.fromEntries(Object.entries(present).filter(([key]) => !tagKeys.includes(key))),
    );
    return {};
  };
  const list: Handler<ListTagsForResourceCommandInput, ListTagsForResourceCommandOutput> = ({ resourceArn }) => ({
    tags: { ...change(resourceArn, (present) => present) },
  });
  return { TagResource: tag, UntagResource: untag, ListTagsForResource: list };
}
