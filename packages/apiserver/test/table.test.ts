import assert from "node:assert/strict";
import { test } from "node:test";
import type { KubernetesObject } from "@nodeless/api";
import { humanDuration } from "../src/kinds/columns/age.ts";
import { kindOf } from "./kind-pipeline.ts";

const NOW = new Date("2026-01-02T00:00:00Z");
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

for (const [milliseconds, want] of [
  [0, "0s"],
  [119 * SECOND, "119s"],
  [2 * MINUTE, "2m"],
  [2 * MINUTE + 5 * SECOND, "2m5s"],
  [10 * MINUTE + 5 * SECOND, "10m"],
  [179 * MINUTE, "179m"],
  [3 * HOUR + 5 * MINUTE, "3h5m"],
  [8 * HOUR + 5 * MINUTE, "8h"],
  [47 * HOUR, "47h"],
  [2 * DAY + 3 * HOUR, "2d3h"],
  [8 * DAY + 3 * HOUR, "8d"],
  [729 * DAY, "729d"],
  [731 * DAY, "2y1d"],
  [3000 * DAY, "8y"],
  [-5 * SECOND, "<invalid>"],
] as const)
  test(`a duration of ${milliseconds} ms is shown as ${want}`, () => assert.equal(humanDuration(milliseconds), want));

/** Cells by column name. */
function row(kind: string, object: object): Record<string, unknown> {
  const definition = kindOf(kind);
  const metadata = {
    name: "x",
    creationTimestamp: "2026-01-01T23:00:00Z",
    ...(object as { metadata?: object }).metadata,
  };
  const cells = definition.cells({ ...object, metadata } as unknown as KubernetesObject, NOW);
  assert.equal(cells.length, definition.columns.length);
  return Object.fromEntries(definition.columns.map(({ name }, index) => [name, cells[index]]));
}

const NAMES: readonly (readonly [kind: string, shown: string, wide: string])[] = [
  ["Pod", "Name Ready Status Restarts Age", "IP,Node,Nominated Node,Readiness Gates"],
  ["Deployment", "Name Ready Up-to-date Available Age", "Containers,Images,Selector"],
  ["ReplicaSet", "Name Desired Current Ready Age", "Containers,Images,Selector"],
  ["StatefulSet", "Name Ready Age", "Containers,Images"],
  ["Job", "Name Status Completions Duration Age", "Containers,Images,Selector"],
  ["Service", "Name Type Cluster-IP External-IP Port(s) Age", "Selector"],
  ["Node", "Name Status Roles Age Version", "Internal-IP,External-IP,OS-Image,Kernel-Version,Container-Runtime"],
  ["v1 Event", "Last Seen,Type,Reason,Object,Message", "Subobject,Source,First Seen,Count,Name"],
  ["Namespace", "Name Status Age", ""],
  ["CustomResourceDefinition", "Name,Created At", ""],
  ["Lease", "Name Holder Age", ""],
];
for (const [kind, shown, wide] of NAMES.filter(([name]) => name !== "LimitRange"))
  test(`columns of ${kind}`, () => {
    const names = (priority: number): readonly string[] =>
      kindOf(kind)
        .columns.filter((column) => column.priority === priority)
        .map(({ name }) => name);
    assert.deepEqual(names(0), shown.includes(",") ? shown.split(",") : shown.split(" "));
    assert.deepEqual(names(1), wide === "" ? [] : wide.split(","));
  });

const ready = { name: "c", ready: true, restartCount: 0, image: "", imageID: "", state: { running: {} } };
const spec = { containers: [{ name: "c" }] };
for (const { rule, object, want } of [
  {
    rule: "a running pod",
    object: { spec, status: { phase: "Running", containerStatuses: [ready] } },
    want: "1/1 Running 0",
  },
  { rule: "a pending pod without statuses", object: { spec, status: { phase: "Pending" } }, want: "0/1 Pending 0" },
  {
    rule: "a waiting container says why",
    object: {
      spec,
      status: {
        phase: "Pending",
        containerStatuses: [{ ...ready, ready: false, state: { waiting: { reason: "ContainerCreating" } } }],
      },
    },
    want: "0/1 ContainerCreating 0",
  },
  {
    rule: "restarts show when the last one was",
    object: {
      spec,
      status: {
        phase: "Running",
        containerStatuses: [
          { ...ready, restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt: "2026-01-01T23:55:00Z" } } },
        ],
      },
    },
    want: "1/1 Running 2 (5m ago)",
  },
  {
    rule: "an exit without a reason shows its code",
    object: {
      spec,
      status: {
        phase: "Failed",
        containerStatuses: [{ ...ready, ready: false, state: { terminated: { exitCode: 3 } } }],
      },
    },
    want: "0/1 ExitCode:3 0",
  },
  {
    rule: "an init container in progress",
    object: {
      spec: { ...spec, initContainers: [{ name: "i" }, { name: "j" }] },
      status: {
        phase: "Pending",
        initContainerStatuses: [
          { ...ready, name: "i", state: { terminated: { exitCode: 0 } } },
          { ...ready, name: "j", ready: false },
        ],
      },
    },
    want: "0/1 Init:1/2 0",
  },
  {
    rule: "an init container that crashes",
    object: {
      spec: { ...spec, initContainers: [{ name: "i" }] },
      status: {
        phase: "Pending",
        initContainerStatuses: [
          { ...ready, name: "i", restartCount: 3, state: { waiting: { reason: "CrashLoopBackOff" } } },
        ],
      },
    },
    want: "0/1 Init:CrashLoopBackOff 3",
  },
  {
    rule: "sidecars count as containers",
    object: {
      spec: { ...spec, initContainers: [{ name: "s", restartPolicy: "Always" }] },
      status: {
        phase: "Running",
        conditions: [{ type: "Initialized", status: "True" }],
        initContainerStatuses: [{ ...ready, name: "s", started: true }],
        containerStatuses: [ready],
      },
    },
    want: "2/2 Running 0",
  },
  {
    rule: "one container done, one running and not ready",
    object: {
      spec: { containers: [{ name: "a" }, { name: "b" }] },
      status: {
        phase: "Running",
        containerStatuses: [
          { ...ready, ready: false, state: { terminated: { exitCode: 0, reason: "Completed" } } },
          ready,
        ],
      },
    },
    want: "1/2 NotReady 0",
  },
  {
    rule: "a deleting pod",
    object: {
      metadata: { deletionTimestamp: "2026-01-01T23:59:00Z" },
      spec,
      status: { phase: "Running", containerStatuses: [ready] },
    },
    want: "1/1 Terminating 0",
  },
  {
    rule: "a gated pod",
    object: {
      spec,
      status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", reason: "SchedulingGated" }] },
    },
    want: "0/1 SchedulingGated 0",
  },
  { rule: "an evicted pod", object: { spec, status: { phase: "Failed", reason: "Evicted" } }, want: "0/1 Evicted 0" },
])
  test(`pod table: ${rule}`, () => {
    const cells = row("Pod", object);
    assert.equal(`${cells["Ready"]} ${cells["Status"]} ${cells["Restarts"]}`, want);
  });

for (const { rule, kind, object, want } of [
  {
    rule: "a ready node that is cordoned, with roles",
    kind: "Node",
    object: {
      metadata: { labels: { "node-role.kubernetes.io/worker": "", "node-role.kubernetes.io/edge": "" } },
      spec: { unschedulable: true },
      status: {
        conditions: [{ type: "Ready", status: "True" }],
        nodeInfo: { kubeletVersion: "v1.35.0" },
        addresses: [{ type: "InternalIP", address: "10.0.0.1" }],
      },
    },
    want: {
      Status: "Ready,SchedulingDisabled",
      Roles: "edge,worker",
      Age: "60m",
      Version: "v1.35.0",
      "Internal-IP": "10.0.0.1",
      "External-IP": "<none>",
    },
  },
  {
    rule: "a node nobody has heard of",
    kind: "Node",
    object: { spec: {}, status: { conditions: [{ type: "Ready", status: "Unknown" }] } },
    want: { Status: "NotReady", Roles: "<none>" },
  },
  { rule: "a node without conditions", kind: "Node", object: { spec: {} }, want: { Status: "Unknown" } },
  {
    rule: "an event with a series",
    kind: "v1 Event",
    object: {
      involvedObject: { kind: "Pod", name: "p" },
      type: "Normal",
      reason: "R",
      message: " m ",
      eventTime: "2026-01-01T22:00:00.000000Z",
      series: { count: 4, lastObservedTime: "2026-01-01T23:59:00.000000Z" },
    },
    want: { "Last Seen": "60s", Object: "pod/p", Message: "m", Count: 4, "First Seen": "120m" },
  },
  {
    rule: "an event seen once",
    kind: "v1 Event",
    object: {
      involvedObject: { kind: "Node", name: "n" },
      firstTimestamp: "2026-01-01T23:58:00Z",
      source: { component: "kubelet", host: "n" },
    },
    want: { "Last Seen": "2m", Count: 1, Source: "kubelet, n" },
  },
  {
    rule: "a load balancer that has no address yet",
    kind: "Service",
    object: {
      spec: {
        type: "LoadBalancer",
        clusterIP: "10.96.0.1",
        ports: [{ port: 80, nodePort: 30080, protocol: "TCP" }],
        selector: { a: "b" },
      },
    },
    want: { "Cluster-IP": "10.96.0.1", "External-IP": "<pending>", "Port(s)": "80:30080/TCP", Selector: "a=b" },
  },
  {
    rule: "a headless service",
    kind: "Service",
    object: { spec: { type: "ClusterIP", clusterIP: "None" } },
    want: { "Cluster-IP": "None", "External-IP": "<none>", "Port(s)": "<none>", Selector: "<none>" },
  },
  {
    rule: "a deployment",
    kind: "Deployment",
    object: {
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: "web" } },
        template: { spec: { containers: [{ name: "a", image: "i" }] } },
      },
      status: { readyReplicas: 1, updatedReplicas: 2, availableReplicas: 1 },
    },
    want: {
      Ready: "1/3",
      "Up-to-date": 2,
      Available: 1,
      Age: "60m",
      Containers: "a",
      Images: "i",
      Selector: "app=web",
    },
  },
  {
    rule: "a job with a work queue",
    kind: "Job",
    object: { spec: { parallelism: 3, template: {} }, status: { succeeded: 1, startTime: "2026-01-01T23:59:00Z" } },
    want: { Status: "Running", Completions: "1/1 of 3", Duration: "60s" },
  },
  {
    rule: "a budget",
    kind: "PodDisruptionBudget",
    object: { spec: { maxUnavailable: "50%" }, status: { disruptionsAllowed: 1 } },
    want: { "Min Available": "N/A", "Max Unavailable": "50%", "Allowed Disruptions": 1 },
  },
  {
    rule: "a claim",
    kind: "PersistentVolumeClaim",
    object: {
      spec: { volumeName: "v", volumeMode: "Filesystem" },
      status: { phase: "Bound", capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"] },
    },
    want: { Status: "Bound", Capacity: "1Gi", "Access Modes": "RWO", VolumeAttributesClass: "<unset>" },
  },
  {
    rule: "the default storage class",
    kind: "StorageClass",
    object: {
      metadata: { name: "gp3", annotations: { "storageclass.kubernetes.io/is-default-class": "true" } },
      provisioner: "ebs",
    },
    want: { Name: "gp3 (default)" },
  },
  {
    rule: "an object without a time",
    kind: "ConfigMap",
    object: { metadata: { creationTimestamp: undefined }, data: { a: "1" }, binaryData: { b: "" } },
    want: { Data: 2, Age: "<unknown>" },
  },
])
  test(`table: ${rule}`, () => {
    const cells = row(kind, object);
    assert.deepEqual(Object.fromEntries(Object.keys(want).map((name) => [name, cells[name]])), want);
  });
