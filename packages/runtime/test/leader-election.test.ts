import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lease } from "@nodeless/api";
import { ManualClock } from "@nodeless/environment";
import { aborted, createKubernetesClient, runLeaderElection } from "@nodeless/runtime";
import { FakeApi } from "./fake-api.ts";

const PATH = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/karpenter";

function setUp() {
  const api = new FakeApi();
  const clock = new ManualClock();
  const client = createKubernetesClient({ transport: api.transport });
  const leading = new Set<string>();
  const holder = () => (api.at(PATH) as Lease | undefined)?.spec?.holderIdentity;
  const replica = (identity: string, transport = api.transport) => {
    const stop = new AbortController();
    const done = runLeaderElection({
      client: transport === api.transport ? client : createKubernetesClient({ transport }),
      clock,
      leaseName: "karpenter",
      namespace: "kube-system",
      identity,
      signal: stop.signal,
      async onStartedLeading(signal) {
        leading.add(identity);
        assert.ok(leading.size === 1, `two leaders: ${[...leading].join(" and ")}`);
        await aborted(signal);
        leading.delete(identity);
      },
    });
    return { stop, done };
  };
  return { api, clock, leading, holder, replica };
}

test("of two replicas one leads; when it stops it releases and the other takes over within a retry period", async () => {
  const { clock, leading, holder, replica } = setUp();
  const a = replica("a");
  await clock.advance(100);
  const b = replica("b");
  await clock.advance(60_000);
  assert.deepEqual([...leading], ["a"]);
  a.stop.abort();
  await a.done;
  assert.equal(holder(), "");
  await clock.advance(2_000);
  assert.deepEqual([[...leading], holder()], [["b"], "b"]);
  b.stop.abort();
  await b.done;
});

test("a replica that vanishes without releasing is succeeded after the lease duration, not before; transitions are counted", async () => {
  const { api, clock, leading, holder, replica } = setUp();
  api.put(PATH, {
    metadata: { name: "karpenter", namespace: "kube-system" },
    spec: { holderIdentity: "dead", leaseDurationSeconds: 15, leaseTransitions: 3 },
  });
  const b = replica("b");
  await clock.advance(14_000);
  assert.equal(holder(), "dead");
  await clock.advance(4_000);
  assert.deepEqual([...leading], ["b"]);
  assert.equal((api.at(PATH) as Lease).spec?.leaseTransitions, 4);
  b.stop.abort();
  await b.done;
});

test("a leader cut off from the API stops leading by the renew deadline, before anyone else may start, and comes back later", async () => {
  const { api, clock, leading, replica } = setUp();
  let cut = false;
  const a = replica("a", (request) => (cut ? Promise.reject(new Error("unreachable")) : api.transport(request)));
  await clock.advance(5_000);
  const b = replica("b");
  cut = true;
  await clock.advance(12_000);
  assert.equal(leading.has("a"), false);
  await clock.advance(10_000);
  assert.deepEqual([...leading], ["b"]);
  cut = false;
  b.stop.abort();
  await b.done;
  await clock.advance(3_000);
  assert.deepEqual([...leading], ["a"]);
  a.stop.abort();
  await a.done;
});

test("work that fails while leading ends the election with its error, after releasing", async () => {
  const { api, clock, holder } = setUp();
  const failure = runLeaderElection({
    client: createKubernetesClient({ transport: api.transport }),
    clock,
    leaseName: "karpenter",
    namespace: "kube-system",
    identity: "a",
    signal: new AbortController().signal,
    onStartedLeading: () => Promise.reject(new Error("bad settings")),
  });
  await assert.rejects(failure, /bad settings/);
  assert.equal(holder(), "");
});
