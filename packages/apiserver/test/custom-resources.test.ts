import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { openFileStore } from "@nodeless/storage";
import { type Json, TestServer } from "./harness.ts";

const CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
const WIDGETS = "/apis/ex.io/v1/namespaces/default/widgets";

const crd = (more: Json = {}): Json => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.ex.io" },
  spec: {
    group: "ex.io",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget", shortNames: ["wd"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: {
          status: {},
          scale: { specReplicasPath: ".spec.size", statusReplicasPath: ".status.size" },
        },
        additionalPrinterColumns: [{ name: "Size", type: "integer", jsonPath: ".spec.size" }],
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: {
              spec: {
                type: "object",
                properties: { size: { type: "integer", default: 1 }, color: { type: "string" } },
              },
              status: { type: "object", properties: { size: { type: "integer" } } },
            },
          },
        },
      },
    ],
    ...more,
  },
});

const widget = (name: string, spec: Json = {}): Json => ({
  apiVersion: "ex.io/v1",
  kind: "Widget",
  metadata: { name },
  spec,
});

test("a definition's kind is served, discovered and documented as soon as its create returns", async () => {
  const server = await TestServer.start();
  assert.equal((await server.call("GET", WIDGETS)).status, 404);
  await server.ok("GET", "/apis");
  const created = await server.ok("POST", CRDS, crd());
  assert.deepEqual(
    created.status.conditions.map((one: Json) => [one.type, one.status, one.reason]),
    [
      ["NamesAccepted", "True", "NoConflicts"],
      ["Established", "True", "InitialNamesAccepted"],
    ],
  );
  const made = await server.ok("POST", WIDGETS, widget("w", { color: "red" }));
  assert.deepEqual(made.spec, { color: "red", size: 1 });
  assert.deepEqual([made.metadata.generation, (await server.ok("GET", WIDGETS)).kind], [1, "WidgetList"]);
  const resources = (await server.ok("GET", "/apis/ex.io/v1")).resources.map((one: Json) => one.name);
  assert.deepEqual(resources, ["widgets", "widgets/scale", "widgets/status"]);
  const { paths } = await server.ok("GET", "/openapi/v3");
  const document = await server.ok("GET", paths["apis/ex.io/v1"].serverRelativeURL);
  const { patch } = document.paths["/apis/ex.io/v1/namespaces/{namespace}/widgets/{name}"];
  assert.deepEqual(Object.keys(patch.requestBody.content), [
    "application/json-patch+json",
    "application/merge-patch+json",
  ]);
  const table = await server.ok("GET", WIDGETS, undefined, {
    headers: { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" },
  });
  assert.deepEqual(
    [table.columnDefinitions.map((one: Json) => one.name), table.rows[0].cells],
    [
      ["Name", "Size"],
      ["w", 1],
    ],
  );
});

test("custom objects keep the rules of custom objects", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CRDS, crd());
  const { metadata } = await server.ok("POST", WIDGETS, widget("w"));
  const blind = await server.call("PUT", `${WIDGETS}/w`, widget("w", { size: 2 }));
  assert.equal(blind.status, 422);
  assert.match(blind.body.message, /metadata.resourceVersion: Invalid value: 0x0: must be specified for an update/);
  const replaced = await server.ok("PUT", `${WIDGETS}/w`, {
    ...widget("w", { size: 2 }),
    metadata: { name: "w", resourceVersion: metadata.resourceVersion },
  });
  assert.equal(replaced.metadata.generation, 2);
  const status = await server.ok("PATCH", `${WIDGETS}/w/status`, { status: { size: 2 }, spec: { size: 9 } });
  assert.deepEqual([status.spec.size, status.status.size, status.metadata.generation], [2, 2, 2]);
  assert.deepEqual((await server.ok("PATCH", `${WIDGETS}/w/scale`, { spec: { replicas: 7 } })).spec, { replicas: 7 });
  assert.equal((await server.ok("GET", `${WIDGETS}/w`)).spec.size, 7);
  const strategic = { headers: { "content-type": "application/strategic-merge-patch+json" } };
  assert.equal((await server.call("PATCH", `${WIDGETS}/w`, {}, strategic)).status, 415);
  const wrong = await server.call("POST", WIDGETS, widget("x", { size: "big" }));
  assert.equal(wrong.status, 422);
  assert.match(wrong.body.message, /^Widget.ex.io "x" is invalid: spec.size: Invalid value: "string"/);
  const strict = await server.call("POST", `${WIDGETS}?fieldValidation=Strict`, widget("x", { sice: 1 }));
  assert.match(strict.body.message, /unknown field "spec.sice"/);
});

test("a deleted definition takes its objects with it and waits for those that are held", async () => {
  const server = await TestServer.start();
  await server.ok("POST", CRDS, crd());
  await server.ok("POST", WIDGETS, widget("free"));
  await server.ok("POST", WIDGETS, { ...widget("held"), metadata: { name: "held", finalizers: ["ex.io/f"] } });
  const gone = await server.watch(`${CRDS}?watch=true&resourceVersion=0`);
  const marked = await server.ok("DELETE", `${CRDS}/widgets.ex.io`);
  assert.deepEqual(marked.metadata.finalizers, ["customresourcecleanup.apiextensions.k8s.io"]);
  assert.equal((await server.call("POST", WIDGETS, widget("late"))).status, 405);
  assert.deepEqual(await gone.take(2), ["ADDED widgets.ex.io", "MODIFIED widgets.ex.io"]);
  await server.ok("PATCH", `${WIDGETS}/held`, { metadata: { finalizers: null } });
  assert.deepEqual(await gone.take(1), ["DELETED widgets.ex.io"]);
  gone.stop();
  assert.equal((await server.call("GET", WIDGETS)).status, 404);
  await server.ok("POST", CRDS, crd());
  assert.deepEqual((await server.ok("GET", WIDGETS)).items, []);
});

test("definitions are there again after a restart; names belong to who had them first", async (context) => {
  const directory = await mkdtemp(join(tmpdir(), "nodeless-crd-"));
  context.after(() => rm(directory, { recursive: true, force: true }));
  const first = await TestServer.start({ store: await openFileStore({ directory }) });
  await first.ok("POST", CRDS, crd());
  await first.ok("POST", WIDGETS, widget("w"));
  const second = await TestServer.start({ store: await openFileStore({ directory }) });
  assert.equal((await second.ok("GET", WIDGETS)).items.length, 1);
  const rival = crd({ names: { plural: "gadgets", kind: "Widget" } });
  const refused = await second.ok("POST", CRDS, { ...rival, metadata: { name: "gadgets.ex.io" } });
  assert.deepEqual(
    refused.status.conditions.map((one: Json) => [one.type, one.status]),
    [
      ["NamesAccepted", "False"],
      ["Established", "False"],
    ],
  );
  assert.equal((await second.call("GET", "/apis/ex.io/v1/namespaces/default/gadgets")).status, 404);
  const broken = await second.call("POST", CRDS, { ...crd({ versions: [] }), metadata: { name: "widgets.ex.io" } });
  assert.equal(broken.status, 422);
});
