import type {
  ChangeMessageVisibilityCommandInput,
  ChangeMessageVisibilityCommandOutput,
  DeleteMessageBatchCommandInput,
  DeleteMessageBatchCommandOutput,
  DeleteMessageCommandInput,
  DeleteMessageCommandOutput,
  Message,
  ReceiveMessageCommandInput,
  ReceiveMessageCommandOutput,
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
  SendMessageCommandInput,
  SendMessageCommandOutput,
} from "@aws-sdk/client-sqs";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";
import { attributesMd5, checkAttributes, wantedAttributes } from "./message-attributes.ts";
import { md5, type QueuedMessage } from "./message-queue.ts";
import type { QueueRecord, Queues } from "./queues.ts";

/** SQS takes at most ten messages per batch and gives at most ten per receive. */
const BATCH_MAX = 10;
const WAIT_SECONDS_MAX = 20;

export function messageHandlers(queues: Queues): HandlerMap {
  return {
    SendMessage: sendMessage(queues),
    SendMessageBatch: sendBatch(queues),
    ReceiveMessage: receiveMessage(queues),
    DeleteMessage: deleteMessage(queues),
    DeleteMessageBatch: deleteBatch(queues),
    ChangeMessageVisibility: changeVisibility(queues),
  };
}

function sendMessage(queues: Queues): Handler<SendMessageCommandInput, SendMessageCommandOutput> {
  return (input) => send(queues, queues.required(input.QueueUrl), input);
}

function send(
  queues: Queues,
  record: QueueRecord,
  input: Pick<SendMessageCommandInput, "MessageBody" | "MessageAttributes" | "DelaySeconds">,
): { MessageId: string; MD5OfMessageBody: string; MD5OfMessageAttributes: string | undefined } {
  const { MessageBody: body = "", MessageAttributes: attributes = {} } = input;
  if (body === "") throw new AwsError("MissingParameter", "The request must contain the parameter MessageBody.");
  if (Buffer.byteLength(body) > queues.seconds(record, "MaximumMessageSize"))
    throw invalid("One or more parameters are invalid. Reason: Message must be shorter than MaximumMessageSize.");
  checkAttributes(attributes);
  const delayMs = (input.DelaySeconds ?? queues.seconds(record, "DelaySeconds")) * 1_000;
  const { messageId } = queues.messages(record.name).send({ body, attributes, delayMs });
  return { MessageId: messageId, MD5OfMessageBody: md5(body), MD5OfMessageAttributes: attributesMd5(attributes) };
}

function sendBatch(queues: Queues): Handler<SendMessageBatchCommandInput, SendMessageBatchCommandOutput> {
  return ({ QueueUrl, Entries = [] }) => {
    const record = queues.required(QueueUrl);
    checkBatch(Entries);
    const output: SendMessageBatchCommandOutput["Successful"] = [];
    const failed: SendMessageBatchCommandOutput["Failed"] = [];
    for (const entry of Entries) {
      try {
        output.push({ Id: entry.Id, ...send(queues, record, entry) });
      } catch (error) {
        if (!(error instanceof AwsError)) throw error;
        failed.push({ Id: entry.Id, Code: error.code, Message: error.message, SenderFault: true });
      }
    }
    return { Successful: output, Failed: failed };
  };
}

function checkBatch(entries: readonly { readonly Id: string | undefined }[]): void {
  if (entries.length === 0)
    throw new AwsError("EmptyBatchRequest", "There should be at least one entry in the request.");
  if (entries.length > BATCH_MAX)
    throw new AwsError(
      "TooManyEntriesInBatchRequest",
      `Maximum number of entries per request are ${BATCH_MAX}. You have sent ${entries.length}.`,
    );
  if (new Set(entries.map(({ Id }) => Id)).size < entries.length)
    throw new AwsError("BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id.");
}

function receiveMessage(queues: Queues): Handler<ReceiveMessageCommandInput, ReceiveMessageCommandOutput> {
  return async (input) => {
    const record = queues.required(input.QueueUrl);
    const max = input.MaxNumberOfMessages ?? 1;
    if (max < 1 || max > BATCH_MAX)
      throw invalid(
        `Value ${max} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and ${BATCH_MAX}, if provided.`,
      );
    const waitSeconds = input.WaitTimeSeconds ?? queues.seconds(record, "ReceiveMessageWaitTimeSeconds");
    if (waitSeconds < 0 || waitSeconds > WAIT_SECONDS_MAX)
      throw invalid(
        `Value ${waitSeconds} for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= ${WAIT_SECONDS_MAX}, if provided.`,
      );
    const messages = await queues.messages(record.name).receive({
      max,
      waitMs: waitSeconds * 1_000,
      visibilityMs: (input.VisibilityTimeout ?? queues.seconds(record, "VisibilityTimeout")) * 1_000,
      retentionMs: queues.seconds(record, "MessageRetentionPeriod") * 1_000,
    });
    return messages.length === 0 ? {} : { Messages: messages.map((message) => messageView(message, input)) };
  };
}

function deleteMessage(queues: Queues): Handler<DeleteMessageCommandInput, DeleteMessageCommandOutput> {
  return ({ QueueUrl, ReceiptHandle = "" }) => {
    // Deleting twice is a success, as on AWS.
    queues.messages(queues.required(QueueUrl).name).delete(ReceiptHandle);
    return {};
  };
}

function deleteBatch(queues: Queues): Handler<DeleteMessageBatchCommandInput, DeleteMessageBatchCommandOutput> {
  return ({ QueueUrl, Entries = [] }) => {
    const queue = queues.messages(queues.required(QueueUrl).name);
    checkBatch(Entries);
    for (const { ReceiptHandle = "" } of Entries) queue.delete(ReceiptHandle);
    return { Successful: Entries.map(({ Id }) => ({ Id })), Failed: [] };
  };
}

function changeVisibility(
  queues: Queues,
): Handler<ChangeMessageVisibilityCommandInput, ChangeMessageVisibilityCommandOutput> {
  return ({ QueueUrl, ReceiptHandle = "", VisibilityTimeout = 0 }) => {
    const queue = queues.messages(queues.required(QueueUrl).name);
    if (!queue.changeVisibility(ReceiptHandle, VisibilityTimeout * 1_000))
      throw new AwsError(
        "ReceiptHandleIsInvalid",
        `The input receipt handle "${ReceiptHandle}" is not a valid receipt handle.`,
      );
    return {};
  };
}

function messageView(message: QueuedMessage, input: ReceiveMessageCommandInput): Message {
  const wanted = new Set<string>([...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])]);
  const all = {
    SentTimestamp: String(message.sentAtMs),
    ApproximateReceiveCount: String(message.receiveCount),
    ApproximateFirstReceiveTimestamp: String(message.firstReceivedAtMs ?? message.sentAtMs),
  };
  const system = Object.fromEntries(Object.entries(all).filter(([name]) => wanted.has("All") || wanted.has(name)));
  const attributes = wantedAttributes(message.attributes, input.MessageAttributeNames ?? []);
  return {
    MessageId: message.messageId,
    ReceiptHandle: message.receiptHandle,
    Body: message.body,
    MD5OfBody: md5(message.body),
    ...(Object.keys(system).length > 0 ? { Attributes: system } : {}),
    ...(Object.keys(attributes).length > 0
      ? { MessageAttributes: attributes, MD5OfMessageAttributes: attributesMd5(attributes) }
      : {}),
  };
}

function invalid(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message);
}
