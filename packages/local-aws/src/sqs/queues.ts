import { type Clock, type Random, uuid } from "@nodeless/environment";
import type { CloudEvent } from "../events.ts";
import type { Collection } from "../state/collection.ts";
import type { LocalState } from "../state/local-state.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { CallContext } from "../wire/handlers.ts";
import { MessageQueue } from "./message-queue.ts";

export interface QueueRecord {
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

const DEFAULT_ATTRIBUTES: Readonly<Record<string, string>> = {
  VisibilityTimeout: "30",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  DelaySeconds: "0",
  ReceiveMessageWaitTimeSeconds: "0",
  SqsManagedSseEnabled: "true",
};

/** The queues of the account: records are durable, messages live in memory. */
export class Queues {
  readonly records: Collection<QueueRecord>;
  readonly options: SqsOptions;
  readonly #messages = new Map<string, MessageQueue>();

  constructor(options: SqsOptions) {
    this.options = options;
    this.records = options.state.collection("sqs/queue");
  }

  /** By URL or name. Throws QueueDoesNotExist. */
  required(urlOrName: string | undefined): QueueRecord {
    const record = this.records.get((urlOrName ?? "").split("/").at(-1) ?? "");
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

  /** Host as the caller wrote it: SDKs go where this URL points. */
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
      ...this.messages(record.name).counts(),
      CreatedTimestamp: created,
      LastModifiedTimestamp: created,
    };
  }

  seconds(record: QueueRecord, attribute: string): number {
    return Number(record.attributes[attribute] ?? DEFAULT_ATTRIBUTES[attribute] ?? "0");
  }

  /** Into every queue that admits EventBridge: this stands in for the rules that would name the queues. */
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
    for (const record of this.records.values())
      if (admitsEvents(record)) this.messages(record.name).send({ body, attributes: {}, delayMs: 0 });
  }

  close(): void {
    for (const queue of this.#messages.values()) queue.close();
  }
}

/** A policy that does not mention EventBridge keeps its events out; a queue without one is its owner's for everything. */
function admitsEvents({ attributes }: QueueRecord): boolean {
  const policy = attributes["Policy"];
  return policy === undefined || policy === "" || policy.includes("events.amazonaws.com");
}
