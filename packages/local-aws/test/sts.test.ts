import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { test } from "node:test";
import { DescribeClusterCommand } from "@aws-sdk/client-eks";
import { CreateOpenIDConnectProviderCommand } from "@aws-sdk/client-iam";
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  GetCallerIdentityCommand,
  STSClient,
} from "@aws-sdk/client-sts";
import { ManualClock } from "@nodeless/environment";
import { LOCAL_ACCESS_KEY_ID, LOCAL_SECRET_ACCESS_KEY } from "../src/sts/credentials.ts";
import { verifyIdentityToken } from "../src/sts/identity-token.ts";
import { type CloudWorld, createCluster, createRole, refusal, startCloud, trust } from "./cloud-world.ts";

const SUBJECT = "system:serviceaccount:karpenter:karpenter";

function jwt(key: KeyObject, claims: object, header: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part({ alg: "RS256", kid: "k1", ...header })}.${part(claims)}`;
  return `${text}.${sign("sha256", Buffer.from(text), key).toString("base64url")}`;
}

async function irsaWorld(): Promise<{
  readonly world: CloudWorld;
  readonly key: KeyObject;
  readonly claims: Readonly<Record<string, unknown>>;
  assume(token: string, more?: object): Promise<Awaited<ReturnType<typeof assumeWith>>>;
}> {
  const world = await startCloud();
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  world.host.keys = [{ ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256" }];
  await createCluster(world);
  const { cluster } = await world.eks.send(new DescribeClusterCommand({ name: "c" }));
  const iss = cluster?.identity?.oidc?.issuer ?? "";
  const provider = { Url: iss, ClientIDList: ["sts.amazonaws.com"] };
  const { OpenIDConnectProviderArn } = await world.iam.send(new CreateOpenIDConnectProviderCommand(provider));
  const condition = {
    StringEquals: { [`${iss.slice(8)}:sub`]: SUBJECT, [`${iss.slice(8)}:aud`]: "sts.amazonaws.com" },
  };
  await createRole(world, "irsa", trust({ Federated: OpenIDConnectProviderArn }, { Condition: condition }));
  const exp = world.clock.now().getTime() / 1000 + 600;
  const claims = { iss, sub: SUBJECT, aud: ["sts.amazonaws.com"], exp };
  return { world, key: privateKey, claims, assume: (token, more) => assumeWith(world, token, more) };
}

function assumeWith(world: CloudWorld, WebIdentityToken: string, more: object = {}) {
  const RoleArn = "arn:aws:iam::000000000000:role/irsa";
  return world
    .client(STSClient)
    .send(new AssumeRoleWithWebIdentityCommand({ RoleArn, RoleSessionName: "pod", WebIdentityToken, ...more }));
}

test("a service account token becomes temporary keys that act as the role, also after a restart, until they expire", async () => {
  const { world, key, claims, assume } = await irsaWorld();
  const { Credentials, AssumedRoleUser, SubjectFromWebIdentityToken } = await assume(jwt(key, claims));
  const arn = "arn:aws:sts::000000000000:assumed-role/irsa/pod";
  assert.deepEqual([AssumedRoleUser?.Arn, SubjectFromWebIdentityToken], [arn, SUBJECT]);
  await using again = await world.restart();
  const { AccessKeyId = "", SecretAccessKey = "", SessionToken = "" } = Credentials ?? {};
  const credentials = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey, sessionToken: SessionToken };
  const sts = again.client(STSClient, { credentials });
  const identity = await sts.send(new GetCallerIdentityCommand({}));
  assert.equal(identity.Arn, arn);
  assert.match(identity.UserId ?? "", /^AROA[A-Z2-7]{17}:pod$/);
  const forged = again.client(STSClient, { credentials: { ...credentials, sessionToken: "other" } });
  assert.match(await refusal(forged.send(new GetCallerIdentityCommand({}))), /^InvalidClientTokenId/);
  await again.clock.advance(3_600_000);
  assert.match(await refusal(sts.send(new GetCallerIdentityCommand({}))), /^ExpiredToken/);
});

test("tokens that prove nothing are refused", async () => {
  const { world, key, claims, assume } = await irsaWorld();
  await using _ = world;
  const stranger = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
  const [header = "", payload = ""] = jwt(key, claims).split(".");
  const unsigned = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${payload}.`;
  const hmac = `${Buffer.from('{"alg":"HS256","kid":"k1"}').toString("base64url")}.${payload}.AAAA`;
  for (const [rule, token, want] of [
    ["another key", jwt(stranger, claims), "InvalidIdentityTokenException"],
    ["no signature", unsigned, "InvalidIdentityTokenException"],
    ["a symmetric algorithm", hmac, "InvalidIdentityTokenException"],
    [
      "a changed payload",
      `${header}.${Buffer.from(JSON.stringify({ ...claims, sub: "x" })).toString("base64url")}.${jwt(key, claims).split(".")[2]}`,
      "InvalidIdentityTokenException",
    ],
    ["an unknown key id", jwt(key, claims, { kid: "k2" }), "InvalidIdentityTokenException"],
    ["expired", jwt(key, { ...claims, exp: 1 }), "ExpiredTokenException"],
    ["not yet valid", jwt(key, { ...claims, nbf: 4e9 }), "InvalidIdentityTokenException"],
    [
      "another audience",
      jwt(key, { ...claims, aud: "other" }),
      "InvalidIdentityTokenException: Incorrect token audience",
    ],
    [
      "another issuer",
      jwt(key, { ...claims, iss: "https://example.org" }),
      "InvalidIdentityTokenException: No OpenIDConnect provider found",
    ],
    [
      "another service account",
      jwt(key, { ...claims, sub: "system:serviceaccount:default:karpenter" }),
      "AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity",
    ],
    ["no JWT", "x", "InvalidIdentityTokenException: The ID Token provided is not a valid JWT."],
  ] as const)
    assert.ok((await refusal(assume(token))).startsWith(want), rule);
  assert.match(await refusal(assume(jwt(key, claims), { DurationSeconds: 43_200 })), /MaxSessionDuration/);
  assert.match(await refusal(assume(jwt(key, claims), { RoleSessionName: "a b" })), /^ValidationError/);
  assert.match(
    await refusal(assume(jwt(key, claims), { RoleArn: "arn:aws:iam::000000000000:role/gone" })),
    /^AccessDenied/,
  );
});

test("AssumeRole follows the trust policy", async () => {
  await using world = await startCloud();
  const sts = world.client(STSClient);
  const open = await createRole(world, "open", trust({ AWS: "arn:aws:iam::000000000000:root" }));
  const closed = await createRole(world, "closed", trust({ Service: "ec2.amazonaws.com" }));
  const { AssumedRoleUser } = await sts.send(new AssumeRoleCommand({ RoleArn: open, RoleSessionName: "me" }));
  assert.equal(AssumedRoleUser?.Arn, "arn:aws:sts::000000000000:assumed-role/open/me");
  assert.equal(
    await refusal(sts.send(new AssumeRoleCommand({ RoleArn: closed, RoleSessionName: "me" }))),
    `AccessDenied: User: arn:aws:iam::000000000000:user/nodeless is not authorized to perform: sts:AssumeRole on resource: ${closed}`,
  );
});

/** Made by `aws eks get-token --cluster-name demo` (aws CLI 1.46, botocore 1.43) with the local key, at 2026-11-21T06:36:28Z. */
const CLI_TOKEN =
  "k8s-aws-v1.aHR0cHM6Ly9zdHMuYXAtbm9ydGhlYXN0LTIuYW1hem9uYXdzLmNvbS8_QWN0aW9uPUdldENhbGxlcklkZW50aXR5JlZlcnNpb249MjAxMS0wNi0xNSZYLUFtei1BbGdvcml0aG09QVdTNC1ITUFDLVNIQTI1NiZYLUFtei1DcmVkZW50aWFsPU5PREVMRVNTRkFLRUtFWTAwMDAwJTJGMjAyNjExMjElMkZhcC1ub3J0aGVhc3QtMiUyRnN0cyUyRmF3czRfcmVxdWVzdCZYLUFtei1EYXRlPTIwMjYxMTIxVDA2MzYyOFomWC1BbXotRXhwaXJlcz02MCZYLUFtei1TaWduZWRIZWFkZXJzPWhvc3QlM0J4LWs4cy1hd3MtaWQmWC1BbXotU2lnbmF0dXJlPThmZjQwYzViYzE1MWIzZDBjMTEyODQ5MDIzNDUyMmYwMmMzMjNlNTkwYjI5ZjAzOGExOGM1NjE3OGVhZjdlNTU";

test("the token of the stock aws CLI logs in to its cluster, for fifteen minutes", () => {
  const url = Buffer.from(CLI_TOKEN.slice(11), "base64url").toString();
  const changed = (from: string | RegExp, to: string): string =>
    `k8s-aws-v1.${Buffer.from(url.replace(from, to)).toString("base64url")}`;
  const clock = new ManualClock(new Date("2026-11-21T06:40:00Z"));
  const administrator = {
    accessKeyId: LOCAL_ACCESS_KEY_ID,
    secretAccessKey: LOCAL_SECRET_ACCESS_KEY,
    arn: "arn:x",
    sessionToken: undefined,
    expiresAt: undefined,
  };
  const keys = (id: string) => (id === LOCAL_ACCESS_KEY_ID ? administrator : undefined);
  const verify = (token: string, more: object = {}) =>
    verifyIdentityToken(token, { clusterName: "demo", keys, now: clock.now(), ...more });
  assert.equal(verify(CLI_TOKEN), "arn:x");
  for (const [rule, found] of [
    ["another cluster", verify(CLI_TOKEN, { clusterName: "other" })],
    ["too old", verify(CLI_TOKEN, { now: new Date("2026-11-21T06:51:29Z") })],
    ["from the future", verify(CLI_TOKEN, { now: new Date("2026-11-21T06:30:00Z") })],
    ["a key nobody knows", verify(changed(LOCAL_ACCESS_KEY_ID, "AKIAOTHER"))],
    ["another secret", verify(CLI_TOKEN, { keys: () => ({ ...administrator, secretAccessKey: "x" }) })],
    ["a changed signature", verify(changed(/.$/, "0"))],
    ["another action", verify(changed("GetCallerIdentity", "AssumeRole"))],
    ["an unknown parameter", verify(`${changed(/$/, "&x=1")}`)],
    ["a parameter twice", verify(changed(/$/, "&Version=2011-06-15"))],
    ["the cluster not signed", verify(changed("%3Bx-k8s-aws-id", ""))],
    ["another path", verify(changed("amazonaws.com/", "amazonaws.com/x"))],
    ["no prefix", verify(CLI_TOKEN.slice(11))],
    ["nothing", verify("k8s-aws-v1.")],
    ["an expired session", verify(CLI_TOKEN, { keys: () => ({ ...administrator, expiresAt: new Date(0) }) })],
  ] as const)
    assert.equal(found, undefined, rule);
});

test("a token's owner gets user and groups from the access entries of the cluster", async () => {
  await using world = await startCloud();
  await createCluster(world, { name: "demo" });
  await world.clock.advance(Date.parse("2026-11-21T06:40:00Z") - world.clock.now().getTime());
  const admin = world.aws.authenticateToken("demo", CLI_TOKEN);
  assert.deepEqual(admin, {
    username: "arn:aws:iam::000000000000:user/nodeless",
    groups: ["system:masters", "system:authenticated"],
  });
  assert.equal(world.aws.authenticateToken("other", CLI_TOKEN), undefined);
});
