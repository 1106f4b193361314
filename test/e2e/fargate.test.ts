import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Node, Pod } from "@nodeless/api";
import { example } from "../support/example.ts";
import { kubectlPath } from "../support/kubectl.ts";
import { dispose, type Items, type RunningNodeless, startNodeless } from "../support/nodeless.ts";

const skip = (await kubectlPath()) === undefined;

/** The ClusterConfig of the post, with its indentation restored. */
const EKS_FARGATE_DEMO = await example("fargate-profiles/cluster.yaml");
const WEB = await example("fargate-profiles/web.yaml");

describe("the ClusterConfig eks-fargate-demo", { skip }, () => {
  let nodeless: RunningNodeless;
  before(async () => {
    nodeless = await startNodeless({ file: EKS_FARGATE_DEMO });
  });
  after(() => dispose(nodeless));

  test("the provisioner's namespace has no profile in the file, so it gets nodeless-system, and the output says so", async () => {
    assert.match(nodeless.output(), /selects the system pods of karpenter: adding profile nodeless-system/);
    const { stdout } = await nodeless.nodeless("get fargateprofile --local e2e -o json");
    assert.deepEqual(
      JSON.parse(stdout).map(({ name }: { name: string }) => name),
      ["apps-fargate-profile", "default-fargate-profile", "nodeless-system"],
    );
  });

  test("both pods of the Deployment run on Fargate at 0.25 vCPU and 1 GB", async () => {
    await nodeless.ok("create namespace apps");
    await nodeless.ok("apply -f -", WEB);
    await nodeless.ok("rollout status deployment/web -n apps --timeout=60s");
    const { items } = await nodeless.json<Items<Pod>>("get pods -n apps");
    assert.equal(items.length, 2);
    for (const { metadata, spec, status } of items) {
      assert.match(spec.nodeName ?? "", /^fargate-ip-/);
      assert.equal(spec.nodeName, `fargate-ip-${status?.podIP?.replaceAll(".", "-")}.ap-northeast-2.compute.internal`);
      assert.equal(metadata.annotations?.["CapacityProvisioned"], "0.25vCPU 1GB");
      assert.equal(metadata.labels?.["eks.amazonaws.com/fargate-profile"], "apps-fargate-profile");
      assert.equal(spec.schedulerName, "fargate-scheduler");
    }
  });

  test("the same pod without the label runs on EC2", async () => {
    await nodeless.ok("run plain -n apps --image=public.ecr.aws/nginx/nginx:latest");
    await nodeless.ok("wait pod/plain -n apps --for=condition=Ready --timeout=60s");
    assert.match(await nodeless.ok("get pod plain -n apps -o jsonpath={.spec.nodeName}"), /^ip-10-0-/);
  });
});

/** The post writes the role in the AWS CLI's spelling. */
const FARGATE_PROFILE = await example("scale-out/fargateprofile.yaml");
const SCALEOUT = await example("scale-out/deployment.yaml");

describe("the namespace wsi-skills-namespace", { skip }, () => {
  let nodeless: RunningNodeless;
  before(async () => {
    nodeless = await startNodeless({ args: [] });
  });
  after(() => dispose(nodeless));
  const pods = async (): Promise<readonly Pod[]> =>
    (await nodeless.json<Items<Pod>>("get pods -n wsi-skills-namespace")).items;
  const nodes = async (): Promise<readonly Node[]> => (await nodeless.json<Items<Node>>("get nodes")).items;

  test("its profile is created from the post's file, in the AWS CLI's spelling of the role", async () => {
    const { stdout } = await nodeless.nodeless("get fargateprofile --local e2e -o json");
    const roleArn = JSON.parse(stdout)[0].podExecutionRoleARN as string;
    const { writeFile } = await import("node:fs/promises");
    await writeFile(
      `${nodeless.home}/fargateprofile.yaml`,
      `${FARGATE_PROFILE}    podExecutionRoleArn: "${roleArn}"\n`,
    );
    const created = await nodeless.nodeless(
      `create fargateprofile -f ${nodeless.home}/fargateprofile.yaml --cluster e2e --local e2e`,
    );
    assert.equal(created.exitCode, 0, created.stderr);
    const table = await nodeless.nodeless("get fargateprofile --cluster e2e --local e2e --name skills-fargates");
    assert.match(
      table.stdout,
      /^NAME +SELECTOR_NAMESPACE +SELECTOR_LABELS +POD_EXECUTION_ROLE_ARN +SUBNETS +TAGS +STATUS\nskills-fargates +wsi-skills-namespace +node=fargate +.* ACTIVE\n$/,
    );
  });

  test("scaling to ten makes ten pods on ten nodes with ten addresses, and back to one removes nine nodes", async () => {
    await nodeless.ok("create namespace wsi-skills-namespace");
    await nodeless.ok("apply -f -", SCALEOUT);
    await nodeless.ok("rollout status deployment/nginx-to-scaleout -n wsi-skills-namespace --timeout=60s");
    const before = (await nodes()).length;
    await nodeless.ok("scale --replicas=10 deployment/nginx-to-scaleout -n wsi-skills-namespace");
    await nodeless.ok("rollout status deployment/nginx-to-scaleout -n wsi-skills-namespace --timeout=60s");
    const ten = await pods();
    assert.equal(ten.length, 10);
    assert.equal(new Set(ten.map(({ spec }) => spec.nodeName)).size, 10);
    assert.equal(new Set(ten.map(({ status }) => status?.podIP)).size, 10);
    assert.ok(
      ten.every(
        ({ spec, metadata }) =>
          spec.nodeName?.startsWith("fargate-ip-") && metadata.annotations?.["CapacityProvisioned"] === "0.5vCPU 1GB",
      ),
    );
    assert.equal((await nodes()).length, before + 9);
    await nodeless.ok("scale --replicas=1 deployment/nginx-to-scaleout -n wsi-skills-namespace");
    await nodeless.eventually(
      "nine nodes are gone",
      async () => (await nodes()).length === before && (await pods()).length === 1,
    );
  });
});
