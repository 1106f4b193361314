import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "@nodeless/api";
import { builtinKinds } from "../src/kinds/index.ts";
import { created, kindOf, updated } from "./kind-pipeline.ts";

const POD_SPEC = {
  restartPolicy: "Always",
  dnsPolicy: "ClusterFirst",
  schedulerName: "default-scheduler",
  terminationGracePeriodSeconds: 30,
  securityContext: {},
};
const CONTAINER = {
  name: "c",
  image: "nginx",
  imagePullPolicy: "Always",
  resources: {},
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
};
const container = { name: "c", image: "nginx" };
const template = { metadata: { labels: { app: "x" } }, spec: { containers: [container] } };
const DEFAULTED_TEMPLATE = { metadata: { labels: { app: "x" } }, spec: { ...POD_SPEC, containers: [CONTAINER] } };
const selector = { matchLabels: { app: "x" } };

const spec = (kind: string, body: object): unknown =>
  (created(kindOf(kind), body) as KubernetesObject & { spec?: unknown }).spec;

test("a pod", () => {
  const pod = created(kindOf("Pod"), { spec: { containers: [container] }, status: { phase: "Running" } });
  assert.deepEqual(pod, {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "x", namespace: "default", uid: "uid-1", creationTimestamp: "2026-01-01T00:00:00Z" },
    spec: {
      ...POD_SPEC,
      containers: [CONTAINER],
      enableServiceLinks: true,
      priority: 0,
      preemptionPolicy: "PreemptLowerPriority",
      serviceAccountName: "default",
      serviceAccount: "default",
    },
    status: { phase: "Pending", qosClass: "BestEffort" },
  });
});

for (const { rule, image, want } of [
  { rule: "no tag means latest, which may move", image: "nginx", want: "Always" },
  { rule: "latest", image: "registry:5000/a/nginx:latest", want: "Always" },
  { rule: "the port of a registry is no tag", image: "registry:5000/nginx", want: "Always" },
  { rule: "a tag", image: "nginx:1.27", want: "IfNotPresent" },
  { rule: "a digest", image: "nginx@sha256:abc", want: "IfNotPresent" },
])
  test(`imagePullPolicy: ${rule}`, () => {
    const pod = spec("Pod", { spec: { containers: [{ name: "c", image }] } }) as {
      containers: { imagePullPolicy: string }[];
    };
    assert.equal(pod.containers[0]?.imagePullPolicy, want);
  });

for (const { rule, resources, want } of [
  { rule: "nothing asked", resources: {}, want: "BestEffort" },
  { rule: "only limits: they imply requests", resources: { limits: { cpu: "1", memory: "1Gi" } }, want: "Guaranteed" },
  {
    rule: "equal in another spelling",
    resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "1000m", memory: "1024Mi" } },
    want: "Guaranteed",
  },
  { rule: "one limit is missing", resources: { limits: { cpu: "1" } }, want: "Burstable" },
  {
    rule: "less requested than limited",
    resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { cpu: "500m" } },
    want: "Burstable",
  },
  { rule: "other resources do not count", resources: { requests: { "ephemeral-storage": "1Gi" } }, want: "BestEffort" },
])
  test(`qosClass: ${rule}`, () => {
    const pod = created(kindOf("Pod"), { spec: { containers: [{ ...container, resources }] } });
    assert.equal((pod as KubernetesObject & { status: { qosClass: string } }).status.qosClass, want);
  });

test("parts of a pod", () => {
  const pod = spec("Pod", {
    spec: {
      hostNetwork: true,
      containers: [
        {
          ...container,
          ports: [{ containerPort: 80 }],
          livenessProbe: { httpGet: { port: 80 } },
          env: [{ name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
        },
      ],
      volumes: [{ name: "a" }, { name: "b", configMap: { name: "c" } }, { name: "c", hostPath: { path: "/" } }],
    },
  }) as { containers: unknown[]; volumes: unknown[] };
  assert.deepEqual(pod.containers[0], {
    ...CONTAINER,
    ports: [{ containerPort: 80, hostPort: 80, protocol: "TCP" }],
    livenessProbe: {
      httpGet: { port: 80, path: "/", scheme: "HTTP" },
      timeoutSeconds: 1,
      periodSeconds: 10,
      successThreshold: 1,
      failureThreshold: 3,
    },
    env: [{ name: "A", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } }],
  });
  assert.deepEqual(pod.volumes, [
    { name: "a", emptyDir: {} },
    { name: "b", configMap: { name: "c", defaultMode: 420 } },
    { name: "c", hostPath: { path: "/", type: "" } },
  ]);
});

for (const { kind, body, want } of [
  {
    kind: "Deployment",
    body: { spec: { selector, template } },
    want: {
      replicas: 1,
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%", maxSurge: "25%" } },
      selector,
      template: DEFAULTED_TEMPLATE,
    },
  },
  {
    kind: "ReplicaSet",
    body: { spec: { replicas: 0, selector, template } },
    want: { replicas: 0, selector, template: DEFAULTED_TEMPLATE },
  },
  {
    kind: "DaemonSet",
    body: { spec: { selector, template } },
    want: {
      revisionHistoryLimit: 10,
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      selector,
      template: DEFAULTED_TEMPLATE,
    },
  },
  {
    kind: "StatefulSet",
    body: { spec: { selector, template } },
    want: {
      replicas: 1,
      revisionHistoryLimit: 10,
      podManagementPolicy: "OrderedReady",
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
      selector,
      template: DEFAULTED_TEMPLATE,
    },
  },
  {
    kind: "Job",
    body: { spec: { template: { spec: { restartPolicy: "Never", containers: [container] } } } },
    want: {
      parallelism: 1,
      completions: 1,
      backoffLimit: 6,
      completionMode: "NonIndexed",
      suspend: false,
      podReplacementPolicy: "TerminatingOrFailed",
      manualSelector: false,
      selector: { matchLabels: { "batch.kubernetes.io/controller-uid": "uid-1" } },
      template: {
        metadata: {
          labels: {
            "batch.kubernetes.io/controller-uid": "uid-1",
            "batch.kubernetes.io/job-name": "x",
            "controller-uid": "uid-1",
            "job-name": "x",
          },
        },
        spec: { ...POD_SPEC, restartPolicy: "Never", containers: [CONTAINER] },
      },
    },
  },
  {
    kind: "Service",
    body: { spec: { ports: [{ port: 80 }] } },
    want: {
      type: "ClusterIP",
      sessionAffinity: "None",
      internalTrafficPolicy: "Cluster",
      ipFamilyPolicy: "SingleStack",
      ipFamilies: ["IPv4"],
      ports: [{ port: 80, targetPort: 80, protocol: "TCP" }],
    },
  },
  { kind: "Namespace", body: {}, want: { finalizers: ["kubernetes"] } },
  {
    kind: "autoscaling/v2 HorizontalPodAutoscaler",
    body: { spec: { maxReplicas: 3, scaleTargetRef: { kind: "Deployment", name: "x" } } },
    want: {
      maxReplicas: 3,
      minReplicas: 1,
      scaleTargetRef: { kind: "Deployment", name: "x" },
      metrics: [
        { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
      ],
    },
  },
  { kind: "NetworkPolicy", body: { spec: { podSelector: {} } }, want: { podSelector: {}, policyTypes: ["Ingress"] } },
])
  test(`spec of a ${kind}`, () => assert.deepEqual(spec(kind, body), want));

test("what a secret is given as text becomes data", () => {
  const secret = created(kindOf("Secret"), { data: { a: "eA==" }, stringData: { b: "y", a: "z" } });
  assert.deepEqual(secret, {
    apiVersion: "v1",
    kind: "Secret",
    metadata: secret.metadata,
    type: "Opaque",
    data: { a: "eg==", b: "eQ==" },
  });
});

test("a namespace is active and labelled with its name", () => {
  const namespace = created(kindOf("Namespace"), { metadata: { name: "dev" } });
  assert.deepEqual(namespace.metadata.labels, { "kubernetes.io/metadata.name": "dev" });
  assert.deepEqual((namespace as KubernetesObject & { status: unknown }).status, { phase: "Active" });
});

test("a node registers with its status; other kinds cannot", () => {
  const status = { capacity: { cpu: "2" }, conditions: [{ type: "Ready", status: "True" }] };
  const node = created(kindOf("Node"), { status });
  assert.deepEqual((node as KubernetesObject & { status: unknown }).status, { ...status, allocatable: { cpu: "2" } });
  assert.equal(
    "status" in created(kindOf("Deployment"), { spec: { selector, template }, status: { replicas: 5 } }),
    false,
  );
});

test("the main endpoint keeps the old status, the status endpoint the old spec", () => {
  const kind = kindOf("Deployment");
  const old = { ...created(kind, { spec: { selector, template } }), status: { replicas: 1 } } as KubernetesObject;
  const body = { ...old, spec: { selector, template, replicas: 7 }, status: { replicas: 9 } };
  const main = updated(kind, old, body) as KubernetesObject & { spec: { replicas: number }; status: unknown };
  assert.deepEqual([main.spec.replicas, main.status], [7, { replicas: 1 }]);
  const status = updated(kind, old, body, "status") as typeof main;
  assert.deepEqual([status.spec.replicas, status.status], [1, { replicas: 9 }]);
});

test("only finalize takes a namespace's finalizer away", () => {
  const kind = kindOf("Namespace");
  const old = created(kind, { metadata: { name: "dev" } });
  const body = { ...old, spec: {} };
  const finalizers = (object: KubernetesObject): unknown =>
    (object as KubernetesObject & { spec: { finalizers?: unknown } }).spec.finalizers;
  assert.deepEqual(finalizers(updated(kind, old, body)), ["kubernetes"]);
  assert.deepEqual(finalizers(updated(kind, old, body, "finalize")), []);
});

test("a service that leaves its address out keeps it, node ports included", () => {
  const kind = kindOf("Service");
  const old = created(kind, {
    spec: { type: "NodePort", clusterIP: "10.96.0.9", ports: [{ port: 80, nodePort: 30001 }] },
  });
  const next = updated(kind, old, { metadata: old.metadata, spec: { type: "NodePort", ports: [{ port: 80 }] } });
  const { spec: kept } = next as KubernetesObject & {
    spec: { clusterIP: string; clusterIPs: string[]; ports: { nodePort: number }[] };
  };
  assert.deepEqual([kept.clusterIP, kept.clusterIPs, kept.ports[0]?.nodePort], ["10.96.0.9", ["10.96.0.9"], 30001]);
});

test("defaults are idempotent and no step changes what it is given", () => {
  const bodies: Readonly<Record<string, object>> = {
    Pod: { spec: { containers: [container], volumes: [{ name: "v" }] } },
    Service: { spec: { type: "LoadBalancer", ports: [{ port: 1 }] } },
    Secret: { stringData: { a: "b" } },
  };
  for (const kind of builtinKinds().filter(({ verbs }) => verbs.includes("update"))) {
    const { object } = kind.decode({ metadata: { name: "x" }, ...bodies[kind.kind] }, "Strict", []);
    const frozen = deepFreeze(structuredClone(object));
    const once = deepFreeze(kind.applyDefaults(frozen));
    assert.deepEqual(kind.applyDefaults(once), once, kind.kind);
    const prepared = deepFreeze(kind.prepareForCreate(once));
    kind.completeCreate?.(prepared);
    for (const subresource of ["", "status"]) kind.prepareForUpdate(prepared, prepared, subresource);
    kind.validateCreate(prepared);
    kind.validateUpdate(prepared, prepared, "");
  }
});

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null)
    for (const member of Object.values(Object.freeze(value))) deepFreeze(member);
  return value;
}
