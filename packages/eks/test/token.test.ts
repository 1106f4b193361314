import assert from "node:assert/strict";
import { test } from "node:test";
import { eksToken } from "@nodeless/eks";

test("an EKS token is a pre-signed GetCallerIdentity URL that names the cluster in a signed header only", () => {
  const token = eksToken({
    clusterName: "demo",
    region: "ap-northeast-2",
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret", sessionToken: "session/token+=" },
    now: new Date("2026-01-02T03:04:05.678Z"),
  });
  assert.match(token, /^k8s-aws-v1\.[-\w]+$/);
  const url = new URL(Buffer.from(token.slice("k8s-aws-v1.".length), "base64url").toString());
  assert.equal(url.origin, "https://sts.ap-northeast-2.amazonaws.com");
  assert.equal(url.searchParams.get("Action"), "GetCallerIdentity");
  assert.equal(url.searchParams.get("X-Amz-Credential"), "AKIDEXAMPLE/20260102/ap-northeast-2/sts/aws4_request");
  assert.equal(url.searchParams.get("X-Amz-Date"), "20260102T030405Z");
  assert.equal(url.searchParams.get("X-Amz-SignedHeaders"), "host;x-k8s-aws-id");
  assert.equal(url.searchParams.get("X-Amz-Security-Token"), "session/token+=");
  assert.match(url.searchParams.get("X-Amz-Signature") ?? "", /^[0-9a-f]{64}$/);
  assert.ok(!url.href.includes("demo"));
});
