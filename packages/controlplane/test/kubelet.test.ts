import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENTS, LEASES, NODES, PODS } from "@nodeless/api";
import { conditionsOf, createPod, eventsOf, machine, phasesOf, readyNode, web, world } from "./kubelet-fixture.ts";

test("a node registers not ready, becomes ready, and renews its lease", async (t) => {
  const w = world(t);
  w.host.start(machine("n1", { taints: [{ key: "a", effect: "NoSchedule" }] }));
  await w.clock.advance(0);
  const [registered] = w.cluster.all(NODES);
  assert.equal(registered?.spec.providerID, "aws:///az/n1");
  assert.deepEqual(registered?.spec.taints, [{ key: "a", effect: "NoSchedule" }]);
  assert.equal(registered?.status?.conditions?.find(({ type }) => type === "Ready")?.reason, "KubeletNotReady");
  await w.clock.advance(1_000);
  const [ready] = w.cluster.all(NODES);
  assert.deepEqual(
    ready?.status?.conditions?.map(({ type, status }) => `${type}=${status}`),
    ["MemoryPressure=False", "DiskPressure=False", "PIDPressure=False", "Ready=True"],
  );
  assert.deepEqual(ready?.status?.addresses, [
    { type: "InternalIP", address: "10.0.0.1" },
    { type: "Hostname", address: "n1" },
  ]);
  assert.equal(ready?.status?.nodeInfo?.kubeletVersion, "v1.35.2");
  const lease = (): string | undefined => w.cluster.all(LEASES)[0]?.spec.renewTime;
  const first = lease();
  assert.match(first ?? "", /^2026-01-01T00:00:0\d\.\d{6}Z$/);
  await w.clock.advance(10_000);
  assert.notEqual(lease(), first);
  assert.equal(w.cluster.all(LEASES)[0]?.metadata.ownerReferences?.[0]?.uid, ready?.metadata.uid);
});

test("a stopped machine falls silent and its Node stays", async (t) => {
  const w = world(t);
  await readyNode(w);
  w.host.stop("n1");
  const before = w.cluster.writes.length;
  await createPod(w, "late");
  await w.clock.advance(700_000);
  assert.deepEqual(w.cluster.writes.slice(before), ["create pods/late"]);
  assert.equal(w.cluster.all(NODES).length, 1);
});

test("registration goes on when the server is not there yet", async (t) => {
  const w = world(t);
  w.cluster.failNext("create nodes/n1", 503, "ServiceUnavailable");
  await readyNode(w);
  await w.clock.advance(1_000);
  assert.equal(w.cluster.all(NODES)[0]?.status?.conditions?.at(-1)?.status, "True");
});

test("a pod goes through pull and start to Running, with the events of a kubelet", async (t) => {
  const w = world(t);
  await readyNode(w);
  await createPod(w, "p");
  await w.clock.advance(100);
  const creating = w.cluster.pod("p")?.status;
  assert.equal(creating?.phase, "Pending");
  assert.equal(creating?.containerStatuses?.[0]?.state?.waiting?.reason, "ContainerCreating");
  assert.equal(conditionsOf(w.cluster.pod("p"))["ContainersReady"], "False ContainersNotReady");
  await w.clock.advance(1_000);
  const status = w.cluster.pod("p")?.status;
  assert.equal(status?.phase, "Running");
  assert.deepEqual(
    [status?.podIP, status?.podIPs, status?.hostIP, status?.hostIPs],
    ["10.0.1.1", [{ ip: "10.0.1.1" }], "10.0.0.1", [{ ip: "10.0.0.1" }]],
  );
  assert.deepEqual(conditionsOf(w.cluster.pod("p")), {
    PodReadyToStartContainers: "True",
    Initialized: "True",
    Ready: "True",
    ContainersReady: "True",
    PodScheduled: "True",
  });
  const [container] = status?.containerStatuses ?? [];
  assert.match(container?.containerID ?? "", /^simulated:\/\/[0-9a-f]{64}$/);
  assert.match(container?.imageID ?? "", /^docker\.io\/library\/nginx@sha256:[0-9a-f]{64}$/);
  assert.deepEqual(
    [container?.image, container?.ready, container?.started, container?.restartCount],
    ["docker.io/library/nginx:1.27", true, true, 0],
  );
  const [pulling, pulled, ...rest] = eventsOf(w, "p");
  assert.equal(pulling, 'Pulling: Pulling image "nginx:1.27"');
  assert.match(
    pulled ?? "",
    /^Pulled: Successfully pulled image "nginx:1\.27" in 500ms \(500ms including waiting\)\. Image size: \d+ bytes\.$/,
  );
  assert.deepEqual(rest, ["Created: Created container: web", "Started: Started container web"]);
  assert.equal(
    w.cluster.all(EVENTS).find(({ reason }) => reason === "Started")?.involvedObject.fieldPath,
    "spec.containers{web}",
  );
});

test("a start shorter than 50 ms costs one status write", async (t) => {
  const w = world(t, { timings: { imagePullMs: 10 } });
  await readyNode(w);
  await createPod(w, "p");
  await w.clock.advance(100);
  assert.deepEqual(
    w.cluster.writes.filter((write) => write.includes("pods/p")),
    ["create pods/p", "patch pods/p/status"],
  );
});

test("images are kept per node; policy Always asks the registry each time", async (t) => {
  const w = world(t);
  await readyNode(w);
  for (const [name, imagePullPolicy] of [
    ["first", "IfNotPresent"],
    ["second", "IfNotPresent"],
    ["third", "Always"],
  ] as const) {
    await createPod(w, name, { containers: [web({ imagePullPolicy })] });
    await w.clock.advance(1_000);
  }
  assert.equal(eventsOf(w, "second")[0], 'Pulled: Container image "nginx:1.27" already present on machine');
  assert.match(eventsOf(w, "third")[1] ?? "", /^Pulled: Successfully pulled image "nginx:1\.27" in 50ms/);
});

test("pods wait for the node's network, host-network pods do not", async (t) => {
  const w = world(t);
  w.host.start(machine("n1"));
  await createPod(w, "plain");
  await createPod(w, "agent", { hostNetwork: true });
  await w.clock.advance(900);
  assert.deepEqual(phasesOf(w, "plain", "agent"), ["Pending", "Running"]);
  assert.equal(w.cluster.pod("agent")?.status?.podIP, "10.0.0.1");
  await w.clock.advance(1_000);
  assert.deepEqual(phasesOf(w, "plain"), ["Running"]);
});

test("without a free address the sandbox fails and is tried again", async (t) => {
  const w = world(t);
  let ip: string | undefined;
  await readyNode(w, machine("n1", { allocatePodIp: () => ip }));
  await createPod(w, "p");
  await w.clock.advance(1_000);
  assert.equal(conditionsOf(w.cluster.pod("p"))["PodReadyToStartContainers"], "False");
  assert.match(
    eventsOf(w, "p")[0] ?? "",
    /^FailedCreatePodSandBox: Failed to create pod sandbox: .*failed to assign an IP address to container$/,
  );
  ip = "10.0.1.9";
  await w.clock.advance(6_000);
  assert.equal(w.cluster.pod("p")?.status?.podIP, ip);
  assert.deepEqual(phasesOf(w, "p"), ["Running"]);
});

test("a pod that does not fit is rejected, and a finished one gives its room back", async (t) => {
  const w = world(t);
  await readyNode(w);
  const half = { containers: [web({ resources: { requests: { cpu: "3" } } })] };
  await createPod(w, "first", half);
  await createPod(w, "second", half);
  await w.clock.advance(1_000);
  assert.deepEqual(phasesOf(w, "first", "second"), ["Running", "Failed"]);
  const { reason, message } = w.cluster.pod("second")?.status ?? {};
  assert.equal(reason, "OutOfcpu");
  assert.equal(
    message,
    "Pod was rejected: Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000",
  );
  assert.deepEqual(eventsOf(w, "second"), [
    "OutOfcpu: Node didn't have enough resource: cpu, requested: 3000, used: 3000, capacity: 4000",
  ]);
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "first" });
  await w.clock.advance(1_000);
  await createPod(w, "third", half);
  await w.clock.advance(1_000);
  assert.deepEqual(phasesOf(w, "third"), ["Running"]);
});

test("init containers run to completion in order, a sidecar stays, then the containers start", async (t) => {
  const w = world(t, { timings: { imagePullMs: 1_000 } });
  await readyNode(w);
  await createPod(w, "p", {
    initContainers: [
      { name: "one", image: "a" },
      { name: "proxy", image: "b", restartPolicy: "Always" },
      { name: "two", image: "c" },
    ],
  });
  const seen: string[] = [];
  for (let second = 0; second < 5; second += 1) {
    await w.clock.advance(1_000);
    const { initContainerStatuses = [], containerStatuses = [] } = w.cluster.pod("p")?.status ?? {};
    seen.push(
      [...initContainerStatuses, ...containerStatuses]
        .map(({ name, state }) => `${name} ${Object.keys(state ?? {})}`)
        .join(", "),
    );
  }
  assert.deepEqual(seen, [
    "one waiting, proxy waiting, two waiting, web waiting",
    "one terminated, proxy waiting, two waiting, web waiting",
    "one terminated, proxy running, two waiting, web waiting",
    "one terminated, proxy running, two terminated, web waiting",
    "one terminated, proxy running, two terminated, web running",
  ]);
  assert.equal(conditionsOf(w.cluster.pod("p"))["Initialized"], "True");
});

test("pods that are not restarted always complete by themselves, others run for ever", async (t) => {
  const w = world(t);
  await readyNode(w);
  await createPod(w, "task", { restartPolicy: "Never" });
  await createPod(w, "retried", { restartPolicy: "OnFailure" });
  await createPod(w, "plain");
  await w.clock.advance(60_000);
  assert.deepEqual(phasesOf(w, "task", "retried", "plain"), ["Succeeded", "Succeeded", "Running"]);
  const terminated = w.cluster.pod("task")?.status?.containerStatuses?.[0]?.state?.terminated;
  assert.deepEqual([terminated?.exitCode, terminated?.reason], [0, "Completed"]);
  assert.equal(conditionsOf(w.cluster.pod("task"))["Ready"], "False PodCompleted");
});

test("a new image restarts its container, and no other", async (t) => {
  const w = world(t);
  await readyNode(w);
  const other = { name: "other", image: "busybox:1" };
  await createPod(w, "p", { containers: [web(), other], restartPolicy: "Always" });
  await w.clock.advance(2_000);
  const containers = [{ name: "web", image: "nginx:2" }];
  await w.cluster.resource(PODS).patch({ namespace: "default", name: "p" }, "strategic", { spec: { containers } });
  await w.clock.advance(2_000);
  const { containerStatuses = [] } = w.cluster.pod("p")?.status ?? {};
  assert.deepEqual(
    containerStatuses.map(({ name, image, restartCount, ready }) => [name, image, restartCount, ready]),
    [
      ["web", "docker.io/library/nginx:2", 1, true],
      ["other", "docker.io/library/busybox:1", 0, true],
    ],
  );
  assert.ok(eventsOf(w, "p").includes("Killing: Container web definition changed, will be restarted"));
});

test("a pod past its active deadline fails", async (t) => {
  const w = world(t);
  await readyNode(w);
  await createPod(w, "p", { activeDeadlineSeconds: 5 });
  await w.clock.advance(6_000);
  assert.deepEqual([...phasesOf(w, "p"), w.cluster.pod("p")?.status?.reason], ["Failed", "DeadlineExceeded"]);
});

test("deletion stops the containers, then removes the object and frees the address", async (t) => {
  const w = world(t);
  const node = machine("n1");
  await readyNode(w, node);
  await createPod(w, "p");
  await w.clock.advance(1_000);
  assert.deepEqual(node.taken, ["10.0.1.1"]);
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  await w.clock.advance(50);
  assert.ok(w.cluster.pod("p"), "still stopping");
  await w.clock.advance(100);
  assert.equal(w.cluster.pod("p"), undefined);
  assert.deepEqual(node.taken, []);
  assert.equal(eventsOf(w, "p").at(-1), "Killing: Stopping container web");
});

test("the removal names the uid, so that a successor of the same name is safe", async (t) => {
  const w = world(t);
  await readyNode(w);
  await createPod(w, "p");
  await w.clock.advance(1_000);
  const pods = w.cluster.resource(PODS);
  await pods.delete({ namespace: "default", name: "p" });
  await pods.delete({ namespace: "default", name: "p" }, { gracePeriodSeconds: 0 });
  await createPod(w, "p");
  await w.clock.advance(2_000);
  assert.deepEqual(phasesOf(w, "p"), ["Running"]);
});

test("a deleted pod with a finalizer keeps a final status for its owner", async (t) => {
  const w = world(t);
  await readyNode(w);
  await createPod(w, "p", { metadata: { finalizers: ["batch.kubernetes.io/job-tracking"] } });
  await w.clock.advance(1_000);
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  await w.clock.advance(1_000);
  const status = w.cluster.pod("p")?.status;
  assert.equal(status?.phase, "Failed");
  assert.equal(status?.containerStatuses?.[0]?.state?.terminated?.exitCode, 143);
});

test("a pod deleted before its node is ready goes at once", async (t) => {
  const w = world(t);
  w.host.start(machine("n1"));
  await createPod(w, "p");
  await w.clock.advance(10);
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  await w.clock.advance(10);
  assert.equal(w.cluster.pod("p"), undefined);
});

test("status writes and removals are repeated until the server takes them", async (t) => {
  const w = world(t, { timings: { imagePullMs: 10 } });
  await readyNode(w);
  w.cluster.failNext("patch pods/p/status", 503, "ServiceUnavailable");
  await createPod(w, "p");
  await w.clock.advance(1_500);
  assert.deepEqual(phasesOf(w, "p"), ["Running"]);
  await w.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  w.cluster.failNext("delete pods/p", 500, "InternalError");
  await w.clock.advance(500);
  assert.ok(w.cluster.pod("p"), "the first removal failed");
  await w.clock.advance(1_500);
  assert.equal(w.cluster.pod("p"), undefined);
});

test("readiness gates hold Ready back until others report them", async (t) => {
  const w = world(t);
  await readyNode(w);
  await createPod(w, "p", { readinessGates: [{ conditionType: "example.com/lb" }] });
  await w.clock.advance(1_000);
  assert.equal(conditionsOf(w.cluster.pod("p"))["Ready"], "False ReadinessGatesNotReady");
  await w.cluster
    .resource(PODS)
    .patch(
      { namespace: "default", name: "p" },
      "strategic",
      { status: { conditions: [{ type: "example.com/lb", status: "True" }] } },
      { subresource: "status" },
    );
  await w.clock.advance(10);
  assert.equal(conditionsOf(w.cluster.pod("p"))["Ready"], "True");
  const before = w.cluster.writes.length;
  await w.clock.advance(100);
  assert.equal(w.cluster.writes.length, before, "the kubelet does not answer its own writes");
});

test("after a restart of the process everything goes on as it was", async (t) => {
  const first = world(t);
  await readyNode(first);
  await createPod(first, "p");
  await first.clock.advance(2_000);
  await first.stop();
  const before = first.cluster.pod("p");
  const second = world(t, { after: first });
  const node = machine("n1");
  second.host.start(node);
  await second.clock.advance(2_000);
  assert.deepEqual(second.cluster.pod("p"), before, "not a single write");
  assert.deepEqual(node.taken, ["10.0.1.1"]);
  await second.cluster.resource(PODS).delete({ namespace: "default", name: "p" });
  await second.clock.advance(1_000);
  assert.equal(second.cluster.pod("p"), undefined);
  assert.deepEqual(node.taken, []);
});

test("a node declared lost while the process was away is ready again at once", async (t) => {
  const first = world(t);
  await readyNode(first);
  await first.stop();
  const lost = [{ type: "Ready", status: "Unknown", reason: "NodeStatusUnknown" }];
  const nodes = first.cluster.resource(NODES);
  await nodes.patch({ name: "n1" }, "strategic", { status: { conditions: lost } }, { subresource: "status" });
  const second = world(t, { after: first });
  second.host.start(machine("n1"));
  await second.clock.advance(0);
  const ready = second.cluster.all(NODES)[0]?.status?.conditions?.find(({ type }) => type === "Ready");
  assert.deepEqual([ready?.status, ready?.reason], ["True", "KubeletReady"]);
});
