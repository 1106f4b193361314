import type {
  CreateQueueCommandInput,
  CreateQueueCommandOutput,
  DeleteQueueCommandInput,
  DeleteQueueCommandOutput,
  GetQueueAttributesCommandInput,
  GetQueueAttributesCommandOutput,
  GetQueueUrlCommandInput,
  GetQueueUrlCommandOutput,
  ListQueuesCommandInput,
  ListQueuesCommandOutput,
  ListQueueTagsCommandInput,
  ListQueueTagsCommandOutput,
  PurgeQueueCommandInput,
  PurgeQueueCommandOutput,
  SetQueueAttributesCommandInput,
  SetQueueAttributesCommandOutput,
  TagQueueCommandInput,
  TagQueueCommandOutput,
  UntagQueueCommandInput,
  UntagQueueCommandOutput,
} from "@aws-sdk/client-sqs";
import { pageOf } from "../state/pages.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import type { Queues } from "./queues.ts";

const QUEUE_NAME = /^[-\w]{1,80}$/;
const QUEUES_PER_PAGE = 1_000;
/** Attributes a caller may set, with the range of those that are numbers. Source: SQS API reference, SetQueueAttributes. */
const SETTABLE: ReadonlyMap<string, readonly [min: number, max: number] | undefined> = new Map([
  ["VisibilityTimeout", [0, 43_200]],
  ["MaximumMessageSize", [1_024, 1_048_576]],
  ["MessageRetentionPeriod", [60, 1_209_600]],
  ["DelaySeconds", [0, 900]],
  ["ReceiveMessageWaitTimeSeconds", [0, 20]],
  ["SqsManagedSseEnabled", undefined],
  ["Policy", undefined],
  ["KmsMasterKeyId", undefined],
  ["KmsDataKeyReusePeriodSeconds", [60, 86_400]],
] as const);

export function queueHandlers(queues: Queues): HandlerMap {
  return {
    CreateQueue: createQueue(queues),
    GetQueueUrl: getQueueUrl(queues),
    ListQueues: listQueues(queues),
    DeleteQueue: deleteQueue(queues),
    GetQueueAttributes: getAttributes(queues),
    SetQueueAttributes: setAttributes(queues),
    PurgeQueue: purgeQueue(queues),
    TagQueue: tagQueue(queues),
    UntagQueue: untagQueue(queues),
    ListQueueTags: listTags(queues),
  };
}

function createQueue(queues: Queues): Handler<CreateQueueCommandInput, CreateQueueCommandOutput> {
  return (input, context) => {
    const name = input.QueueName ?? "";
    if (!QUEUE_NAME.test(name))
      throw new AwsError(
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
      );
    const attributes = checkAttributes(input.Attributes ?? {});
    const existing = queues.records.get(name);
    if (existing === undefined) {
      const createdAt = queues.options.clock.now().toISOString();
      queues.records.put(name, { name, createdAt, attributes, tags: input.tags ?? {} });
    } else if (Object.entries(attributes).some(([key, value]) => queues.attributesOf(existing)[key] !== value))
      throw new AwsError(
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute(s)",
      );
    return { QueueUrl: queues.url(name, context) };
  };
}

function checkAttributes(attributes: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(attributes)) {
    if (!SETTABLE.has(name)) throw new AwsError("InvalidAttributeName", `Unknown Attribute ${name}.`);
    const range = SETTABLE.get(name);
    const number = Number(value);
    if (range !== undefined && !(/^\d+$/.test(value) && number >= range[0] && number <= range[1]))
      throw new AwsError("InvalidAttributeValue", `Invalid value for the parameter ${name}.`);
  }
  return attributes;
}

function getQueueUrl(queues: Queues): Handler<GetQueueUrlCommandInput, GetQueueUrlCommandOutput> {
  return ({ QueueName }, context) => ({ QueueUrl: queues.url(queues.required(QueueName).name, context) });
}

function listQueues(queues: Queues): Handler<ListQueuesCommandInput, ListQueuesCommandOutput> {
  return (input, context) => {
    const prefix = input.QueueNamePrefix ?? "";
    const page = pageOf(
      queues.records.filter(({ name }) => name.startsWith(prefix)),
      {
        key: ({ name }) => name,
        token: input.NextToken,
        size: input.MaxResults ?? QUEUES_PER_PAGE,
        query: prefix,
        invalidToken: () => new AwsError("InvalidParameterValue", "Invalid NextToken"),
      },
    );
    return { QueueUrls: page.items.map(({ name }) => queues.url(name, context)), NextToken: page.nextToken };
  };
}

function deleteQueue(queues: Queues): Handler<DeleteQueueCommandInput, DeleteQueueCommandOutput> {
  return ({ QueueUrl }) => {
    queues.forget(queues.required(QueueUrl).name);
    return {};
  };
}

function getAttributes(queues: Queues): Handler<GetQueueAttributesCommandInput, GetQueueAttributesCommandOutput> {
  return ({ QueueUrl, AttributeNames = [] }) => {
    const wanted = new Set<string>(AttributeNames);
    const all = Object.entries(queues.attributesOf(queues.required(QueueUrl)));
    return { Attributes: Object.fromEntries(all.filter(([name]) => wanted.has("All") || wanted.has(name))) };
  };
}

function setAttributes(queues: Queues): Handler<SetQueueAttributesCommandInput, SetQueueAttributesCommandOutput> {
  return ({ QueueUrl, Attributes = {} }) => {
    const record = queues.required(QueueUrl);
    const attributes = { ...record.attributes, ...checkAttributes(Attributes) };
    queues.records.put(record.name, { ...record, attributes });
    return {};
  };
}

function purgeQueue(queues: Queues): Handler<PurgeQueueCommandInput, PurgeQueueCommandOutput> {
  return ({ QueueUrl }) => {
    queues.messages(queues.required(QueueUrl).name).purge();
    return {};
  };
}

function tagQueue(queues: Queues): Handler<TagQueueCommandInput, TagQueueCommandOutput> {
  return ({ QueueUrl, Tags = {} }) => {
    const record = queues.required(QueueUrl);
    queues.records.put(record.name, { ...record, tags: { ...record.tags, ...Tags } });
    return {};
  };
}

function untagQueue(queues: Queues): Handler<UntagQueueCommandInput, UntagQueueCommandOutput> {
  return ({ QueueUrl, TagKeys = [] }) => {
    const record = queues.required(QueueUrl);
    const tags = Object.fromEntries(Object.entries(record.tags).filter(([key]) => !TagKeys.includes(key)));
    queues.records.put(record.name, { ...record, tags });
    return {};
  };
}

function listTags(queues: Queues): Handler<ListQueueTagsCommandInput, ListQueueTagsCommandOutput> {
  return ({ QueueUrl }) => ({ Tags: { ...queues.required(QueueUrl).tags } });
}
