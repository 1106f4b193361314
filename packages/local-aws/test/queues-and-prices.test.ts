import assert from "node:assert/strict";
import { test } from "node:test";
import { GetProductsCommand, PricingClient } from "@aws-sdk/client-pricing";
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteMessageCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { GetParameterCommand, GetParametersCommand, SSMClient } from "@aws-sdk/client-ssm";
import { instanceTypeFacts } from "@nodeless/catalog";
import { imageIdForPath, knownImages } from "../src/images.ts";
import { type CloudWorld, refusal, startCloud } from "./cloud-world.ts";

async function queueWorld(
  attributes: Record<string, string> = {},
): Promise<{ world: CloudWorld; sqs: SQSClient; QueueUrl: string }> {
  const world = await startCloud();
  const sqs = world.client(SQSClient);
  const { QueueUrl = "" } = await sqs.send(
    new CreateQueueCommand({ QueueName: "q", Attributes: attributes, tags: { a: "b" } }),
  );
  return { world, sqs, QueueUrl };
}

test("a message is hidden while someone works on it and comes back when they do not delete it", async () => {
  const { world, sqs, QueueUrl } = await queueWorld();
  await using _ = world;
  // The SDK checks the MD5 sums by itself and rejects a wrong one.
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "héllo" }));
  const receive = async (more: object = {}) =>
    (
      await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 20, MessageSystemAttributeNames: ["All"], ...more }),
      )
    ).Messages ?? [];
  const [first] = await receive();
  assert.deepEqual([first?.Body, first?.Attributes?.["ApproximateReceiveCount"]], ["héllo", "1"]);
  assert.deepEqual(await receive(), []);
  await world.clock.advance(20_000);
  const [second] = await receive();
  assert.equal(second?.Attributes?.["ApproximateReceiveCount"], "2");
  const handle = { QueueUrl, ReceiptHandle: second?.ReceiptHandle };
  await sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 0 }));
  assert.equal((await receive()).length, 1);
  await sqs.send(new DeleteMessageCommand(handle));
  await world.clock.advance(20_000);
  assert.deepEqual(await receive(), []);
  assert.match(
    await refusal(sqs.send(new ChangeMessageVisibilityCommand({ ...handle, VisibilityTimeout: 0 }))),
    /^ReceiptHandleIsInvalid/,
  );
});

test("a long poll ends with the first message, at its time, or when the cloud closes", async () => {
  const { world, sqs, QueueUrl } = await queueWorld();
  const poll = () => sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }));
  const waiting = (count: number) => waitUntil(() => world.clock.pendingTimers >= count);
  const idle = world.clock.pendingTimers;
  const answered = poll();
  await waiting(idle + 1);
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "x" }));
  assert.equal((await answered).Messages?.[0]?.Body, "x");
  const timedOut = poll();
  await waiting(idle + 1);
  await world.clock.advance(20_000);
  assert.equal((await timedOut).Messages, undefined);
  const cutOff = poll();
  await waiting(idle + 1);
  await world.aws.close();
  assert.equal((await cutOff).Messages, undefined);
  await world[Symbol.asyncDispose]();
});

test("batches, attributes of messages, purge, tags and limits", async () => {
  const { world, sqs, QueueUrl } = await queueWorld({ MessageRetentionPeriod: "300" });
  await using _ = world;
  const MessageAttributes = {
    kind: { DataType: "String", StringValue: "spot" },
    blob: { DataType: "Binary", BinaryValue: new Uint8Array([1, 2]) },
  };
  const Entries = [
    { Id: "1", MessageBody: "one", MessageAttributes },
    { Id: "2", MessageBody: "two", DelaySeconds: 5 },
  ];
  const { Successful = [] } = await sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
  assert.deepEqual(
    Successful.map(({ Id }) => Id),
    ["1", "2"],
  );
  const receive = () =>
    sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageAttributeNames: ["All"] }));
  const { Messages = [] } = await receive();
  assert.deepEqual(
    Messages.map(({ Body }) => Body),
    ["one"],
    "the delayed one is not there yet",
  );
  assert.equal(Messages[0]?.MessageAttributes?.["kind"]?.StringValue, "spot");
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["QueueArn", "MessageRetentionPeriod"] }),
  );
  assert.deepEqual(Attributes, {
    QueueArn: "arn:aws:sqs:ap-northeast-2:000000000000:q",
    MessageRetentionPeriod: "300",
  });
  assert.deepEqual((await sqs.send(new ListQueueTagsCommand({ QueueUrl }))).Tags, { a: "b" });
  await sqs.send(new PurgeQueueCommand({ QueueUrl }));
  await world.clock.advance(60_000);
  assert.equal((await receive()).Messages, undefined);
  assert.match(
    await refusal(sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 }))),
    /Must be between 1 and 10/,
  );
  const twice = [
    { Id: "1", MessageBody: "a" },
    { Id: "1", MessageBody: "b" },
  ];
  assert.match(
    await refusal(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: twice }))),
    /^BatchEntryIdsNotDistinct/,
  );
  assert.match(await refusal(sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: [] }))), /^EmptyBatchRequest/);
  assert.match(
    await refusal(sqs.send(new CreateQueueCommand({ QueueName: "q", Attributes: { VisibilityTimeout: "1" } }))),
    /^QueueNameExists/,
  );
  await sqs.send(new DeleteQueueCommand({ QueueUrl }));
  assert.match(await refusal(sqs.send(new GetQueueUrlCommand({ QueueName: "q" }))), /^QueueDoesNotExist/);
});

test("image parameters name the images EC2 describes; unknown ones are refused", async () => {
  await using world = await startCloud();
  const ssm = world.client(SSMClient);
  const Name = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023/arm64/standard/recommended/image_id";
  const { Parameter } = await ssm.send(new GetParameterCommand({ Name }));
  assert.equal(Parameter?.Value, imageIdForPath(Name));
  assert.ok(
    knownImages("1.35").some(({ imageId, architecture }) => imageId === Parameter?.Value && architecture === "arm64"),
  );
  assert.match(await refusal(ssm.send(new GetParameterCommand({ Name: "/x" }))), /^ParameterNotFound/);
  const { Parameters, InvalidParameters } = await ssm.send(new GetParametersCommand({ Names: [Name, "/x"] }));
  assert.deepEqual([Parameters?.length, InvalidParameters], [1, ["/x"]]);
});

test("prices have the shape of the price list and answer its filters", async () => {
  await using world = await startCloud();
  const pricing = world.client(PricingClient);
  const filter = (fields: Record<string, string>) =>
    Object.entries(fields).map(([Field, Value]) => ({ Type: "TERM_MATCH" as const, Field, Value }));
  const Filters = filter({
    regionCode: "ap-northeast-2",
    serviceCode: "AmazonEC2",
    operatingSystem: "Linux",
    tenancy: "Shared",
    preInstalledSw: "NA",
    capacitystatus: "Used",
    marketoption: "OnDemand",
    instanceType: "m5.large",
  });
  const { PriceList = [] } = await pricing.send(new GetProductsCommand({ ServiceCode: "AmazonEC2", Filters }));
  assert.equal(PriceList.length, 1);
  const product = JSON.parse(String(PriceList[0]));
  assert.equal(product.product.attributes.instanceType, "m5.large");
  const [term] = Object.values(product.terms.OnDemand) as {
    priceDimensions: Record<string, { pricePerUnit: { USD: string }; unit: string }>;
  }[];
  const [dimension] = Object.values(term?.priceDimensions ?? {});
  assert.equal(dimension?.unit, "Hrs");
  assert.ok(Number(dimension?.pricePerUnit.USD) > 0.01 && Number(dimension?.pricePerUnit.USD) < 1);
  for (const fields of [
    { regionCode: "mars-1" },
    { regionCode: "ap-northeast-2", operatingSystem: "Windows" },
  ] as Record<string, string>[])
    assert.deepEqual(
      (await pricing.send(new GetProductsCommand({ ServiceCode: "AmazonEC2", Filters: filter(fields) }))).PriceList,
      [],
    );
});

test("the price list is the catalogue: every type with a price once, bare metal apart as dedicated", async () => {
  await using world = await startCloud();
  const pricing = world.client(PricingClient);
  const listed = new Map<string, number>();
  for (const [tenancy, productFamily] of [
    ["Shared", "Compute Instance"],
    ["Dedicated", "Compute Instance (bare metal)"],
    ["Shared", "Compute Instance (bare metal)"],
  ]) {
    const fields = { regionCode: "ap-northeast-2", tenancy, productFamily };
    const Filters = Object.entries(fields).map(([Field, Value]) => ({ Type: "TERM_MATCH" as const, Field, Value }));
    let NextToken: string | undefined;
    do {
      const page = await pricing.send(new GetProductsCommand({ ServiceCode: "AmazonEC2", Filters, NextToken }));
      for (const line of page.PriceList ?? []) {
        const { product, terms } = JSON.parse(String(line));
        const { instanceType } = product.attributes;
        assert.equal(instanceType.includes(".metal"), tenancy === "Dedicated", instanceType);
        assert.equal(listed.has(instanceType), false, instanceType);
        const [{ priceDimensions }] = Object.values(terms.OnDemand) as [{ priceDimensions: object }];
        const [{ pricePerUnit }] = Object.values(priceDimensions) as [{ pricePerUnit: { USD: string } }];
        listed.set(instanceType, Number(pricePerUnit.USD));
      }
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
  }
  const known = instanceTypeFacts("ap-northeast-2").flatMap(({ name, onDemandUsdPerHour }) =>
    onDemandUsdPerHour === undefined ? [] : [[name, onDemandUsdPerHour] as const],
  );
  assert.deepEqual(listed, new Map(known));
});

/** Lets the event loop turn until the condition holds. */
async function waitUntil(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
