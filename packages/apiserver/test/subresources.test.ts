import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { test } from "node:test";
import { AdmissionDeniedError, type ApiServerOptions } from "@nodeless/apiserver";
import { CONFIG_MAPS, configMap, ISSUER, type Json, PODS, pod, TestServer } from "./harness.ts";

const SERVICES = "/api/v1/namespaces/default/services";
const service = (name: string, spec: Json): Json => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { ports: [{ port: 80, protocol: "TCP" }], ...spec },
});

test("binding assigns once, with the condition that says so", async () => {
  const server = await TestServer.start();
  await server.ok("POST", PODS, pod("p"));
  const binding = { metadata: { name: "p", annotations: { by: "me" } }, target: { kind: "Node", name: "n1" } };
  const answer = await server.call("POST", `${PODS}/p/binding`, binding);
  assert.deepEqual([answer.status, answer.body.status], [201, "Success"]);
  const bound = await server.ok("GET", `${PODS}/p`);
  assert.equal(bound.spec.nodeName, "n1");
  assert.equal(bound.metadata.generation, 1);
  assert.equal(bound.metadata.annotations.by, "me");
  const scheduled = bound.status.conditions.find((condition: Json) => condition.type === "PodScheduled");
  assert.equal(scheduled.status, "True");
  const again = await server.call("POST", "/api/v1/namespaces/default/bindings", binding);
  assert.equal(again.status, 409);
  assert.match(again.body.message, /pod p is already assigned to node "n1"/);
});

test("eviction asks the one budget that matches", async () => {
  const server = await TestServer.start();
  const budgets = "/apis/policy/v1/namespaces/default/poddisruptionbudgets";
  const budget = (name: string): Json => ({
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: { name },
    spec: { minAvailable: 1, selector: { matchLabels: { app: "a" } } },
  });
  const evict = (name: string): Promise<Json> =>
    server.call("POST", `${PODS}/${name}/eviction`, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name } });
  for (const name of ["p1", "p2"]) {
    await server.ok("POST", PODS, pod(name, { metadata: { labels: { app: "a" } }, spec: { nodeName: "n1" } }));
    const conditions = [{ type: "Ready", status: "True" }];
    await server.ok("PATCH", `${PODS}/${name}/status`, { status: { phase: "Running", conditions } });
  }
  await server.ok("POST", budgets, budget("one"));
  const behind = await evict("p1");
  assert.deepEqual([behind.status, behind.headers["retry-after"]], [429, "10"]);
  await server.ok("PATCH", `${budgets}/one/status`, {
    status: { observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 },
  });
  assert.equal((await evict("p1")).status, 201);
  const { status } = await server.ok("GET", `${budgets}/one`);
  assert.deepEqual([status.disruptionsAllowed, Object.keys(status.disruptedPods)], [0, ["p1"]]);
  const refused = await evict("p2");
  assert.equal(refused.status, 429);
  assert.equal(refused.body.message, "Cannot evict pod as it would violate the pod's disruption budget.");
  assert.deepEqual(refused.body.details.causes, [
    { reason: "DisruptionBudget", message: "The disruption budget one needs 1 healthy pods and has 2 currently" },
  ]);
  await server.ok("POST", budgets, budget("two"));
  assert.match((await evict("p2")).body.message, /more than one PodDisruptionBudget/);
  await server.ok("POST", PODS, pod("pending", { metadata: { labels: { app: "a" } } }));
  assert.equal((await evict("pending")).status, 201);
});

test("scale is a view of the object's replicas", async () => {
  const server = await TestServer.start();
  const path = "/apis/apps/v1/namespaces/default/deployments";
  await server.ok("POST", path, {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web" },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: "web" } },
      template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } },
    },
  });
  const scale = await server.ok("GET", `${path}/web/scale`);
  assert.deepEqual(
    [scale.kind, scale.spec, scale.status],
    ["Scale", { replicas: 2 }, { replicas: 0, selector: "app=web" }],
  );
  assert.deepEqual((await server.ok("PATCH", `${path}/web/scale`, { spec: { replicas: 4 } })).spec, { replicas: 4 });
  const replaced = await server.ok("PUT", `${path}/web/scale`, {
    ...scale,
    metadata: { name: "web" },
    spec: { replicas: 5 },
  });
  assert.equal(replaced.spec.replicas, 5);
  assert.equal((await server.call("PUT", `${path}/web/scale`, scale)).status, 409);
  assert.equal((await server.call("PATCH", `${path}/web/scale`, { spec: { replicas: -1 } })).status, 422);
  const web = await server.ok("GET", `${path}/web`);
  assert.deepEqual([web.spec.replicas, web.metadata.generation], [5, 3]);
});

test("logs come from whoever runs containers, with the real refusals", async () => {
  const logs: ApiServerOptions["logs"] = ({ metadata }, container, { tailLines }) => ({
    status: 200,
    body: `${metadata.name}/${container} tail=${tailLines}\n`,
  });
  const server = await TestServer.start({ logs });
  const two = {
    containers: [
      { name: "a", image: "i" },
      { name: "b", image: "i" },
    ],
  };
  await server.ok("POST", PODS, pod("p", { spec: { ...two, nodeName: "n1" } }));
  const get = async (query: string): Promise<Json> => (await server.call("GET", `${PODS}/p/log${query}`)).body;
  assert.match((await get("")).message, /a container name must be specified for pod p, choose one of: \[a b\]/);
  assert.match((await get("?container=x")).message, /container x is not valid for pod p/);
  assert.match((await get("?container=a")).message, /container "a" in pod "p" is waiting to start: ContainerCreating/);
  const running = { name: "a", state: { running: {} }, ready: true, restartCount: 0, image: "i", imageID: "" };
  await server.ok("PATCH", `${PODS}/p/status`, { status: { containerStatuses: [running] } });
  assert.equal(await get("?container=a&tailLines=3"), "p/a tail=3\n");
});

test("service-account tokens are signed for their pod and die with it", async () => {
  const server = await TestServer.start();
  const accounts = "/api/v1/namespaces/default/serviceaccounts";
  await server.ok("POST", accounts, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot" } });
  const { metadata } = await server.ok("POST", PODS, pod("p", { spec: { serviceAccountName: "robot" } }));
  const { status } = await server.ok("POST", `${accounts}/robot/token`, {
    spec: {
      audiences: ["https://kubernetes.default.svc", "sts.amazonaws.com"],
      expirationSeconds: 600,
      boundObjectRef: { kind: "Pod", name: "p", uid: metadata.uid },
    },
  });
  assert.equal(status.expirationTimestamp, "2026-01-01T00:10:00Z");
  const [head, payload, signature] = status.token.split(".");
  const claims = JSON.parse(Buffer.from(payload, "base64url").toString());
  assert.deepEqual([claims.iss, claims.sub], [ISSUER, "system:serviceaccount:default:robot"]);
  assert.deepEqual(claims["kubernetes.io"].pod, { name: "p", uid: metadata.uid });
  const { body: jwks } = await server.call("GET", "/openid/v1/jwks", undefined, { user: null });
  const [key] = JSON.parse(jwks).keys;
  assert.ok(
    verify(
      "RSA-SHA256",
      Buffer.from(`${head}.${payload}`),
      createPublicKey({ key, format: "jwk" }),
      Buffer.from(signature, "base64url"),
    ),
  );

  const as = (token: string): Promise<Json> =>
    server.call(
      "POST",
      "/apis/authentication.k8s.io/v1/selfsubjectreviews",
      {},
      {
        user: null,
        headers: { authorization: `Bearer ${token}` },
      },
    );
  const { body: review } = await as(status.token);
  assert.equal(review.status.userInfo.username, "system:serviceaccount:default:robot");
  assert.deepEqual(review.status.userInfo.groups, [
    "system:serviceaccounts",
    "system:serviceaccounts:default",
    "system:authenticated",
  ]);
  assert.equal((await as(`${status.token.slice(0, -4)}AAAA`)).status, 401);
  assert.equal((await as("nonsense")).status, 401);
  const foreign = await server.ok("POST", `${accounts}/robot/token`, { spec: { audiences: ["sts.amazonaws.com"] } });
  assert.equal((await as(foreign.status.token)).status, 401);
  const unbound = await server.ok("POST", `${accounts}/robot/token`, { spec: {} });
  await server.ok("DELETE", `${PODS}/p`);
  assert.equal((await as(status.token)).status, 401);
  assert.equal((await as(unbound.status.token)).status, 201);
  await server.clock.advance(3_600_000);
  assert.equal((await as(unbound.status.token)).status, 401);
});

test("without credentials only health, version and keys are answered", async () => {
  const server = await TestServer.start();
  const code = async (path: string): Promise<number> =>
    (await server.call("GET", path, undefined, { user: null })).status;
  for (const path of ["/healthz", "/livez", "/readyz", "/readyz/ping", "/version", "/.well-known/openid-configuration"])
    assert.equal(await code(path), 200, path);
  for (const path of ["/", "/api", "/apis", "/api/v1/pods", "/metrics", "/openapi/v3"])
    assert.equal(await code(path), 401, path);
  assert.match((await server.call("GET", "/readyz?verbose")).body, /\[\+\]ping ok\n[\s\S]*readyz check passed\n/);
});

test("token authenticators and impersonation decide who calls", async () => {
  const server = await TestServer.start({
    authenticators: [(token) => (token === "magic" ? { username: "merlin", groups: ["wizards"] } : undefined)],
  });
  const whoami = async (headers: Json): Promise<Json> =>
    (await server.ok("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {}, { user: null, headers })).status
      .userInfo;
  const authorization = "Bearer magic";
  assert.deepEqual(await whoami({ authorization }), {
    username: "merlin",
    groups: ["wizards", "system:authenticated"],
  });
  const other = { authorization, "impersonate-user": "bob", "impersonate-group": "dev, ops" };
  assert.deepEqual(await whoami(other), { username: "bob", groups: ["dev", "ops", "system:authenticated"] });
  const access = { spec: { resourceAttributes: { verb: "create", resource: "pods", namespace: "default" } } };
  const review = await server.ok("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", access);
  assert.equal(review.status.allowed, true);
});

test("an authorizer's no is a 403 in the real server's words", async () => {
  const server = await TestServer.start({
    authorizer: { authorize: ({ verb }) => ({ allowed: verb === "get", reason: "" }) },
  });
  const { status, body } = await server.call("POST", CONFIG_MAPS, configMap("a"), {
    user: { username: "bob", groups: [] },
  });
  assert.equal(status, 403);
  assert.equal(
    body.message,
    'configmaps is forbidden: User "bob" cannot create resource "configmaps" in API group "" in the namespace "default"',
  );
});

test("services get an address and ports of their own, and keep them", async () => {
  const server = await TestServer.start({ serviceCidr: "10.9.0.0/28", nodePortRange: { first: 30_000, last: 30_001 } });
  assert.equal((await server.ok("GET", `${SERVICES}/kubernetes`)).spec.clusterIP, "10.9.0.1");
  const { spec } = await server.ok("POST", SERVICES, service("a", { type: "NodePort" }));
  assert.match(spec.clusterIP, /^10\.9\.0\.\d+$/);
  assert.deepEqual(spec.clusterIPs, [spec.clusterIP]);
  const kept = await server.ok("PUT", `${SERVICES}/a`, service("a", { type: "NodePort", selector: { x: "y" } }));
  assert.deepEqual([kept.spec.clusterIP, kept.spec.ports[0].nodePort], [spec.clusterIP, spec.ports[0].nodePort]);
  const taken = await server.call("POST", SERVICES, service("b", { clusterIP: spec.clusterIP }));
  assert.equal(taken.status, 422);
  assert.match(
    taken.body.message,
    /spec.clusterIPs: Invalid value: \["10.9.0.\d+"\]: failed to allocate IP .*: provided IP is already allocated/,
  );
  const outside = await server.call("POST", SERVICES, service("b", { clusterIP: "10.8.0.1" }));
  assert.match(outside.body.message, /not in the valid range/);
  assert.equal((await server.ok("POST", SERVICES, service("headless", { clusterIP: "None" }))).spec.clusterIP, "None");
  await server.ok("POST", SERVICES, service("b", { type: "NodePort" }));
  const full = await server.call("POST", SERVICES, service("c", { type: "NodePort" }));
  assert.match(full.body.message, /failed to allocate a nodePort: range is full/);
  await server.ok("DELETE", `${SERVICES}/a`);
  assert.equal(
    (await server.ok("POST", SERVICES, service("c", { clusterIP: spec.clusterIP }))).spec.clusterIP,
    spec.clusterIP,
  );
});

test("the kubernetes service comes back at its address", async () => {
  const server = await TestServer.start();
  const watch = await server.watch(`${SERVICES}?watch=true`);
  await server.ok("DELETE", `${SERVICES}/kubernetes`);
  assert.deepEqual(await watch.take(3), ["ADDED kubernetes", "DELETED kubernetes", "ADDED kubernetes"]);
  watch.stop();
  assert.equal((await server.ok("GET", `${SERVICES}/kubernetes`)).spec.clusterIP, "10.100.0.1");
});

test("pods get service account, token volume, tolerations and priority; nodes their taint", async () => {
  const server = await TestServer.start();
  const { spec } = await server.ok("POST", PODS, pod("p", { spec: { priorityClassName: "system-node-critical" } }));
  assert.deepEqual([spec.serviceAccountName, spec.priority], ["default", 2_000_001_000]);
  assert.match(spec.volumes[0].name, /^kube-api-access-.{5}$/);
  assert.equal(spec.containers[0].volumeMounts[0].mountPath, "/var/run/secrets/kubernetes.io/serviceaccount");
  assert.deepEqual(
    spec.tolerations.map((one: Json) => [one.key, one.tolerationSeconds]),
    [
      ["node.kubernetes.io/not-ready", 300],
      ["node.kubernetes.io/unreachable", 300],
    ],
  );
  const bare = await server.ok("POST", PODS, pod("q", { spec: { automountServiceAccountToken: false } }));
  assert.equal(bare.spec.volumes, undefined);
  const noClass = await server.call("POST", PODS, pod("r", { spec: { priorityClassName: "nope" } }));
  assert.deepEqual(
    [noClass.status, noClass.body.message],
    [403, 'pods "r" is forbidden: no PriorityClass with name nope was found'],
  );
  const noAccount = await server.call("POST", PODS, pod("r", { spec: { serviceAccountName: "x" } }));
  assert.equal(
    noAccount.body.message,
    'pods "r" is forbidden: error looking up service account default/x: serviceaccount "x" not found',
  );
  const node = await server.ok("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name: "n" } });
  assert.deepEqual(node.spec.taints, [{ key: "node.kubernetes.io/not-ready", effect: "NoSchedule" }]);
});

test("injected admission runs in order of name and may change or refuse", async () => {
  const seen: string[] = [];
  const server = await TestServer.start({
    admission: [
      {
        name: "20-deny",
        admit: ({ name }) => {
          seen.push("deny");
          if (name === "bad") throw new AdmissionDeniedError('admission webhook "deny" denied the request: no');
          return undefined;
        },
      },
      {
        name: "10-label",
        admit: async ({ object, resource, operation }) => {
          seen.push("label");
          if (object === undefined || resource !== "configmaps" || operation !== "CREATE") return undefined;
          return { ...object, metadata: { ...object.metadata, labels: { stamped: "yes" } } };
        },
      },
    ],
  });
  seen.length = 0;
  const created = await server.ok("POST", CONFIG_MAPS, configMap("good"));
  assert.deepEqual([created.metadata.labels, seen], [{ stamped: "yes" }, ["label", "deny"]]);
  const refused = await server.call("POST", CONFIG_MAPS, configMap("bad"));
  assert.equal(refused.status, 403);
  assert.match(refused.body.message, /admission webhook "deny" denied the request: no/);
});

test("events are one store with two views and are forgotten after an hour", async () => {
  const server = await TestServer.start();
  const core = "/api/v1/namespaces/default/events";
  const events = "/apis/events.k8s.io/v1/namespaces/default/events";
  await server.ok("POST", core, {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "e" },
    involvedObject: { kind: "Pod", name: "p", namespace: "default" },
    reason: "Scheduled",
    message: "it went well",
    type: "Normal",
    count: 2,
    source: { component: "default-scheduler" },
  });
  const view = await server.ok("GET", `${events}/e`);
  assert.deepEqual(
    [view.apiVersion, view.note, view.regarding.name, view.deprecatedCount, view.message],
    ["events.k8s.io/v1", "it went well", "p", 2, undefined],
  );
  assert.equal((await server.ok("GET", core)).items[0].message, "it went well");
  assert.equal((await server.ok("GET", `${core}?fieldSelector=involvedObject.name%3Dp`)).items.length, 1);
  await server.clock.advance(59 * 60_000);
  assert.equal((await server.ok("GET", core)).items.length, 1);
  await server.clock.advance(2 * 60_000);
  assert.equal((await server.ok("GET", core)).items.length, 0);
});
