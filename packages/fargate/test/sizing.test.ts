import assert from "node:assert/strict";
import { test } from "node:test";
import type { Container, PersistentVolumeClaim, PodSpec } from "@nodeless/api";
import {
  capacityProvisionedText,
  type FargateSizing,
  fargatePriceUsdPerHour,
  fargatePriceWith,
  fargateSize,
  nodeConstraints,
  parseCapacityProvisioned,
  refusalClauses,
  refusalMessage,
  validateFargateProfile,
} from "@nodeless/fargate";

const container = (requests: Record<string, string>, changes: Partial<Container> = {}): Container => ({
  name: "c",
  resources: { requests },
  ...changes,
});
const spec = (...containers: readonly Container[]): { readonly spec: PodSpec } => ({ spec: { containers } });
const text = (sizing: FargateSizing): string =>
  sizing.kind === "size" ? capacityProvisionedText(sizing.size) : sizing.message;

for (const { cpu, memory, want } of [
  { cpu: "0", memory: "0", want: "0.25vCPU 0.5GB" },
  { cpu: "1", memory: "8Gi", want: "2vCPU 9GB" },
  { cpu: "500m", memory: "500Mi", want: "0.5vCPU 1GB" },
  { cpu: "250m", memory: "256Mi", want: "0.25vCPU 0.5GB" },
  { cpu: "250m", memory: "257Mi", want: "0.25vCPU 1GB" },
  { cpu: "500m", memory: "512Mi", want: "0.5vCPU 1GB" },
  { cpu: "1", memory: "1Gi", want: "1vCPU 2GB" },
  { cpu: "100m", memory: "2Gi", want: "0.5vCPU 3GB" },
  { cpu: "5", memory: "4Gi", want: "8vCPU 16GB" },
  { cpu: "8", memory: "17Gi", want: "8vCPU 20GB" },
  { cpu: "16", memory: "119.75Gi", want: "16vCPU 120GB" },
  { cpu: "251m", memory: "0", want: "0.5vCPU 1GB" },
  {
    cpu: "17",
    memory: "1Gi",
    want: "the pod requests 17 vCPU and, with 256 MiB for the system, 1.25 GB; the largest size is 16vCPU 120GB",
  },
  {
    cpu: "1",
    memory: "120Gi",
    want: "the pod requests 1 vCPU and, with 256 MiB for the system, 120.25 GB; the largest size is 16vCPU 120GB",
  },
])
  test(`size of ${cpu} cpu and ${memory}: ${want}`, () =>
    assert.equal(text(fargateSize(spec(container({ cpu, memory })))), want));

for (const { rule, pod, want } of [
  { rule: "no requests", pod: spec({ name: "c" }), want: "0.25vCPU 0.5GB" },
  {
    rule: "a limit stands in for a request",
    pod: spec({ name: "c", resources: { limits: { cpu: "1", memory: "1Gi" } } }),
    want: "1vCPU 2GB",
  },
  { rule: "containers add up", pod: spec(container({ cpu: "250m" }), container({ cpu: "250m" })), want: "0.5vCPU 1GB" },
  {
    rule: "the largest init container counts once",
    pod: {
      spec: {
        containers: [container({ cpu: "250m" })],
        initContainers: [container({ cpu: "1" }), container({ cpu: "500m" })],
      },
    },
    want: "1vCPU 2GB",
  },
  {
    rule: "sidecars run beside the containers",
    pod: {
      spec: {
        containers: [container({ cpu: "250m" })],
        initContainers: [container({ cpu: "250m" }, { restartPolicy: "Always" })],
      },
    },
    want: "0.5vCPU 1GB",
  },
])
  test(`size: ${rule}`, () => assert.equal(text(fargateSize(pod)), want));

for (const { storage, want } of [
  { storage: "20Gi", want: 20 },
  { storage: "100Gi", want: 115 },
  { storage: "176Gi", want: "the pod requests 176 GiB of ephemeral storage; Fargate offers 175 GiB" },
])
  test(`ephemeral storage of ${storage}`, () => {
    const sizing = fargateSize(spec(container({ "ephemeral-storage": storage })));
    assert.equal(sizing.kind === "size" ? sizing.size.ephemeralStorageGib : sizing.message, want);
  });

test("the annotation is read back", () => {
  assert.deepEqual(parseCapacityProvisioned("0.5vCPU 1GB"), {
    vcpuMillicores: 500,
    memoryGb: 1,
    ephemeralStorageGib: 20,
  });
  assert.equal(parseCapacityProvisioned("big"), undefined);
});

test("prices per hour", () => {
  const small = { vcpuMillicores: 250, memoryGb: 0.5, ephemeralStorageGib: 20 };
  const prices = { vcpuHour: 0.04656, gbHour: 0.00511, storageGbHour: 0.0001 };
  assert.equal(fargatePriceWith(prices, small), 0.014195);
  assert.equal(fargatePriceWith(prices, { ...small, ephemeralStorageGib: 115 }), 0.023695);
  // A month of the smallest pod in Seoul.
  assert.equal(((fargatePriceUsdPerHour(small, "ap-northeast-2") ?? 0) * 730).toFixed(2), "10.36");
  assert.equal(fargatePriceUsdPerHour(small, "mars-north-1"), undefined);
});

const claim = (phase?: string): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data", uid: "u", resourceVersion: "1", creationTimestamp: "" },
  spec: {},
  ...(phase === undefined ? {} : { status: { phase } }),
});
const plain: Container = { name: "c" };
const volume = { name: "v", persistentVolumeClaim: { claimName: "data" } };

for (const { rule, pod, claims, clauses } of [
  { rule: "a plain pod runs", pod: { containers: [plain] }, clauses: [] },
  {
    rule: "privileged, once per container",
    pod: {
      containers: [plain, { ...plain, securityContext: { privileged: true } }],
      initContainers: [{ ...plain, securityContext: { privileged: true } }],
    },
    clauses: ["invalid SecurityContext fields: Privileged,Privileged"],
  },
  {
    rule: "the node's namespaces",
    pod: { containers: [plain], hostNetwork: true, hostPID: true, hostIPC: true },
    clauses: ["fields not supported: HostNetwork, HostPID, HostIPC"],
  },
  {
    rule: "host ports",
    pod: { hostNetwork: true, containers: [{ ...plain, ports: [{ containerPort: 1, hostPort: 1 }] }] },
    clauses: ["fields not supported: HostNetwork, port contains HostIP or HostPort"],
  },
  {
    rule: "capabilities beyond the usual ones",
    pod: { containers: [{ ...plain, securityContext: { capabilities: { add: ["NET_BIND_SERVICE", "SYS_PTRACE"] } } }] },
    clauses: ["unsupported SecurityContext capability: SYS_PTRACE"],
  },
  {
    rule: "hostPath",
    pod: {
      containers: [plain],
      volumes: [
        { name: "v", hostPath: { path: "/" } },
        { name: "tmp", emptyDir: {} },
      ],
    },
    clauses: ["volumes not supported: v is of an unsupported volume Type"],
  },
  {
    rule: "a claim that does not exist",
    pod: { containers: [plain], volumes: [volume] },
    clauses: ['volumes not supported: v not supported because: persistentvolumeclaim "data" not found'],
  },
  {
    rule: "a claim that is not bound",
    pod: { containers: [plain], volumes: [volume] },
    claims: claim("Pending"),
    clauses: ["volumes not supported: v not supported because: PVC data not bound"],
  },
  { rule: "a bound claim", pod: { containers: [plain], volumes: [volume] }, claims: claim("Bound"), clauses: [] },
])
  test(`refusals: ${rule}`, () =>
    assert.deepEqual(
      refusalClauses({ spec: pod }, () => claims),
      clauses,
    ));

test("the event joins the clauses", () =>
  assert.equal(
    refusalMessage(["fields not supported: HostNetwork", "x"]),
    "Pod not supported on Fargate: fields not supported: HostNetwork, x",
  ));

const affinity = (
  ...terms: readonly { readonly key: string; readonly operator: string; readonly values?: readonly string[] }[][]
): NonNullable<PodSpec["affinity"]> => ({
  nodeAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: terms.map((matchExpressions) => ({ matchExpressions })),
    },
  },
});
const ZONE = "topology.kubernetes.io/zone";

for (const { rule, pod, want } of [
  { rule: "anywhere", pod: {}, want: { kind: "satisfiable", zones: undefined } },
  {
    rule: "a zone",
    pod: { nodeSelector: { [ZONE]: "az-a", "kubernetes.io/arch": "amd64" } },
    want: { kind: "satisfiable", zones: ["az-a"] },
  },
  {
    rule: "zones of alternative terms",
    pod: {
      affinity: affinity(
        [{ key: ZONE, operator: "In", values: ["a"] }],
        [{ key: ZONE, operator: "In", values: ["b", "a"] }],
      ),
    },
    want: { kind: "satisfiable", zones: ["a", "b"] },
  },
  {
    rule: "a label no Fargate node has",
    pod: { nodeSelector: { disk: "ssd" } },
    want: { kind: "unsatisfiable", requirement: "disk=ssd" },
  },
  {
    rule: "another architecture",
    pod: { nodeSelector: { "kubernetes.io/arch": "arm64" } },
    want: { kind: "unsatisfiable", requirement: "kubernetes.io/arch=arm64" },
  },
  {
    rule: "not on Fargate",
    pod: { affinity: affinity([{ key: "eks.amazonaws.com/compute-type", operator: "NotIn", values: ["fargate"] }]) },
    want: { kind: "unsatisfiable", requirement: "eks.amazonaws.com/compute-type NotIn [fargate]" },
  },
  {
    rule: "not on Karpenter's nodes",
    pod: { affinity: affinity([{ key: "karpenter.sh/nodepool", operator: "DoesNotExist" }]) },
    want: { kind: "satisfiable", zones: undefined },
  },
  {
    rule: "zones that exclude each other",
    pod: { nodeSelector: { [ZONE]: "a" }, affinity: affinity([{ key: ZONE, operator: "In", values: ["b"] }]) },
    want: { kind: "unsatisfiable", requirement: `${ZONE}=b` },
  },
])
  test(`node constraints: ${rule}`, () => assert.deepEqual(nodeConstraints(pod, "ap-northeast-2"), want));

const selectors = [{ namespace: "default" }];
for (const { rule, input, want } of [
  {
    rule: "a good one",
    input: {
      fargateProfileName: "fp_default-1",
      selectors: [{ namespace: "prod-*", labels: { "k8s-app": "kube-?" } }],
      podExecutionRoleArn: "arn:aws:iam::111122223333:role/pods",
    },
    want: [],
  },
  {
    rule: "the reserved prefix",
    input: { fargateProfileName: "eks-mine", selectors },
    want: ['fargateProfileName: name should NOT start with "eks-": EKS keeps that prefix'],
  },
  {
    rule: "a name that is no label value",
    input: { fargateProfileName: "a b", selectors },
    want: ['fargateProfileName: must be at most 63 letters, digits, - _ or ., not "a b"'],
  },
  {
    rule: "a role with a path",
    input: { fargateProfileName: "a", selectors, podExecutionRoleArn: "arn:aws:iam::111122223333:role/team/pods" },
    want: [
      'podExecutionRoleArn: must be the ARN of a role without a path (arn:aws:iam::<account>:role/<name>), not "arn:aws:iam::111122223333:role/team/pods"',
    ],
  },
  {
    rule: "no selector",
    input: { fargateProfileName: "a" },
    want: ["selectors: needs at least one selector; a profile without selectors takes no pod"],
  },
  {
    rule: "six selectors",
    input: { fargateProfileName: "a", selectors: Array.from({ length: 6 }, () => ({ namespace: "x" })) },
    want: ["selectors: at most 5 selectors, not 6; a wildcard (team-*) often replaces several"],
  },
  {
    rule: "six labels",
    input: {
      fargateProfileName: "a",
      selectors: [{ namespace: "x", labels: { a: "", b: "", c: "", d: "", e: "", f: "" } }],
    },
    want: ["selectors[0].labels: at most 5 labels, not 6"],
  },
  {
    rule: "a selector without namespace",
    input: { fargateProfileName: "a", selectors: [{ labels: { a: "b" } }] },
    want: ['selectors[0].namespace: must be a namespace, with * and ? as wildcards, not ""'],
  },
])
  test(`profile: ${rule}`, () =>
    assert.deepEqual(
      validateFargateProfile(input).map(({ path, message }) => `${path}: ${message}`),
      want,
    ));
