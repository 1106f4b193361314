import assert from "node:assert/strict";
import { test } from "node:test";
import type { EC2NodeClassSpec } from "@nodeless/api";
import { builtInInstanceTypes, imageFamily } from "@nodeless/instance-types";
import { nodeClassOf, startAws } from "./aws-world.ts";

const REGION = "ap-northeast-2";
/** The zones that the account has subnets in. */
const ZONES = new Map([
  [`${REGION}a`, "apne2-az1"],
  [`${REGION}c`, "apne2-az3"],
]);

for (const { rule, spec } of [
  { rule: "Amazon Linux 2023", spec: {} },
  { rule: "Bottlerocket", spec: { amiSelectorTerms: [{ alias: "bottlerocket@latest" }] } },
  {
    rule: "local disks as one, a larger volume and fewer pods",
    spec: {
      instanceStorePolicy: "RAID0",
      blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: "100Gi" } }],
      kubelet: {
        maxPods: 20,
        systemReserved: { cpu: "100m", memory: "200Mi" },
        evictionHard: { "memory.available": "5%" },
      },
    },
  },
] satisfies readonly { rule: string; spec: Partial<EC2NodeClassSpec> }[])
  test(`the built-in catalogue and what is built from EC2's answers agree type by type: ${rule}`, async () => {
    await using world = await startAws();
    const nodeClass = nodeClassOf(spec);
    const provider = world.provider();
    await provider.reconcileNodeClass(nodeClass);
    const asked = await provider.instanceTypes("default");
    const builtIn = builtInInstanceTypes(REGION, {
      zones: ZONES,
      nodeClass: { ...nodeClass.spec, family: imageFamily(nodeClass.spec) },
    });
    assert.ok(builtIn.length > 500);
    assert.deepEqual(
      asked.map(({ name }) => name),
      builtIn.map(({ name }) => name),
    );
    for (const [index, type] of asked.entries()) assert.deepEqual(type, builtIn[index]);
  });
