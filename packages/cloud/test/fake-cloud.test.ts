import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "@nodeless/api";
import { CloudError, InsufficientCapacityError, type LaunchRequest, NodeClassNotReadyError } from "@nodeless/cloud";
import { cloudProviderConformance } from "@nodeless/cloud/conformance";
import { FAKE_INSTANCE_TYPES, FakeCloud } from "@nodeless/cloud/fake";
import { ManualClock } from "@nodeless/environment";

const nodeClass: KubernetesObject = {
  apiVersion: "karpenter.k8s.aws/v1",
  kind: "EC2NodeClass",
  metadata: { name: "default", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
};

for (const { rule, run } of cloudProviderConformance())
  test(`conformance: ${rule}`, async () => {
    const clock = new ManualClock();
    const provider = new FakeCloud({ clock, bootMs: 1_000, terminationMs: 2_000 });
    await run({ provider, nodeClass, settle: () => clock.advance(5_000) });
  });

const request: LaunchRequest = {
  claimUid: "uid",
  claimName: "claim",
  nodePool: "default",
  nodeClass: "default",
  requirements: new Map(),
  instanceTypes: FAKE_INSTANCE_TYPES.slice(0, 1),
  labels: {},
  taints: [],
};

test("exhausted offerings are passed over for dearer ones; none left names all that were tried", async () => {
  const cloud = new FakeCloud({ clock: new ManualClock() });
  await cloud.reconcileNodeClass(nodeClass);
  for (const zone of ["zone-a", "zone-b", "zone-c"])
    cloud.exhaust({ instanceType: "c5.large", zone, capacityType: "spot" });
  assert.equal((await cloud.launch(request)).capacityType, "on-demand");
  for (const zone of ["zone-a", "zone-b", "zone-c"])
    cloud.exhaust({ instanceType: "c5.large", zone, capacityType: "on-demand" });
  await assert.rejects(
    cloud.launch({ ...request, claimUid: "other" }),
    (error: unknown) =>
      error instanceof InsufficientCapacityError &&
      error.offerings.length === 6 &&
      error.message.endsWith("and 3 more offerings"),
  );
});

test("failures on demand: the next call only, and a node class that is not ready refuses types and launches", async () => {
  const cloud = new FakeCloud({ clock: new ManualClock() });
  await cloud.reconcileNodeClass(nodeClass);
  cloud.failNext("launch", new CloudError("UnauthorizedOperation", "not allowed"));
  await assert.rejects(cloud.launch(request), CloudError);
  await cloud.launch(request);
  cloud.setNodeClassProblem("default", "no subnet matches");
  await assert.rejects(cloud.instanceTypes("default"), NodeClassNotReadyError);
  await assert.rejects(cloud.launch({ ...request, claimUid: "other" }), /no subnet matches/);
  cloud.setNodeClassProblem("default", undefined);
  cloud.forgetNodeClasses();
  await assert.rejects(cloud.instanceTypes("default"), /not resolved yet/);
});

test("kubelets start when the boot time is over, not for instances ended before", async () => {
  const clock = new ManualClock();
  const running: string[] = [];
  const ended: string[] = [];
  const cloud = new FakeCloud({
    clock,
    bootMs: 1_000,
    onRunning: (_, { claimName }) => running.push(claimName),
    onEnded: ({ instanceId }) => ended.push(instanceId),
  });
  await cloud.reconcileNodeClass(nodeClass);
  const first = await cloud.launch(request);
  await cloud.launch({ ...request, claimUid: "b", claimName: "b" });
  cloud.vanish(first.providerId);
  await clock.advance(1_000);
  assert.deepEqual([running, ended], [["b"], [first.instanceId]]);
});
