import assert from "node:assert/strict";
import { test } from "node:test";
import { CONFIG_MAPS, configMap, type Json, PODS, pod, TestServer } from "./harness.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const web = (more: Json = {}): Json => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "nginx" }] } },
    ...more,
  },
});

test("create sets what only the server may set", async () => {
  const server = await TestServer.start();
  const created = await server.ok("POST", CONFIG_MAPS, {
    ...configMap(
      "",
      {},
      { generateName: "cm-", uid: "mine", creationTimestamp: "1999-01-01T00:00:00Z", generation: 7 },
    ),
  });
  assert.match(created.metadata.name, /^cm-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  assert.match(created.metadata.uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  assert.equal(created.metadata.creationTimestamp, "2026-01-01T00:00:00Z");
  assert.equal(created.metadata.namespace, "default");
  assert.match(created.metadata.resourceVersion, /^\d+$/);
  assert.equal(created.metadata.generation, undefined);
  const deployment = await server.ok("POST", DEPLOYMENTS, { ...web(), status: { replicas: 9 } });
  assert.equal(deployment.metadata.generation, 1);
  assert.equal(deployment.status?.replicas, undefined);
});

test("refusals carry the code, reason and text that kubectl knows", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CONFIG_MAPS, configMap("taken", {}));
  await server.ok("POST", DEPLOYMENTS, web());
  for (const { rule, call, want } of [
    {
      rule: "missing object",
      call: ["GET", `${DEPLOYMENTS}/nope`],
      want: [404, "NotFound", 'deployments.apps "nope" not found'],
    },
    {
      rule: "name taken",
      call: ["POST", CONFIG_MAPS, configMap("taken")],
      want: [409, "AlreadyExists", 'configmaps "taken" already exists'],
    },
    {
      rule: "missing namespace",
      call: ["POST", "/api/v1/namespaces/nope/configmaps", configMap("a")],
      want: [404, "NotFound", 'namespaces "nope" not found'],
    },
    {
      rule: "resourceVersion on create",
      call: ["POST", CONFIG_MAPS, configMap("a", {}, { resourceVersion: "5" })],
      want: [500, undefined, "resourceVersion should not be set on objects to be created"],
    },
    {
      rule: "another namespace in the body",
      call: ["POST", CONFIG_MAPS, configMap("a", {}, { namespace: "kube-system" })],
      want: [
        400,
        "BadRequest",
        "the namespace of the provided object does not match the namespace sent on the request",
      ],
    },
    {
      rule: "another version in the body",
      call: ["POST", CONFIG_MAPS, { ...configMap("a"), apiVersion: "apps/v1" }],
      want: [400, "BadRequest", "the API version in the data (apps/v1) does not match the expected API version (v1)"],
    },
    {
      rule: "stale resourceVersion",
      call: ["PUT", `${CONFIG_MAPS}/taken`, configMap("taken", { a: "b" }, { resourceVersion: "1" })],
      want: [
        409,
        "Conflict",
        'Operation cannot be fulfilled on configmaps "taken": the object has been modified; please apply your changes to the latest version and try again',
      ],
    },
    {
      rule: "another name in the body",
      call: ["PUT", `${CONFIG_MAPS}/taken`, configMap("other")],
      want: [400, "BadRequest", "the name of the object (other) does not match the name on the URL (taken)"],
    },
    {
      rule: "an immortal namespace",
      call: ["DELETE", "/api/v1/namespaces/default"],
      want: [403, "Forbidden", 'namespaces "default" is forbidden: this namespace may not be deleted'],
    },
    {
      rule: "an unknown field label",
      call: ["GET", `${PODS}?fieldSelector=spec.foo%3Dbar`],
      want: [400, "BadRequest", "field label not supported: spec.foo"],
    },
    {
      rule: "a method nobody has",
      call: ["POST", `${PODS}/x`],
      want: [405, "MethodNotAllowed", "the server does not allow this method on the requested resource"],
    },
    {
      rule: "a patch type nobody has",
      call: ["PATCH", `${CONFIG_MAPS}/taken`, "{}", { headers: { "content-type": "application/apply-patch+yaml" } }],
      want: [
        415,
        "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json",
      ],
    },
    {
      rule: "a failing JSON patch test",
      call: [
        "PATCH",
        `${CONFIG_MAPS}/taken`,
        [{ op: "test", path: "/data/x", value: "1" }],
        { headers: { "content-type": "application/json-patch+json" } },
      ],
      want: [422, "Invalid", "the server rejected our request due to an error in our request"],
    },
    {
      rule: "a stream into a container",
      call: ["POST", `${PODS}/x/exec?command=sh`],
      want: [
        501,
        "NotImplemented",
        "pods/exec is not implemented by this server: containers are simulated, there is no process to connect to",
      ],
    },
  ] as const) {
    const [method, path, body, options] = call as readonly [string, string, unknown?, object?];
    const { status, body: answer } = await server.call(method, path, body, options);
    assert.deepEqual([status, answer.reason, answer.message], want, rule);
    assert.deepEqual([answer.kind, answer.status, answer.code], ["Status", "Failure", status], rule);
  }
  assert.deepEqual((await server.call("GET", "/apis/nope/v1/things")).body, "404 page not found\n");
});

test("generation follows the spec, resourceVersion every change, and a no-op changes nothing", async () => {
  const server = await TestServer.start();
  const created = await server.ok("POST", DEPLOYMENTS, web());
  const labelled = await server.ok("PATCH", `${DEPLOYMENTS}/web`, { metadata: { labels: { a: "b" } } });
  const scaled = await server.ok("PATCH", `${DEPLOYMENTS}/web`, { spec: { replicas: 3 } });
  const status = await server.ok("PATCH", `${DEPLOYMENTS}/web/status`, {
    status: { replicas: 3 },
    spec: { replicas: 9 },
  });
  const again = await server.ok("PATCH", `${DEPLOYMENTS}/web`, { spec: { replicas: 3 } });
  const main = await server.ok("PATCH", `${DEPLOYMENTS}/web`, { status: { replicas: 77 } });
  assert.deepEqual(
    [created, labelled, scaled, status, again, main].map(({ metadata }) => metadata.generation),
    [1, 1, 2, 2, 2, 2],
  );
  assert.equal(status.spec.replicas, 3);
  assert.equal(main.status.replicas, 3);
  const versions = [created, labelled, scaled, status].map(({ metadata }) => Number(metadata.resourceVersion));
  assert.deepEqual(
    versions,
    [...versions].sort((a, b) => a - b),
  );
  assert.equal(new Set(versions).size, 4);
  assert.equal(again.metadata.resourceVersion, status.metadata.resourceVersion);
});

test("of concurrent writes with the same resourceVersion one wins; unconditional ones and patches all get through", async () => {
  const server = await TestServer.start();
  const { metadata } = await server.ok("POST", CONFIG_MAPS, configMap("c"));
  const puts = await Promise.all(
    [1, 2, 3].map((n) =>
      server.call(
        "PUT",
        `${CONFIG_MAPS}/c`,
        configMap("c", { n: String(n) }, { resourceVersion: metadata.resourceVersion }),
      ),
    ),
  );
  assert.deepEqual(puts.map(({ status }) => status).sort(), [200, 409, 409]);
  const patches = await Promise.all(
    [1, 2, 3, 4].map((n) => server.call("PATCH", `${CONFIG_MAPS}/c`, { data: { [`k${n}`]: "v" } })),
  );
  assert.deepEqual(
    patches.map(({ status }) => status),
    [200, 200, 200, 200],
  );
  const { data } = await server.ok("GET", `${CONFIG_MAPS}/c`);
  assert.deepEqual(
    Object.keys(data)
      .filter((key) => key.startsWith("k"))
      .sort(),
    ["k1", "k2", "k3", "k4"],
  );
});

test("dryRun does everything but write", async () => {
  const server = await TestServer.start();
  const before = (await server.ok("GET", CONFIG_MAPS)).metadata.resourceVersion;
  const created = await server.ok("POST", `${CONFIG_MAPS}?dryRun=All`, configMap("", {}, { generateName: "x-" }));
  assert.match(created.metadata.name, /^x-.{5}$/);
  await server.ok("POST", CONFIG_MAPS, configMap("real", { a: "1" }));
  const patched = await server.ok("PATCH", `${CONFIG_MAPS}/real?dryRun=All`, { data: { a: "2" } });
  assert.equal(patched.data.a, "2");
  assert.equal((await server.ok("DELETE", `${CONFIG_MAPS}/real`, { dryRun: ["All"] })).status, "Success");
  const list = await server.ok("GET", CONFIG_MAPS);
  assert.deepEqual(
    list.items.map((item: Json) => [item.metadata.name, item.data]),
    [["real", { a: "1" }]],
  );
  assert.equal(Number(list.metadata.resourceVersion), Number(before) + 1);
});

test("finalizers hold a deletion up; the update that takes the last one away completes it", async () => {
  const server = await TestServer.start();
  const { metadata } = await server.ok("POST", CONFIG_MAPS, configMap("held", {}, { finalizers: ["ex.io/a"] }));
  const marked = await server.ok("DELETE", `${CONFIG_MAPS}/held`);
  assert.equal(marked.metadata.deletionTimestamp, "2026-01-01T00:00:00Z");
  assert.equal(
    (await server.ok("DELETE", `${CONFIG_MAPS}/held`)).metadata.resourceVersion,
    marked.metadata.resourceVersion,
  );
  const added = await server.call("PATCH", `${CONFIG_MAPS}/held`, { metadata: { finalizers: ["ex.io/a", "ex.io/b"] } });
  assert.equal(added.status, 422);
  assert.match(added.body.message, /metadata.finalizers: Forbidden: no new finalizers can be added/);
  const watch = await server.watch(`${CONFIG_MAPS}?watch=true&resourceVersion=${marked.metadata.resourceVersion}`);
  await server.ok("PATCH", `${CONFIG_MAPS}/held`, { metadata: { finalizers: null } });
  const gone = await watch.next();
  watch.stop();
  assert.equal(gone.type, "DELETED");
  assert.equal(gone.object.metadata.uid, metadata.uid);
  assert.ok(Number(gone.object.metadata.resourceVersion) > Number(marked.metadata.resourceVersion));
  assert.equal((await server.call("GET", `${CONFIG_MAPS}/held`)).status, 404);
});

test("pods on a node get their grace, others go at once", async () => {
  const server = await TestServer.start();
  for (const name of ["unscheduled", "running", "done"]) await server.ok("POST", PODS, pod(name));
  for (const name of ["running", "done"])
    await server.ok("POST", `${PODS}/${name}/binding`, { metadata: { name }, target: { kind: "Node", name: "n1" } });
  await server.ok("PATCH", `${PODS}/done/status`, { status: { phase: "Succeeded" } });
  assert.equal((await server.ok("DELETE", `${PODS}/unscheduled`)).status, "Success");
  assert.equal((await server.ok("DELETE", `${PODS}/done`)).status, "Success");
  const first = await server.ok("DELETE", `${PODS}/running`);
  assert.equal(first.metadata.deletionGracePeriodSeconds, 30);
  assert.equal(first.metadata.deletionTimestamp, "2026-01-01T00:00:30Z");
  const shorter = await server.ok("DELETE", `${PODS}/running`, { gracePeriodSeconds: 5 });
  assert.equal(shorter.metadata.deletionTimestamp, "2026-01-01T00:00:05Z");
  const longer = await server.ok("DELETE", `${PODS}/running`, { gracePeriodSeconds: 60 });
  assert.equal(longer.metadata.deletionTimestamp, "2026-01-01T00:00:05Z");
  const stale = await server.call("DELETE", `${PODS}/running`, {
    gracePeriodSeconds: 0,
    preconditions: { uid: "other" },
  });
  assert.equal(stale.status, 409);
  const { uid } = first.metadata;
  assert.equal(
    (await server.ok("DELETE", `${PODS}/running`, { gracePeriodSeconds: 0, preconditions: { uid } })).status,
    "Success",
  );
});

test("propagation policies are finalizers for the garbage collector", async () => {
  const server = await TestServer.start();
  for (const [policy, finalizers] of [
    ["Foreground", ["foregroundDeletion"]],
    ["Orphan", ["orphan"]],
  ] as const) {
    await server.ok("POST", DEPLOYMENTS, web());
    const marked = await server.ok("DELETE", `${DEPLOYMENTS}/web`, { propagationPolicy: policy });
    assert.deepEqual(marked.metadata.finalizers, finalizers);
    assert.equal(marked.metadata.generation, 2);
    await server.ok("PATCH", `${DEPLOYMENTS}/web`, { metadata: { finalizers: [] } });
    assert.equal((await server.call("GET", `${DEPLOYMENTS}/web`)).status, 404);
  }
  await server.ok("POST", DEPLOYMENTS, web());
  assert.equal(
    (await server.ok("DELETE", `${DEPLOYMENTS}/web`, { propagationPolicy: "Background" })).status,
    "Success",
  );
});

test("deleting a collection takes what the selector matches", async () => {
  const server = await TestServer.start();
  for (const name of ["a", "b", "c"])
    await server.ok("POST", CONFIG_MAPS, configMap(name, {}, { labels: { keep: String(name === "b") } }));
  const deleted = await server.ok("DELETE", `${CONFIG_MAPS}?labelSelector=keep!%3Dtrue`);
  assert.equal(deleted.kind, "ConfigMapList");
  assert.deepEqual(
    (await server.ok("GET", CONFIG_MAPS)).items.map((item: Json) => item.metadata.name),
    ["b"],
  );
});

test("a namespace waits for its finalizer and takes nothing new meanwhile", async () => {
  const server = await TestServer.start();
  const created = await server.ok("POST", "/api/v1/namespaces", {
    apiVersion: "v1",
    kind: "Namespace",
    metadata: { name: "team" },
  });
  assert.deepEqual(
    [created.status.phase, created.spec.finalizers, created.metadata.labels],
    ["Active", ["kubernetes"], { "kubernetes.io/metadata.name": "team" }],
  );
  const marked = await server.ok("DELETE", "/api/v1/namespaces/team");
  assert.equal(marked.status.phase, "Terminating");
  const refused = await server.call("POST", "/api/v1/namespaces/team/configmaps", configMap("late"));
  assert.equal(refused.status, 403);
  assert.match(refused.body.message, /unable to create new content in namespace team because it is being terminated/);
  assert.equal(refused.body.details.causes[0].reason, "NamespaceTerminating");
  await server.ok("PUT", "/api/v1/namespaces/team/finalize", { ...marked, spec: { finalizers: [] } });
  assert.equal((await server.call("GET", "/api/v1/namespaces/team")).status, 404);
});

test("fields given twice are found in JSON and YAML, by their path", async () => {
  const server = await TestServer.start();
  const json = '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x"},"data":{"a":"1","b":"\\"{","a":"2"}}';
  const strict = await server.call("POST", `${CONFIG_MAPS}?fieldValidation=Strict`, json);
  assert.equal(strict.status, 400);
  assert.match(strict.body.message, /strict decoding error: duplicate field "data.a"/);
  const yaml = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: y\ndata:\n  a: '1'\n  a: '2'\n";
  const warned = await server.call("POST", CONFIG_MAPS, yaml, { headers: { "content-type": "application/yaml" } });
  assert.equal(warned.status, 201);
  assert.equal(warned.headers["warning"], '299 - "duplicate field \\"data.a\\""');
});

test("a lease may be created by PUT, a config map may not", async () => {
  const server = await TestServer.start();
  const lease = {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "l" },
    spec: { holderIdentity: "x" },
  };
  const put = await server.call("PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/l", lease);
  assert.equal(put.status, 201);
  assert.equal((await server.call("PUT", `${CONFIG_MAPS}/c`, configMap("c"))).status, 404);
});
