import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { CONFIG_MAPS, PODS, SECRETS } from "@nodeless/api";
import type { ContainerContext, InProcessImage } from "@nodeless/controlplane";
import { formatLines, type LogPart, selectLines } from "../src/kubelet/container-log.ts";
import { conditionsOf, createPod, eventsOf, machine, phasesOf, readyNode, web, world } from "./kubelet-fixture.ts";

// Code in this process.

interface Program extends InProcessImage {
  readonly contexts: ContainerContext[];
  crash(error: Error): void;
}

function program(repository: string): Program {
  const contexts: ContainerContext[] = [];
  let fail: (error: Error) => void = () => undefined;
  return {
    contexts,
    crash: (error) => fail(error),
    matches: (image) => image === repository,
    run: (context) =>
      new Promise<void>((resolve, reject) => {
        contexts.push(context);
        context.log(`run ${contexts.length}`);
        fail = reject;
        context.signal.addEventListener("abort", () => resolve(), { once: true });
      }),
  };
}

test("an in-process image finds its environment, its token and its log", async (t) => {
  const image = program("example.com/controller");
  const w = world(t, { images: [image] });
  await readyNode(w);
  await w.cluster.resource(CONFIG_MAPS).create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "c", namespace: "default" },
    data: { mode: "fast", x: "1" },
  });
  await w.cluster.resource(SECRETS).create({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "s", namespace: "default" },
    data: { key: Buffer.from("hush").toString("base64") },
  });
  await createPod(w, "p", {
    metadata: { labels: { app: "x" } },
    serviceAccountName: "robot",
    containers: [
      web({
        image: "example.com/controller:v1",
        resources: { limits: { memory: "512Mi", cpu: "1500m" } },
        envFrom: [{ configMapRef: { name: "c" }, prefix: "C_" }],
        env: [
          { name: "PLAIN", value: "a" },
          { name: "EXPANDED", value: "$(PLAIN)-$(C_x)-$(MISSING)-$$(PLAIN)" },
          { name: "NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
          { name: "APP", valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
          { name: "IP", valueFrom: { fieldRef: { fieldPath: "status.podIP" } } },
          { name: "MEMORY", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } },
          { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu" } } },
          { name: "MODE", valueFrom: { configMapKeyRef: { name: "c", key: "mode" } } },
          { name: "SECRET", valueFrom: { secretKeyRef: { name: "s", key: "key" } } },
          { name: "OPTIONAL", valueFrom: { configMapKeyRef: { name: "none", key: "k", optional: true } } },
        ],
      }),
    ],
  });
  await w.clock.advance(1_000);
  const [context] = image.contexts;
  assert.deepEqual(Object.fromEntries(context?.env ?? []), {
    C_mode: "fast",
    C_x: "1",
    PLAIN: "a",
    EXPANDED: "a-1-$(MISSING)-$(PLAIN)",
    NAME: "p",
    APP: "x",
    IP: "10.0.1.1",
    MEMORY: "512",
    CPU: "2",
    MODE: "fast",
    SECRET: "hush",
  });
  assert.equal(await context?.serviceAccountToken("sts.amazonaws.com"), "token of default/robot for sts.amazonaws.com");
  const pod = w.cluster.pod("p");
  assert.ok(pod);
  assert.equal(w.host.logs(pod, "web"), "run 1\n");
});

test("a container whose configuration is missing waits for it", async (t) => {
  const image = program("controller");
  const w = world(t, { images: [image] });
  await readyNode(w);
  await createPod(w, "p", {
    containers: [
      web({ image: "controller", env: [{ name: "A", valueFrom: { configMapKeyRef: { name: "late", key: "a" } } }] }),
    ],
  });
  await w.clock.advance(1_000);
  assert.deepEqual(w.cluster.pod("p")?.status?.containerStatuses?.[0]?.state?.waiting, {
    reason: "CreateContainerConfigError",
    message: 'configmap "late" not found',
  });
  assert.ok(eventsOf(w, "p").includes('Failed: Error: configmap "late" not found'));
  await w.cluster.resource(CONFIG_MAPS).create({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "late", namespace: "default" },
    data: { a: "1" },
  });
  await w.clock.advance(11_000);
  assert.deepEqual(phasesOf(w, "p"), ["Running"]);
});

test("a crash restarts at once, further ones wait 10 s, 20 s, …", async (t) => {
  const image = program("controller");
  const w = world(t, { images: [image] });
  await readyNode(w);
  await createPod(w, "p", { containers: [web({ image: "controller" })] });
  await w.clock.advance(1_000);
  const container = () => w.cluster.pod("p")?.status?.containerStatuses?.[0];
  image.crash(new Error("first"));
  await w.clock.advance(1_000);
  assert.deepEqual(
    [container()?.restartCount, container()?.ready, container()?.lastState?.terminated?.message],
    [1, true, "first"],
  );
  for (const { message, waitSeconds } of [
    { message: "second", waitSeconds: 10 },
    { message: "third", waitSeconds: 20 },
  ]) {
    const runs = image.contexts.length;
    image.crash(new Error(message));
    await w.clock.advance(0);
    assert.equal(container()?.state?.waiting?.reason, "CrashLoopBackOff");
    assert.match(
      container()?.state?.waiting?.message ?? "",
      new RegExp(`^back-off ${waitSeconds}s restarting failed container=web pod=p_default\\(uid-`),
    );
    assert.equal(conditionsOf(w.cluster.pod("p"))["Ready"], "False ContainersNotReady");
    assert.deepEqual(phasesOf(w, "p"), ["Running"]);
    await w.clock.advance(waitSeconds * 1_000 - 100);
    assert.equal(image.contexts.length, runs);
    await w.clock.advance(1_000);
    assert.equal(image.contexts.length, runs + 1);
  }
  assert.equal(container()?.restartCount, 3);
  const backOff = eventsOf(w, "p").filter((event) => event.startsWith("BackOff"));
  assert.deepEqual(
    backOff.map((event) => event.replace(/\(uid-\d+\)/, "(uid)")),
    ["BackOff: Back-off restarting failed container web in pod p_default(uid) (x2)"],
  );
  const pod = w.cluster.pod("p");
  assert.ok(pod);
  assert.equal(w.host.logs(pod, "web"), "run 1\nfirst\nrun 2\nsecond\nrun 3\nthird\nrun 4\n");
});

test("a crash of a pod that never restarts fails it", async (t) => {
  const image = program("controller");
  const w = world(t, { images: [image] });
  await readyNode(w);
  await createPod(w, "p", { restartPolicy: "Never", containers: [web({ image: "controller" })] });
  await w.clock.advance(1_000);
  image.crash(new Error("gone"));
  await w.clock.advance(10);
  assert.deepEqual(phasesOf(w, "p"), ["Failed"]);
});

test("deleting the pod stops its code, and the object goes when the code has ended", async (t) => {
  const image = program("controller");
  const w = world(t, { images: [image] });
  await readyNode(w);
  await createPod(w, "p", { containers: [web({ image: "controller" })] });
  await w.clock.advance(1_000);
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  await w.clock.advance(0);
  assert.equal(image.contexts[0]?.signal.aborted, true);
  await w.clock.advance(0);
  assert.equal(w.cluster.pod("p"), undefined);
});

test("code starts again with the process, and counts as a restart", async (t) => {
  const image = program("controller");
  const first = world(t, { images: [image] });
  await readyNode(first);
  await createPod(first, "p", { containers: [web({ image: "controller" })] });
  await first.clock.advance(1_000);
  await first.stop();
  assert.equal(image.contexts[0]?.signal.aborted, true);
  const second = world(t, { after: first, images: [image] });
  second.host.start(machine("n1"));
  await second.clock.advance(1_000);
  assert.equal(image.contexts.length, 2);
  const [container] = second.cluster.pod("p")?.status?.containerStatuses ?? [];
  assert.deepEqual(
    [container?.restartCount, container?.ready, container?.lastState?.terminated?.exitCode],
    [1, true, 255],
  );
});

test("logs say plainly what is simulated", async (t) => {
  const w = world(t);
  const pod = await createPod(w, "p");
  assert.equal(
    w.host.logs(pod, "web"),
    "nodeless: container web (image nginx:1.27) is simulated; no process runs, so it prints nothing\n",
  );
  assert.equal(w.host.logs(pod, "other"), undefined);
});

describe("a part of a log", () => {
  const START = Date.parse("2026-01-01T00:00:00Z");
  const lines = ["a", "b", "c", "d"].map((text, index) => ({
    at: new Date(START + index * 10_000),
    text,
    sequence: index + 1,
  }));
  const now = new Date(START + 35_000);
  const PARTS: readonly (readonly [rule: string, part: LogPart, want: string])[] = [
    ["everything by default", {}, "a\nb\nc\nd\n"],
    ["the last lines", { tailLines: 2 }, "c\nd\n"],
    ["no lines", { tailLines: 0 }, ""],
    ["more lines than there are", { tailLines: 9 }, "a\nb\nc\nd\n"],
    ["since some seconds ago, the border included", { sinceSeconds: 15 }, "c\nd\n"],
    ["since a time, and of that the last", { sinceTime: "2026-01-01T00:00:10Z", tailLines: 1 }, "d\n"],
    ["with times", { tailLines: 1, timestamps: true }, "2026-01-01T00:00:30.000000000Z d\n"],
    ["cut inside a line", { limitBytes: 3 }, "a\nb"],
  ];
  for (const [rule, part, want] of PARTS)
    test(rule, () => assert.equal(formatLines(selectLines(lines, part, now), part), want));
});

test("a followed log gives its tail, then new lines, and ends with the container", async (t) => {
  const image = program("controller");
  const w = world(t, { images: [image] });
  await readyNode(w);
  const pod = await createPod(w, "p", { containers: [web({ image: "controller" })] });
  await w.clock.advance(1_000);
  const [context] = image.contexts;
  context?.log("before");
  let text = "";
  const followed = (async () => {
    for await (const chunk of w.host.followLogs(pod, "web", { tailLines: 1 }, t.signal))
      text += new TextDecoder().decode(chunk);
  })();
  await w.clock.advance(1_000);
  assert.equal(text, "before\n");
  context?.log("after");
  await w.clock.advance(1_000);
  assert.equal(text, "before\nafter\n");
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  await w.clock.advance(60_000);
  await followed;
});

test("following a simulated container ends when its pod is deleted", async (t) => {
  const w = world(t);
  await readyNode(w);
  const pod = await createPod(w, "p");
  await w.clock.advance(1_000);
  const chunks: Uint8Array[] = [];
  const followed = (async () => {
    for await (const chunk of w.host.followLogs(pod, "web", {}, t.signal)) chunks.push(chunk);
  })();
  await w.clock.advance(5_000);
  assert.equal(chunks.length, 1);
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  await w.clock.advance(60_000);
  await followed;
});
