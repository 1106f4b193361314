import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Node, Pod } from "@nodeless/api";
import { example } from "../support/example.ts";
import { kubectlPath } from "../support/kubectl.ts";
import { dispose, type Items, type RunningNodeless, startNodeless } from "../support/nodeless.ts";

const FILE = await example("old-karpenter-api/cluster.yaml");

describe("Provisioner and AWSNodeTemplate", { skip: (await kubectlPath()) === undefined }, () => {
  let nodeless: RunningNodeless;
  before(async () => {
    nodeless = await startNodeless({ file: FILE });
  });
  after(() => dispose(nodeless));

  test("launch spot nodes with the labels of both generations", async () => {
    await nodeless.ok("run nginx-pod --image=nginx");
    await nodeless.ok("wait pod/nginx-pod --for=condition=Ready --timeout=60s");
    const node = await nodeless.ok("get pod nginx-pod -o jsonpath={.spec.nodeName}");
    assert.match(node, /^ip-/);
    const { metadata } = await nodeless.json<Node>(`get node ${node}`);
    assert.equal(metadata.labels?.["karpenter.sh/capacity-type"], "spot");
    assert.equal(metadata.labels?.["karpenter.sh/provisioner-name"], "default");
    assert.equal(metadata.labels?.["kubernetes.io/arch"], "amd64");
    assert.match(metadata.labels?.["karpenter.k8s.aws/instance-category"] ?? "", /^[cmr]$/);
    assert.match(await nodeless.ok("get provisioners,awsnodetemplates"), /provisioner\.karpenter\.sh\/default/);
  });

  test("remove an empty node after ttlSecondsAfterEmpty", async () => {
    await nodeless.ok("delete pod nginx-pod");
    await nodeless.eventually("the node is gone", async () =>
      (await nodeless.json<Items<Node>>("get nodes")).items.every(({ metadata }) =>
        metadata.name.startsWith("fargate-"),
      ),
    );
    await nodeless.eventually(
      "the agents are gone",
      async () => (await nodeless.json<Items<Pod>>("get pods -A")).items.length === 4,
    );
  });
});
