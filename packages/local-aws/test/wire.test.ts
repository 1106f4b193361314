import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as ec2 from "@aws-sdk/client-ec2";
import * as eks from "@aws-sdk/client-eks";
import * as iam from "@aws-sdk/client-iam";
import * as pricing from "@aws-sdk/client-pricing";
import * as sqs from "@aws-sdk/client-sqs";
import * as ssm from "@aws-sdk/client-ssm";
import * as sts from "@aws-sdk/client-sts";
import { ManualClock, seededRandom, silentLogger } from "@nodeless/environment";
import { AwsError } from "../src/wire/aws-error.ts";
import { AwsServer } from "../src/wire/aws-server.ts";
import type { HandlerMap } from "../src/wire/handlers.ts";
import { HttpListener } from "../src/wire/http-listener.ts";
import { readServiceModel } from "../src/wire/service-model.ts";
import { SERVICES } from "../src/wire/services.ts";
import { sampleOf } from "./shape-samples.ts";

interface AnyClient {
  send(command: unknown): Promise<Record<string, unknown>>;
  destroy(): void;
  readonly config: Record<string, unknown>;
}
type ClientClass = new (config: object) => AnyClient;
type CommandClass = new (input: object) => object;

const CLIENTS: Readonly<Record<string, { readonly module: object; readonly client: ClientClass }>> = {
  eks: { module: eks, client: eks.EKSClient as unknown as ClientClass },
  ec2: { module: ec2, client: ec2.EC2Client as unknown as ClientClass },
  iam: { module: iam, client: iam.IAMClient as unknown as ClientClass },
  sts: { module: sts, client: sts.STSClient as unknown as ClientClass },
  ssm: { module: ssm, client: ssm.SSMClient as unknown as ClientClass },
  pricing: { module: pricing, client: pricing.PricingClient as unknown as ClientClass },
  sqs: { module: sqs, client: sqs.SQSClient as unknown as ClientClass },
};

/** Members a client computes itself from others before it sends. */
const COMPUTED_BY_CLIENT: Readonly<Record<string, readonly string[]>> = {
  CopySnapshot: ["PresignedUrl", "DestinationRegion"],
};

const KEY = { accessKeyId: "KEYOFTESTS", secretAccessKey: "secret" };
const handlers: Record<string, Record<string, HandlerMap[string]>> = {};
const server = new AwsServer({
  handlers,
  keys: (accessKeyId) =>
    accessKeyId === KEY.accessKeyId
      ? { ...KEY, arn: "arn:aws:iam::000000000000:user/test", sessionToken: undefined, expiresAt: undefined }
      : undefined,
  flush: () => Promise.resolve(),
  clock: new ManualClock(new Date()),
  random: seededRandom("wire"),
  logger: silentLogger,
  accountId: "000000000000",
  region: "ap-northeast-2",
});
const listener = new HttpListener({
  answer: (request, host) => server.handle(request, host),
  logger: silentLogger,
});

before(() => listener.listen({ host: "127.0.0.1", port: 0, fallback: false }));
after(() => listener.close());

function clientOf(service: string, more: object = {}): AnyClient {
  const found = CLIENTS[service];
  if (found === undefined) throw new Error(`no client for ${service}`);
  return new found.client({
    region: "ap-northeast-2",
    endpoint: listener.url,
    credentials: KEY,
    maxAttempts: 1,
    ...more,
    // The samples are no real queue URLs and have no real digests.
    ...(service === "sqs" ? { useQueueUrlAsEndpoint: false, md5: false } : {}),
  });
}

/** The pricing client wraps JSON texts in String objects that parse themselves. */
function plainTexts(answer: Record<string, unknown>): object {
  const list = answer["PriceList"];
  return Array.isArray(list) ? { ...answer, PriceList: list.map(String) } : answer;
}

function commandOf(service: string, operation: string): CommandClass {
  const exported: object = CLIENTS[service]?.module ?? {};
  const command = (exported as Record<string, unknown>)[`${operation}Command`];
  if (typeof command !== "function") throw new Error(`no command ${operation}`);
  return command as CommandClass;
}

for (const description of SERVICES)
  describe(description.name, () => {
    const { name } = description;
    const model = readServiceModel(description, CLIENTS[name]?.module ?? {});

    test("the description agrees with the SDK client's own settings", () => {
      const client = clientOf(name);
      const { protocol, protocolSettings, apiVersion, defaultSigningName } = client.config as {
        protocol: { getShapeId(): string };
        protocolSettings: Record<string, unknown>;
        apiVersion: string;
        defaultSigningName: string;
      };
      client.destroy();
      assert.deepEqual(
        {
          protocol: `aws.protocols#${description.protocol}`,
          target: description.target,
          version: description.version,
          signingName: description.signingName,
        },
        {
          protocol: protocol.getShapeId(),
          target: protocolSettings["serviceTarget"],
          version: apiVersion,
          signingName: defaultSigningName,
        },
      );
      const xmlNamespace = protocolSettings["xmlNamespace"];
      if (xmlNamespace !== undefined) assert.equal(description.xmlNamespace, xmlNamespace);
    });

    test("every member of every operation arrives as sent, both ways", async () => {
      const client = clientOf(name);
      let compared = 0;
      for (const operation of model.operations.values()) {
        const input = sampleOf(operation.input, "in") as Record<string, unknown>;
        const output = sampleOf(operation.output, "out") as Record<string, unknown>;
        let received: Record<string, unknown> = {};
        handlers[name] = {
          [operation.name]: (value: Record<string, unknown>) => {
            received = value;
            return output;
          },
        };
        const { $metadata: _, ...answer } = await client.send(new (commandOf(name, operation.name))(input));
        for (const member of COMPUTED_BY_CLIENT[operation.name] ?? []) {
          delete input[member];
          delete received[member];
        }
        assert.deepEqual(received, input, `${operation.name}: input`);
        assert.deepEqual(plainTexts(answer), output, `${operation.name}: output`);
        compared += 1;
      }
      client.destroy();
      assert.equal(compared, model.operations.size);
      assert.ok(compared > 0);
    });
  });

describe("errors", () => {
  const refuse = (service: string, operation: string, error: Error): void => {
    handlers[service] = {
      [operation]: () => {
        throw error;
      },
    };
  };
  const failureOf = async (
    service: string,
    operation: string,
    input: object,
    config: object = {},
  ): Promise<Record<string, unknown>> => {
    const client = clientOf(service, config);
    try {
      await client.send(new (commandOf(service, operation))(input));
    } catch (error) {
      return error as Record<string, unknown>;
    } finally {
      client.destroy();
    }
    throw new Error("did not fail");
  };
  const statusOf = (error: Record<string, unknown>): unknown =>
    (error["$metadata"] as Record<string, unknown> | undefined)?.["httpStatusCode"];

  for (const { rule, service, operation, input, thrown, name, status } of [
    {
      rule: "a modelled REST error keeps its type and details",
      service: "eks",
      operation: "DescribeCluster",
      input: { name: "c" },
      thrown: new AwsError("ResourceNotFoundException", "No cluster found for name: c.", undefined, {
        clusterName: "c",
      }),
      name: "ResourceNotFoundException",
      status: 404,
    },
    {
      rule: "a query error's shape name becomes its wire code",
      service: "iam",
      operation: "GetRole",
      input: { RoleName: "r" },
      thrown: new AwsError("NoSuchEntity", "The role with name r cannot be found."),
      name: "NoSuchEntityException",
      status: 404,
    },
    {
      rule: "EC2 codes are free text",
      service: "ec2",
      operation: "DescribeInstanceTypes",
      input: { DryRun: true },
      thrown: new AwsError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412),
      name: "DryRunOperation",
      status: 412,
    },
    {
      rule: "a JSON 1.1 error",
      service: "ssm",
      operation: "GetParameter",
      input: { Name: "/x" },
      thrown: new AwsError("ParameterNotFound", "Parameter /x not found."),
      name: "ParameterNotFound",
      status: 400,
    },
    {
      rule: "a query-compatible JSON error",
      service: "sqs",
      operation: "GetQueueUrl",
      input: { QueueName: "q" },
      thrown: new AwsError("QueueDoesNotExist", "The specified queue does not exist."),
      name: "QueueDoesNotExist",
      status: 400,
    },
    {
      rule: "a bug in a handler is an internal failure without its text",
      service: "sts",
      operation: "GetCallerIdentity",
      input: {},
      thrown: new Error("secret detail"),
      name: "InternalFailure",
      status: 500,
    },
  ])
    test(rule, async () => {
      refuse(service, operation, thrown);
      const error = await failureOf(service, operation, input);
      assert.deepEqual([error["name"], statusOf(error)], [name, status]);
      if (thrown instanceof AwsError) {
        assert.equal(error["message"], thrown.message);
        for (const [key, value] of Object.entries(thrown.details)) assert.equal(error[key], value);
      } else assert.doesNotMatch(String(error["message"]), /secret/);
    });

  test("an operation nobody handles answers 501 and names itself", async () => {
    handlers["ec2"] = {};
    const error = await failureOf("ec2", "CreateVpnGateway", { Type: "ipsec.1" });
    assert.equal(statusOf(error), 501);
    assert.match(String(error["message"]), /CreateVpnGateway of ec2/);
  });

  test("a missing required member is refused in the service's own words", async () => {
    handlers["ec2"] = { CreateRoute: () => ({}) };
    handlers["iam"] = { GetRole: () => ({}) };
    const ec2Error = await failureOf("ec2", "CreateRoute", {});
    assert.deepEqual(
      [ec2Error["name"], ec2Error["message"]],
      ["MissingParameter", "The request must contain the parameter RouteTableId"],
    );
    assert.equal((await failureOf("iam", "GetRole", {}))["name"] ?? "", "ValidationError");
  });

  for (const { service, operation, input, name } of [
    { service: "ec2", operation: "DescribeVpcs", input: {}, name: "AuthFailure" },
    { service: "iam", operation: "ListRoles", input: {}, name: "InvalidClientTokenId" },
    { service: "eks", operation: "ListClusters", input: {}, name: "UnrecognizedClientException" },
  ])
    test(`an unknown access key is refused: ${service}`, async () => {
      const credentials = { accessKeyId: "AKIAREALLOOKINGKEY", secretAccessKey: "x" };
      assert.equal((await failureOf(service, operation, input, { credentials }))["name"], name);
    });
});

describe("raw requests", () => {
  const raw = async (path: string, init: RequestInit): Promise<{ readonly status: number; readonly text: string }> => {
    const response = await fetch(`${listener.url}${path}`, init);
    return { status: response.status, text: await response.text() };
  };
  const form = { "content-type": "application/x-www-form-urlencoded" };
  const authorization = `AWS4-HMAC-SHA256 Credential=${KEY.accessKeyId}/20260101/x/x/aws4_request, SignedHeaders=host, Signature=0`;

  test("no credentials: refused, except where a token in the call is the proof", async () => {
    const refused = await raw("/", {
      method: "POST",
      headers: form,
      body: "Action=GetCallerIdentity&Version=2011-06-15",
    });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /<Code>MissingAuthenticationToken<\/Code>/);
    handlers["sts"] = { AssumeRoleWithWebIdentity: () => ({}) };
    const body = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r&RoleSessionName=s&WebIdentityToken=t";
    assert.equal((await raw("/", { method: "POST", headers: form, body })).status, 200);
  });

  test("SQS understands the query protocol of older clients", async () => {
    handlers["sqs"] = {
      ReceiveMessage: (input: sqs.ReceiveMessageRequest) => {
        assert.equal(input.MaxNumberOfMessages, 2);
        return { Messages: [{ MessageId: "m", Attributes: { SenderId: "s" } }] };
      },
    };
    const body = "Action=ReceiveMessage&Version=2012-11-05&QueueUrl=u&MaxNumberOfMessages=2";
    const { text } = await raw("/", { method: "POST", headers: { ...form, authorization }, body });
    assert.match(text, /<ReceiveMessageResult><Message><MessageId>m<\/MessageId>/);
    assert.match(text, /<Attribute><Name>SenderId<\/Name><Value>s<\/Value><\/Attribute>/);
  });

  test("a hostile Host never gets into URLs, a page on the web never gets in", async () => {
    let host = "";
    handlers["eks"] = {
      ListClusters: (_input: object, context: { readonly host: string }) => {
        host = context.host;
        return { clusters: [] };
      },
    };
    const query = new URLSearchParams();
    const request = (headers: Record<string, string>) =>
      server.handle(
        { method: "GET", path: "/clusters", query, headers: { authorization, ...headers }, body: new Uint8Array() },
        "127.0.0.1:1",
      );
    for (const [given, want] of [
      ["localhost:4566", "localhost:4566"],
      ["[::1]:4566", "[::1]:4566"],
      ['evil"><script>', "127.0.0.1:1"],
      ["a/../b@c", "127.0.0.1:1"],
    ] as const) {
      await request({ host: given });
      assert.equal(host, want);
    }
    assert.equal((await request({ host: "localhost", origin: "https://example.org" })).status, 403);
  });

  test("paths, bodies and keys of strangers are refused, not fatal", async () => {
    const headers = { authorization };
    handlers["eks"] = { DescribeCluster: () => ({}), CreateCluster: () => ({}) };
    assert.equal((await raw("/clusters/%E0%A4%A", { headers })).status, 400);
    assert.equal((await raw("/../../etc/passwd", { headers })).status, 404);
    assert.equal((await raw("/clusters", { method: "POST", headers, body: "{" })).status, 400);
    assert.equal((await raw("/clusters", { method: "POST", headers, body: "[]" })).status, 400);
    assert.equal(
      (await raw("/", { method: "POST", headers: { ...headers, "x-amz-target": "__proto__.toString" }, body: "{}" }))
        .status,
      400,
    );
    assert.equal(
      (await raw("/", { method: "POST", headers: { ...headers, "x-amz-target": "AmazonSSM.toString" }, body: "{}" }))
        .status,
      400,
    );
    handlers["ec2"] = { DescribeVpcs: () => ({}) };
    const deep = `Action=DescribeVpcs&Version=2016-11-15&${"a.".repeat(5000)}=1`;
    assert.equal((await raw("/", { method: "POST", headers: { ...headers, ...form }, body: deep })).status, 400);
    const large = await raw("/clusters", { method: "POST", headers, body: " ".repeat(5 * 1024 * 1024) }).catch(() => ({
      status: 413,
    }));
    assert.equal(large.status, 413);
  });

  test("keys such as __proto__ are data", async () => {
    let tags: unknown;
    handlers["eks"] = {
      TagResource: (input: eks.TagResourceRequest) => {
        tags = input.tags;
        return {};
      },
    };
    const body = '{"tags":{"__proto__":"x","constructor":"y"}}';
    assert.equal(
      (await raw("/tags/arn%3Aaws%3Aeks%3Ar%3Aa%3Acluster%2Fc", { method: "POST", headers: { authorization }, body }))
        .text,
      "{}",
    );
    assert.deepEqual(Object.entries(tags as object), [
      ["__proto__", "x"],
      ["constructor", "y"],
    ]);
  });
});
