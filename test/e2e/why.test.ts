import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Node, type NodeClaim, type Pod, podRequests } from "@nodeless/api";
import type { NodeExplanation, PlanDocument, PlanNode, PodExplanation } from "@nodeless/planner";
import { kubectlPath } from "../support/kubectl.ts";
import { dispose, type Items, type RunningNodeless, runNodeless, startNodeless } from "../support/nodeless.ts";

const TOO_LARGE = `
apiVersion: v1
kind: Pod
metadata: { name: giant }
spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: "500" } } }] }`;

/** It would fit on the cheapest type if nothing else ran there. */
const TIGHT = `
apiVersion: v1
kind: Pod
metadata: { name: tight }
spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: 1850m, memory: 1Gi } } }] }`;

describe("why, asked of a running cluster", { skip: (await kubectlPath()) === undefined }, () => {
  let nodeless: RunningNodeless;
  before(async () => {
    nodeless = await startNodeless();
  });
  after(() => dispose(nodeless));

  const why = async (args: string): Promise<string> => {
    const { stdout, stderr, exitCode } = await nodeless.nodeless(`why ${args} --name e2e`);
    assert.equal(exitCode, 0, stderr);
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
    return stdout;
  };
  const explained = async <T>(args: string): Promise<T> => {
    const { stdout, stderr, exitCode } = await nodeless.nodeless(`why ${args} --name e2e -o json`);
    assert.equal(exitCode, 0, stderr);
    return JSON.parse(stdout) as T;
  };

  test("nginx on EC2: the node that was bought for it, how its type was chosen, and what happened", async () => {
    await nodeless.ok("run nginx --image=nginx");
    await nodeless.ok("wait --for=condition=Ready pod/nginx --timeout=60s");
    const pod = await nodeless.json<Pod>("get pod nginx");
    const node = await nodeless.json<Node>(`get node ${pod.spec.nodeName}`);
    const [claim] = (await nodeless.json<Items<NodeClaim>>("get nodeclaims")).items;

    const explanation = await explained<PodExplanation>("pod/nginx");
    const { placement, choice, live, candidates } = explanation;
    assert.deepEqual(placement.kind === "ec2" && [placement.node, placement.instanceType, placement.nodePool], [
      pod.spec.nodeName,
      node.metadata.labels?.["node.kubernetes.io/instance-type"],
      "default",
    ]);
    assert.equal(live?.nodeClaim?.name, claim?.metadata.name);
    const chosen = choice?.fitting.find((one) => one.chosen);
    assert.equal(chosen?.usdPerHour, placement.kind === "ec2" && placement.usdPerHour);
    assert.equal(choice?.fitting[0]?.usdPerHour, chosen?.usdPerHour, "the cheapest that fits was bought");
    assert.equal(choice?.fittingTypes, live?.nodeClaim?.instanceTypes);
    assert.ok((choice?.runnerUp?.dearerUsdPerHour ?? 0) > 0);
    assert.deepEqual(
      candidates.filter((one) => one.chosen).map(({ name, message }) => [name, message]),
      [[pod.spec.nodeName, "runs here"]],
    );
    const happened = live?.history.map(({ what }) => what).join("\n") ?? "";
    assert.match(happened, /pod created\n(.*\n)*NodeClaim \S+ created for NodePool default\n(.*\n)*Scheduled by/);

    const text = await why("pod/nginx");
    for (const part of [
      /^POD {6}default\/nginx, Running, asks for nothing$/m,
      /^FARGATE {2}no: no profile selects the namespace/m,
      /^WHEN {6}WHAT HAPPENED$/m,
      /^ANEW {5}without its node it would go to a new/m,
      /the\s+runner-up \S+\s+loses by/,
    ])
      assert.match(text, part);
  });

  test("its node and its claim give one answer: the type, the content and what is wasted", async () => {
    const [claim] = (await nodeless.json<Items<NodeClaim>>("get nodeclaims")).items;
    const byClaim = await explained<NodeExplanation>(`nodeclaim/${claim?.metadata.name}`);
    const byNode = await explained<NodeExplanation>(`node/${claim?.status?.nodeName}`);
    assert.deepEqual(byClaim, byNode);
    assert.deepEqual(
      byNode.node.pods.map(({ pod }) => pod),
      ["default/nginx"],
    );
    assert.ok((byNode.node.wasteUsdPerHour ?? -1) >= 0);
    assert.match(await why(`node/${claim?.status?.nodeName}`), /^WASTE {4}the node costs \$/m);
  });

  test("coredns on Fargate: profile, selector, the sum that makes its size, and what isolation costs", async () => {
    const [dns] = (await nodeless.json<Items<Pod>>("get pods -n kube-system -l k8s-app=kube-dns")).items;
    const name = dns?.metadata.name;
    const { placement, fargate } = await explained<PodExplanation>(`pod/${name} -n kube-system`);
    const provisioned = placement.kind === "fargate" ? `${placement.vcpu}vCPU ${placement.memoryGb}GB` : placement.kind;
    assert.equal(provisioned, dns?.metadata.annotations?.["CapacityProvisioned"]);
    assert.equal(fargate.profile, dns?.metadata.labels?.["eks.amazonaws.com/fargate-profile"]);
    const text = await why(`pod/${name} -n kube-system`);
    assert.match(text, /^FARGATE {2}profile kube-system selects it by namespace kube-system; 0\.25vCPU/m);
    assert.match(text.replaceAll(/\s+/g, " "), /\+ 256Mi for the system = \d+Mi make 0\.25vCPU 0\.5GB/);
    assert.match(text.replaceAll(/\s+/g, " "), /isolation costs \$/);
  });

  test("a plan of a pod that fills its node says what the cluster then buys, daemons of add-ons included", async () => {
    const plan = async (...args: string[]): Promise<PlanNode | undefined> => {
      const { stdout } = await runNodeless(nodeless.home, ["plan", "-f", "-", "-o", "json", ...args], TIGHT);
      return (JSON.parse(stdout) as PlanDocument).nodes[0];
    };
    const planned = await plan();
    assert.notEqual((await plan("--no-addon-daemonsets"))?.instanceType, planned?.instanceType, "the pod is tight");
    await nodeless.ok("apply -f -", TIGHT);
    await nodeless.ok("wait --for=condition=Ready pod/tight --timeout=60s");
    const { placement } = await explained<PodExplanation>("pod/tight");
    assert.equal(placement.kind === "ec2" && placement.instanceType, planned?.instanceType);
    const node = placement.kind === "ec2" ? placement.node : "";
    const { items } = await nodeless.json<Items<Pod>>(`get pods -A --field-selector=spec.nodeName=${node}`);
    const daemons = items.filter(({ metadata }) => metadata.namespace === "kube-system");
    let millicores = 0;
    for (const { spec } of daemons) millicores += podRequests(spec).get("cpu") ?? 0;
    assert.deepEqual(planned?.daemonOverhead, { cpu: `${millicores}m`, pods: String(daemons.length) });
  });

  test("a pod that is too large stays Pending: what was said, why, and what would change it", async () => {
    await nodeless.ok("apply -f -", TOO_LARGE);
    await nodeless.eventually("the provisioner refuses it", async () =>
      (await nodeless.ok("get events --field-selector=involvedObject.name=giant")).includes("Failed to schedule pod"),
    );
    const { placement, reasons, live } = await explained<PodExplanation>("pod/giant");
    assert.equal(placement.kind, "none");
    assert.deepEqual([reasons[0]?.candidate, reasons[0]?.rule], ["NodePool default", "resources"]);
    assert.equal(live?.phase, "Pending");
    const text = await why("pod/giant");
    for (const part of [
      /^RUNS ON {2}nothing: it stays Pending$/m,
      /^BECAUSE {2}NodePool default \(resources\): requests 500 cpu; the largest instance/m,
      /^REMEDY {3}lower the requests/m,
      /FailedScheduling by karpenter.*: Failed to schedule pod/,
    ])
      assert.match(text, part);
  });

  test("a name that is not there leads to the one that is meant", async () => {
    const { stderr, exitCode } = await nodeless.nodeless("why pod/ngnix --name e2e");
    assert.equal(exitCode, 1);
    assert.match(stderr, /the local cluster e2e has no pod default\/ngnix; did you mean pod\/nginx -n default\?/);
  });
});
