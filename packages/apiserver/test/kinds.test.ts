import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "@nodeless/api";
import { builtinKinds } from "../src/kinds/index.ts";
import { kindOf } from "./kind-pipeline.ts";

test("kubectl's category all, and the short names people type", () => {
  const all = builtinKinds().filter(({ categories }) => categories.includes("all"));
  assert.deepEqual(
    [...new Set(all.map(({ resource }) => resource))].sort(),
    "cronjobs daemonsets deployments horizontalpodautoscalers jobs pods replicasets replicationcontrollers services statefulsets".split(
      " ",
    ),
  );
  const short = new Map(
    builtinKinds().flatMap(({ shortNames, kind }) => shortNames.map((name) => [name, kind] as const)),
  );
  for (const [name, kind] of Object.entries({
    po: "Pod",
    deploy: "Deployment",
    ns: "Namespace",
    crd: "CustomResourceDefinition",
    pvc: "PersistentVolumeClaim",
    hpa: "HorizontalPodAutoscaler",
  }))
    assert.equal(short.get(name), kind);
});

test("subresources and their verbs", () => {
  const pod = kindOf("Pod").subresources;
  assert.deepEqual(
    pod.others.map(({ name }) => name).sort(),
    "attach binding ephemeralcontainers eviction exec log portforward proxy resize".split(" "),
  );
  const eviction = pod.others.find(({ name }) => name === "eviction");
  assert.deepEqual(
    [eviction?.group, eviction?.version, eviction?.kind, eviction?.verbs],
    ["policy", "v1", "Eviction", ["create"]],
  );
  assert.equal(kindOf("Deployment").subresources.scale?.specReplicasPath, ".spec.replicas");
  assert.equal(kindOf("ConfigMap").subresources.status, false);
});

test("whatever can be listed can be watched; reviews can only be created", () => {
  for (const { verbs, kind } of builtinKinds()) assert.equal(verbs.includes("list"), verbs.includes("watch"), kind);
  assert.deepEqual(kindOf("SubjectAccessReview").verbs, ["create"]);
});

test("every reference in the published schemas leads somewhere", () => {
  for (const definition of builtinKinds()) {
    const { root, schemas } = definition.openApiSchemas();
    assert.ok(Object.hasOwn(schemas, root));
    for (const [, name = ""] of JSON.stringify(schemas).matchAll(/"#\/components\/schemas\/([^"]+)"/g))
      assert.ok(Object.hasOwn(schemas, name), `${definition.kind} refers to ${name}`);
  }
});

test("published schemas carry what kubectl computes patches from", () => {
  const { root, schemas } = kindOf("Pod").openApiSchemas();
  assert.equal(root, "io.k8s.api.core.v1.Pod");
  const properties = (name: string): Record<string, unknown> =>
    (schemas[name] as { properties: Record<string, unknown> }).properties;
  assert.deepEqual((schemas[root] as Record<string, unknown>)["x-kubernetes-group-version-kind"], [
    { group: "", version: "v1", kind: "Pod" },
  ]);
  assert.deepEqual(properties("io.k8s.api.core.v1.PodSpec")["containers"], {
    type: "array",
    items: { allOf: [{ $ref: "#/components/schemas/io.k8s.api.core.v1.Container" }], default: {} },
    "x-kubernetes-list-type": "map",
    "x-kubernetes-list-map-keys": ["name"],
    "x-kubernetes-patch-strategy": "merge",
    "x-kubernetes-patch-merge-key": "name",
  });
});

test("fields that can be selected", () => {
  const value = (kind: string, field: string, object: object): string | undefined =>
    kindOf(kind).selectableFields.get(field)?.(object as KubernetesObject);
  assert.equal(value("Pod", "spec.nodeName", { spec: {} }), "");
  assert.equal(value("Pod", "status.phase", { spec: {}, status: { phase: "Running" } }), "Running");
  assert.equal(value("Node", "spec.unschedulable", {}), "false");
  assert.equal(value("v1 Event", "involvedObject.uid", { involvedObject: { uid: "u" } }), "u");
  assert.equal(value("Deployment", "spec.replicas", {}), undefined);
});

test("both views of an event are one object", () => {
  const definition = kindOf("events.k8s.io/v1 Event");
  assert.equal(definition.storagePrefix, kindOf("v1 Event").storagePrefix);
  const event = {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { name: "e", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
    eventTime: "2026-01-01T00:00:00.000000Z",
    reason: "R",
    note: "text",
    regarding: { kind: "Pod", name: "p" },
    reportingController: "c",
    deprecatedCount: 2,
  };
  const stored = definition.storageForm?.toStorage(event) as KubernetesObject & Record<string, unknown>;
  assert.deepEqual(
    [stored.apiVersion, stored["message"], stored["involvedObject"], stored["count"], stored["reportingComponent"]],
    ["v1", "text", { kind: "Pod", name: "p" }, 2, "c"],
  );
  assert.deepEqual(definition.storageForm?.fromStorage(stored), event);
});

test("an autoscaler of v1 is stored as v2 and loses nothing on the way back", () => {
  const definition = kindOf("autoscaling/v1 HorizontalPodAutoscaler");
  const v2 = {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: { name: "h", uid: "u", resourceVersion: "1", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { kind: "Deployment", name: "d" },
      metrics: [
        { type: "Resource", resource: { name: "memory", target: { type: "Utilization", averageUtilization: 70 } } },
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
      ],
    },
    status: { currentReplicas: 0, desiredReplicas: 0 },
  };
  const v1 = definition.storageForm?.fromStorage(v2) as KubernetesObject & { spec: Record<string, unknown> };
  assert.deepEqual(
    [v1.apiVersion, v1.spec["targetCPUUtilizationPercentage"], v1.spec["metrics"]],
    ["autoscaling/v1", 50, undefined],
  );
  assert.deepEqual(definition.storageForm?.toStorage(v1), v2);
});
