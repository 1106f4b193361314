import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Deployment, Pod } from "@nodeless/api";
import { example } from "../support/example.ts";
import { kubectlPath } from "../support/kubectl.ts";
import { dispose, type Items, type RunningNodeless, startNodeless } from "../support/nodeless.ts";

/** CoreDNS as old clusters had it: pinned to EC2 by the annotation. */
const PINNED = await example("coredns-on-ec2/cluster.yaml");

const COMPUTE_TYPE = "eks.amazonaws.com/compute-type";
const PIN_PATH = "/spec/template/metadata/annotations/eks.amazonaws.com~1compute-type";

describe("CoreDNS pinned by the ec2 annotation", { skip: (await kubectlPath()) === undefined }, () => {
  let nodeless: RunningNodeless;
  before(async () => {
    nodeless = await startNodeless({ file: PINNED });
  });
  after(() => dispose(nodeless));

  const corednsNodes = async (): Promise<readonly string[]> =>
    (await nodeless.json<Items<Pod>>("get pods -n kube-system -l k8s-app=kube-dns")).items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ spec }) => spec.nodeName ?? "");
  const annotations = async (): Promise<Readonly<Record<string, string>> | undefined> =>
    (await nodeless.json<Deployment>("get deployment coredns -n kube-system")).spec.template.metadata?.annotations;

  test("stays off Fargate although a profile matches", async () => {
    assert.ok((await corednsNodes()).every((node) => node.startsWith("ip-")));
    assert.equal((await annotations())?.[COMPUTE_TYPE], "ec2");
  });

  test("the corrected patch and a restart move it to Fargate", async () => {
    await nodeless.ok(
      `patch deployment coredns -n kube-system --type=json -p='[{"op":"remove","path":"${PIN_PATH}"}]'`,
    );
    await nodeless.ok("rollout restart -n kube-system deployment coredns");
    await nodeless.ok("rollout status -n kube-system deployment coredns --timeout=60s");
    await nodeless.eventually("both replicas are on Fargate", async () => {
      const nodes = await corednsNodes();
      return nodes.length === 2 && nodes.every((node) => node.startsWith("fargate-ip-"));
    });
    assert.equal((await annotations())?.[COMPUTE_TYPE], undefined);
  });

  test("the corrected patch a second time fails: the path is gone", async () => {
    const again = await nodeless.kubectl(
      `patch deployment coredns -n kube-system --type=json -p='[{"op":"remove","path":"${PIN_PATH}"}]'`,
    );
    assert.equal(again.exitCode, 1);
    assert.match(
      again.stderr,
      /The request is invalid: the server rejected our request due to an error in our request/,
    );
  });

  test("the post's own patch removes the whole annotations map, as the real API does", async () => {
    const patch = `'[{"op":"remove","path":"/spec/template/metadata/annotations","value":"${COMPUTE_TYPE}"}]'`;
    assert.ok(Object.keys((await annotations()) ?? {}).length > 0, "restartedAt is there");
    await nodeless.ok(`patch deployment coredns -n kube-system --type=json -p=${patch}`);
    assert.equal(await annotations(), undefined);
    const again = await nodeless.kubectl(`patch deployment coredns -n kube-system --type=json -p=${patch}`);
    assert.equal(again.exitCode, 1, "without any annotation the path does not exist");
  });
});
