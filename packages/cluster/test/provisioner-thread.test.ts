import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, Pod } from "@nodeless/api";
import type { ContainerContext } from "@nodeless/controlplane";
import type { Transport, TransportRequest } from "@nodeless/runtime";
import { ProvisionerThread } from "../src/images/provisioner-thread.ts";

const POD: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "karpenter-1",
    namespace: "karpenter",
    uid: "u1",
    creationTimestamp: "2026-01-01T00:00:00Z",
    resourceVersion: "1",
  },
  spec: { containers: [] },
};
const CONTAINER: Container = { name: "controller" };
const ENVIRONMENT: readonly (readonly [string, string])[] = [
  ["CLUSTER_NAME", "demo"],
  ["CLUSTER_ENDPOINT", "https://own.test"],
  ["AWS_REGION", "ap-northeast-2"],
  ["AWS_ENDPOINT_URL", "http://127.0.0.1:9"],
  ["AWS_ROLE_ARN", "arn:aws:iam::000000000000:role/karpenter"],
];

/** A container whose tokens say what they are for. */
function containerContext(signal: AbortSignal, env: readonly (readonly [string, string])[]): ContainerContext {
  return {
    pod: POD,
    container: CONTAINER,
    env: new Map(env),
    signal,
    log: () => {},
    serviceAccountToken: async (audience) => `token-for-${audience}`,
  };
}

const surroundings = (handle: Transport) => ({
  certificateAuthorityPem: "",
  ownEndpoint: "https://own.test",
  handle,
});

const unavailable: Transport = async () => ({ status: 503, headers: {}, body: new Uint8Array() });

test("a container without its environment crashes with the name of what is missing, and another one can start after it", async () => {
  const thread = new ProvisionerThread();
  const run = () => thread.run(containerContext(new AbortController().signal, []), surroundings(unavailable));
  await assert.rejects(run(), /CLUSTER_NAME is required/);
  await assert.rejects(run(), /CLUSTER_NAME is required/);
});

test("a container asks its own API server with its token and without a socket, and ends when it is told to", async () => {
  const stop = new AbortController();
  const asked = Promise.withResolvers<TransportRequest>();
  const handle: Transport = (request) => {
    asked.resolve(request);
    return unavailable(request);
  };
  const ended = new ProvisionerThread().run(containerContext(stop.signal, ENVIRONMENT), surroundings(handle));
  const first = await Promise.race([asked.promise, ended]);
  assert.equal(first?.headers?.["authorization"], "Bearer token-for-https://kubernetes.default.svc");
  stop.abort(new Error("the pod is deleted"));
  // In time with its work done, or with the reason: both are ends.
  await ended.catch((error: unknown) => assert.match(String(error), /the pod is deleted/));
});

test("two containers run side by side, and one that ends does not end the other", async () => {
  const thread = new ProvisionerThread();
  const stop = new AbortController();
  const asked = Promise.withResolvers<void>();
  const handle: Transport = (request) => {
    asked.resolve();
    return unavailable(request);
  };
  let isOver = false;
  const staying = thread.run(containerContext(stop.signal, ENVIRONMENT), surroundings(handle)).finally(() => {
    isOver = true;
  });
  await asked.promise;
  await assert.rejects(thread.run(containerContext(stop.signal, []), surroundings(unavailable)), /is required/);
  assert.equal(isOver, false);
  stop.abort(new Error("done"));
  await staying.catch(() => {});
});
