import type {
  ChangeMessageVisibilityCommandInput,
  ChangeMessageVisibilityCommandOutput,
  CreateQueueCommandInput,
  CreateQueueCommandOutput,
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchCommandOutput,
  DeleteMessageCommandInput,
  DeleteMessageCommandOutput,
  DeleteQueueCommandInput,
  DeleteQueueCommandOutput,
  GetQueueAttributesCommandInput,
  GetQueueAttributesCommandOutput,
  GetQueueUrlCommandInput,
  GetQueueUrlCommandOutput,
  ListQueuesCommandInput,
  ListQueuesCommandOutput,
  PurgeQueueCommandInput,
  PurgeQueueCommandOutput,
  ReceiveMessageCommandInput,
  ReceiveMessageCommandOutput,
  SendMessageCommandInput,
  SendMessageCommandOutput,
  SetQueueAttributesCommandInput,
  SetQueueAttributesCommandOutput,
} from "@aws-sdk/client-sqs";
import type { Clock, Random } from "@nodeless/environment";
import { uuid } from "@nodeless/environment";
import type { CloudEvent, EventPublisher } from "../events.ts";
import type { Collection } from "../state/collection.ts";
import type { LocalState } from "../state/local-state.ts";
import { pageOf } from "../state/pages.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { CallContext, Handler, HandlerMap } from "../wire/handlers.ts";
import { MessageQueue, md5, type QueuedMessage } from "./message-queue.ts";

interface QueueRecord {
  readonly name: string;
  readonly createdAt: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface SqsOptions {
  readonly state: LocalState;
  readonly clock: Clock;
  readonly random: Random;
  readonly region: string;
  readonly accountId: string;
}

/** Queues with visibility and long poll. Queues are durable; messages live in memory. Also stands in for EventBridge. */
export interface SqsService extends EventPublisher {
  readonly handlers: HandlerMap;
  /** Ends long polls. */
  close(): void;
}

const DEFAULT_ATTRIBUTES: Readonly<Record<string, string>> = {
  VisibilityTimeout: "30",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  DelaySeconds: "0",
  ReceiveMessageWaitTimeSeconds: "0",
  SqsManagedSseEnabled: "true",
};
const QUEUE_NAME = /^[-\w]{1,80}$/;

export function createSqs(options: SqsOptions): SqsService {
  const queues = new Queues(options);
  return {
    handlers: { ...queueHandlers(queues), ...messageHandlers(queues) },
    publish: (event) => queues.publish(event),
    close: () => queues.close(),
  };
}

class Queues {
  readonly records: Collection<QueueRecord>;
  readonly options: SqsOptions;
  readonly #messages = new Map<string, MessageQueue>();

  constructor(options: SqsOptions) {
    this.options = options;
    this.records = options.state.collection("sqs/queue");
  }

  /** By URL, as every operation names a queue. */
  required(url: string | undefined): QueueRecord {
    const record = this.records.get((url ?? "").split("/").at(-1) ?? "");
    if (record === undefined) throw new AwsError("QueueDoesNotExist", "The specified queue does not exist.");
    return record;
  }

  messages(name: string): MessageQueue {
    const present = this.#messages.get(name);
    if (present !== undefined) return present;
    const made = new MessageQueue(this.options);
    this.#messages.set(name, made);
    return made;
  }

  forget(name: string): void {
    this.records.delete(name);
    this.#messages.get(name)?.close();
    this.#messages.delete(name);
  }

  url(name: string, { host }: CallContext): string {
    return `http://${host}/${this.options.accountId}/${name}`;
  }

  attributesOf(record: QueueRecord): Readonly<Record<string, string>> {
    const { region, accountId } = this.options;
    const created = String(Math.floor(Date.parse(record.createdAt) / 1000));
    return {
      ...DEFAULT_ATTRIBUTES,
      ...record.attributes,
      QueueArn: `arn:aws:sqs:${region}:${accountId}:${record.name}`,
      ApproximateNumberOfMessages: String(this.messages(record.name).size),
      CreatedTimestamp: created,
      LastModifiedTimestamp: created,
    };
  }

  seconds(record: QueueRecord, attribute: string): number {
    return Number(this.attributesOf(record)[attribute] ?? "0");
  }

  /** Into every queue: a queue without a policy is one that this cloud's owner made for it. */
  publish(event: CloudEvent): void {
    const { clock, random, region, accountId } = this.options;
    const body = JSON.stringify({
      version: "0",
      id: uuid(random),
      "detail-type": event.detailType,
      source: event.source,
      account: accountId,
      time: clock.now().toISOString(),
      region,
      resources: event.resources,
      detail: event.detail,
    });
    for (const record of this.records.values()) if (admitsEvents(record)) this.messages(record.name).send(body, 0);
  }

  close(): void {
    for (const queue of this.#messages.values()) queue.close();
  }
}

/** A policy that does not mention EventBridge keeps its events out. */
function admitsEvents({ attributes }: QueueRecord): boolean {
  const policy = attributes["Policy"];
  return policy === undefined || policy === "" || policy.includes("events.amazonaws.com");
}

function queueHandlers(queues: Queues): HandlerMap {
  const createQueue: Handler<CreateQueueCommandInput, CreateQueueCommandOutput> = (input, context) => {
    const name = input.QueueName ?? "";
    if (!QUEUE_NAME.test(name))
      throw new AwsError(
        "InvalidParameterValue",
        "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
      );
    const attributes = input.Attributes ?? {};
    const existing = queues.records.get(name);
    if (
      existing !== undefined &&
      Object.entries(attributes).some(([key, value]) => (queues.attributesOf(existing)[key] ?? "") !== value)
    ) {
      throw new AwsError(
        "QueueNameExists",
        "A queue already exists with the same name and a different value for attribute(s)",
      );
    }
    if (existing === undefined)
      queues.records.put(name, {
        name,
        createdAt: queues.options.clock.now().toISOString(),
        attributes,
        tags: input.tags ?? {},
      });
    return { QueueUrl: queues.url(name, context) };
  };
  const getQueueUrl: Handler<GetQueueUrlCommandInput, GetQueueUrlCommandOutput> = ({ QueueName }, context) => ({
    QueueUrl: queues.url(queues.required(QueueName).name, context),
  });
  const listQueues: Handler<ListQueuesCommandInput, ListQueuesCommandOutput> = (input, context) => {
    const page = pageOf(
      queues.records.filter(({ name }) => name.startsWith(input.QueueNamePrefix ?? "")),
      {
        key: ({ name }) => name,
        token: input.NextToken,
        size: input.MaxResults ?? 1_000,
        query: input.QueueNamePrefix ?? "",
        invalidToken: () => new AwsError("InvalidParameterValue", "Invalid NextToken"),
      },
    );
    return { QueueUrls: page.items.map(({ name }) => queues.url(name, context)), NextToken: page.nextToken };
  };
  const deleteQueue: Handler<DeleteQueueCommandInput, DeleteQueueCommandOutput> = ({ QueueUrl }) => {
    queues.forget(queues.required(QueueUrl).name);
    return {};
  };
  const getAttributes: Handler<GetQueueAttributesCommandInput, GetQueueAttributesCommandOutput> = ({
    QueueUrl,
    AttributeNames = [],
  }) => {
    const wanted = new Set<string>(AttributeNames);
    const all = Object.entries(queues.attributesOf(queues.required(QueueUrl)));
    return { Attributes: Object.fromEntries(all.filter(([name]) => wanted.has("All") || wanted.has(name))) };
  };
  const setAttributes: Handler<SetQueueAttributesCommandInput, SetQueueAttributesCommandOutput> = ({
    QueueUrl,
    Attributes = {},
  }) => {
    const { name } = queues.required(QueueUrl);
    queues.records.update(name, (record) => ({ ...record, attributes: { ...record.attributes, ...Attributes } }));
    return {};
  };
  const purgeQueue: Handler<PurgeQueueCommandInput, PurgeQueueCommandOutput> = ({ QueueUrl }) => {
    queues.messages(queues.required(QueueUrl).name).purge();
    return {};
  };
  return {
    CreateQueue: createQueue,
    GetQueueUrl: getQueueUrl,
    ListQueues: listQueues,
    DeleteQueue: deleteQueue,
    GetQueueAttributes: getAttributes,
    SetQueueAttributes: setAttributes,
    PurgeQueue: purgeQueue,
  };
}

function messageHandlers(queues: Queues): HandlerMap {
  const sendMessage: Handler<SendMessageCommandInput, SendMessageCommandOutput> = ({
    QueueUrl,
    MessageBody = "",
    DelaySeconds,
  }) => {
    const record = queues.required(QueueUrl);
    if (Buffer.byteLength(MessageBody) > queues.seconds(record, "MaximumMessageSize"))
      throw new AwsError(
        "InvalidParameterValue",
        "One or more parameters are invalid. Reason: Message must be shorter than MaximumMessageSize.",
      );
    const message = queues
      .messages(record.name)
      .send(MessageBody, (DelaySeconds ?? queues.seconds(record, "DelaySeconds")) * 1_000);
    return { MessageId: message.messageId, MD5OfMessageBody: md5(MessageBody) };
  };
  const receiveMessage: Handler<ReceiveMessageCommandInput, ReceiveMessageCommandOutput> = async (input) => {
    const record = queues.required(input.QueueUrl);
    const max = input.MaxNumberOfMessages ?? 1;
    if (max < 1 || max > 10)
      throw new AwsError(
        "InvalidParameterValue",
        `Value ${max} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided.`,
      );
    const messages = await queues.messages(record.name).receive({
      max,
      waitMs: (input.WaitTimeSeconds ?? queues.seconds(record, "ReceiveMessageWaitTimeSeconds")) * 1_000,
      visibilityMs: (input.VisibilityTimeout ?? queues.seconds(record, "VisibilityTimeout")) * 1_000,
      retentionMs: queues.seconds(record, "MessageRetentionPeriod") * 1_000,
    });
    const wanted = new Set<string>([...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])]);
    return messages.length === 0 ? {} : { Messages: messages.map((message) => messageView(message, wanted)) };
  };
  const deleteMessage: Handler<DeleteMessageCommandInput, DeleteMessageCommandOutput> = ({
    QueueUrl,
    ReceiptHandle = "",
  }) => {
    // Deleting twice is a success, as on AWS.
    queues.messages(queues.required(QueueUrl).name).delete(ReceiptHandle);
    return {};
  };
  const deleteBatch: Handler<DeleteMessageBatchCommandInput, DeleteMessageBatchCommandOutput> = ({
    QueueUrl,
    Entries = [],
  }) => {
    const queue = queues.messages(queues.required(QueueUrl).name);
    for (const { ReceiptHandle = "" } of Entries) queue.delete(ReceiptHandle);
    return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
  };
  const changeVisibility: Handler<ChangeMessageVisibilityCommandInput, ChangeMessageVisibilityCommandOutput> = ({
    QueueUrl,
    ReceiptHandle = "",
    VisibilityTimeout = 0,
  }) => {
    if (!queues.messages(queues.required(QueueUrl).name).changeVisibility(ReceiptHandle, VisibilityTimeout * 1_000)) {
      throw new AwsError(
        "ReceiptHandleIsInvalid",
        `The input receipt handle "${ReceiptHandle}" is not a valid receipt handle.`,
      );
    }
    return {};
  };
  return {
    SendMessage: sendMessage,
    ReceiveMessage: receiveMessage,
    DeleteMessage: deleteMessage,
    DeleteMessageBatch: deleteBatch,
    ChangeMessageVisibility: changeVisibility,
  };
}

function messageView(
  message: QueuedMessage,
  wanted: ReadonlySet<string>,
): NonNullable<ReceiveMessageCommandOutput["Messages"]>[number] {
  const all = {
    SentTimestamp: String(message.sentAtMs),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs ?? message.sentAtMs),
  };
  const attributes = Object.fromEntries(Object.entries(all).filter(([name]) => wanted.has("All") || wanted.has(name)));
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(Object.keys(attributes).length > 0 ? { Attributes: attributes } : {}),
  };
}
