import assert from "node:assert/strict";
import { test } from "node:test";
import type { Node, Pod } from "@nodeless/api";
import { heldAddresses } from "../src/embedded/held-addresses.ts";

const meta = (name: string, labels = {}) => ({
  name,
  labels,
  uid: name,
  resourceVersion: "1",
  creationTimestamp: "2026-01-01T00:00:00Z",
});
const node = (name: string, ip: string, labels = {}): Node => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: meta(name, labels),
  spec: {},
  status: {
    addresses: [
      { type: "InternalIP", address: ip },
      { type: "Hostname", address: name },
    ],
  },
});
const pod = (spec: Partial<Pod["spec"]>, status: Pod["status"]): Pod => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: meta("p"),
  spec: { containers: [], nodeName: "n", ...spec },
  ...(status === undefined ? {} : { status }),
});
const NODES = [node("n", "10.0.0.1"), node("fargate-n", "10.0.0.9", { "eks.amazonaws.com/compute-type": "fargate" })];

for (const { rule, subject, want } of [
  {
    rule: "a running pod holds its addresses",
    subject: pod({}, { phase: "Running", podIP: "10.0.0.2", podIPs: [{ ip: "10.0.0.2" }] }),
    want: ["10.0.0.2"],
  },
  {
    rule: "a pending pod may already hold one",
    subject: pod({}, { phase: "Pending", podIP: "10.0.0.3" }),
    want: ["10.0.0.3"],
  },
  { rule: "a finished pod holds none", subject: pod({}, { phase: "Succeeded", podIP: "10.0.0.2" }), want: [] },
  {
    rule: "a host-network pod has its node's",
    subject: pod({ hostNetwork: true }, { phase: "Running", podIP: "10.0.0.1" }),
    want: [],
  },
  {
    rule: "nobody would give back the address of a pod without a node",
    subject: pod({ nodeName: "gone" }, { phase: "Running", podIP: "10.0.0.2" }),
    want: [],
  },
  { rule: "a pod without an address", subject: pod({}, undefined), want: [] },
]) {
  test(`${rule}; a micro-VM holds its node's in any case`, () =>
    assert.deepEqual([...heldAddresses([subject], NODES)], [...want, "10.0.0.9"]));
}
