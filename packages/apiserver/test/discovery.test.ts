import assert from "node:assert/strict";
import { test } from "node:test";
import { type Json, TestServer } from "./harness.ts";

const AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

test("aggregated discovery answers in its own media type, and 304 to who has it", async () => {
  const server = await TestServer.start();
  const headers = { accept: `${AGGREGATED},application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList` };
  for (const [path, group, resource] of [
    ["/api", undefined, "pods"],
    ["/apis", "apps", "deployments"],
  ] as const) {
    const answer = await server.call("GET", path, undefined, { headers });
    assert.equal(answer.headers["content-type"], AGGREGATED);
    const item = answer.body.items.find((one: Json) => one.metadata.name === group);
    const entry = item.versions[0].resources.find((one: Json) => one.resource === resource);
    assert.equal(entry.scope, "Namespaced");
    assert.ok(entry.verbs.includes("watch"));
    assert.ok(entry.subresources.some((one: Json) => one.subresource === "status"));
    const again = await server.request("GET", path, undefined, {
      headers: { ...headers, "if-none-match": answer.headers["etag"] ?? "" },
    });
    assert.equal(again.status, 304);
  }
});

test("the old documents say the same", async () => {
  const server = await TestServer.start();
  assert.deepEqual((await server.ok("GET", "/api")).versions, ["v1"]);
  const groups = (await server.ok("GET", "/apis")).groups.map((group: Json) => group.name);
  for (const group of ["apps", "batch", "coordination.k8s.io", "events.k8s.io", "policy", "apiextensions.k8s.io"])
    assert.ok(groups.includes(group), group);
  assert.equal((await server.ok("GET", "/apis/apps")).preferredVersion.groupVersion, "apps/v1");
  const core = await server.ok("GET", "/api/v1/");
  const entry = (name: string): Json => core.resources.find((one: Json) => one.name === name);
  assert.deepEqual(entry("pods").shortNames, ["po"]);
  assert.equal(entry("nodes").namespaced, false);
  assert.deepEqual([entry("pods/eviction").kind, entry("pods/eviction").group], ["Eviction", "policy"]);
  const apps = await server.ok("GET", "/apis/apps/v1");
  const scale = apps.resources.find((one: Json) => one.name === "deployments/scale");
  assert.deepEqual([scale.group, scale.version, scale.kind], ["autoscaling", "v1", "Scale"]);
  for (const path of ["/apis/nope", "/apis/apps/v9", "/api/v2"])
    assert.equal((await server.call("GET", path)).status, 404);
});

test("OpenAPI: what kubectl looks for on the PATCH of a kind", async () => {
  const server = await TestServer.start();
  const { paths } = await server.ok("GET", "/openapi/v3");
  const url: string = paths["apis/apps/v1"].serverRelativeURL;
  const answer = await server.call("GET", url);
  assert.equal(answer.headers["cache-control"], "public, immutable");
  const document = answer.body;
  const { patch } = document.paths["/apis/apps/v1/namespaces/{namespace}/deployments/{name}"];
  assert.deepEqual(patch["x-kubernetes-group-version-kind"], { group: "apps", version: "v1", kind: "Deployment" });
  const parameters = patch.parameters.map((parameter: Json) => parameter.name);
  assert.ok(parameters.includes("fieldValidation") && parameters.includes("dryRun"));
  assert.ok(Object.keys(patch.requestBody.content).includes("application/strategic-merge-patch+json"));
  const deployment: Json = Object.values(document.components.schemas).find((schema: Json) =>
    schema["x-kubernetes-group-version-kind"]?.some((gvk: Json) => gvk.kind === "Deployment"),
  );
  assert.ok(deployment.properties.spec);
  const again = await server.request("GET", url, undefined, {
    headers: { "if-none-match": answer.headers["etag"] ?? "" },
  });
  assert.equal(again.status, 304);
  assert.equal((await server.call("GET", "/openapi/v2")).status, 404);
});
