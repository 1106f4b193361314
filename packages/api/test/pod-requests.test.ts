import assert from "node:assert/strict";
import test from "node:test";
import { type Container, type PodSpec, podRequests } from "@nodeless/api";

const container = (requests?: Record<string, string>, more: Partial<Container> = {}): Container => ({
  name: "c",
  image: "nginx",
  ...(requests === undefined ? {} : { resources: { requests } }),
  ...more,
});
const sidecar = (requests: Record<string, string>): Container => container(requests, { restartPolicy: "Always" });

const cases: readonly {
  readonly rule: string;
  readonly spec: Partial<PodSpec>;
  readonly want: Record<string, number>;
}[] = [
  {
    rule: "containers add up",
    spec: { containers: [container({ cpu: "100m", memory: "1Mi" }), container({ cpu: "1" })] },
    want: { cpu: 1100, memory: 2 ** 20 },
  },
  {
    rule: "a limit stands in for a missing request",
    spec: { containers: [container(undefined, { resources: { limits: { cpu: "2" } } })] },
    want: { cpu: 2000 },
  },
  {
    rule: "init steps run one after the other, before the containers",
    spec: { initContainers: [container({ cpu: "3" }), container({ cpu: "2" })], containers: [container({ cpu: "1" })] },
    want: { cpu: 3000 },
  },
  {
    rule: "sidecars run beside the containers",
    spec: { initContainers: [sidecar({ cpu: "500m" })], containers: [container({ cpu: "1" })] },
    want: { cpu: 1500 },
  },
  {
    rule: "an init step runs beside the sidecars before it, not beside those after it",
    spec: {
      initContainers: [sidecar({ cpu: "1" }), container({ cpu: "4" }), sidecar({ cpu: "2" })],
      containers: [container({ cpu: "1" })],
    },
    want: { cpu: 5000 },
  },
  {
    rule: "overhead comes on top",
    spec: { containers: [container({ cpu: "1" })], overhead: { cpu: "250m", memory: "120Mi" } },
    want: { cpu: 1250, memory: 120 * 2 ** 20 },
  },
  {
    rule: "pod-level requests replace the sum",
    spec: { containers: [container({ cpu: "1", memory: "1Mi" })], resources: { requests: { cpu: "3" } } },
    want: { cpu: 3000, memory: 2 ** 20 },
  },
  {
    rule: "a pod-level limit is the request of what no container requests",
    spec: { containers: [container({ cpu: "1" })], resources: { limits: { cpu: "4", memory: "8Mi" } } },
    want: { cpu: 1000, memory: 8 * 2 ** 20 },
  },
];

for (const { rule, spec, want } of cases)
  test(rule, () => assert.deepEqual(Object.fromEntries(podRequests({ containers: [], ...spec })), want));
