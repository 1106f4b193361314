import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { DescribeClusterCommand, EKSClient, ListFargateProfilesCommand } from "@aws-sdk/client-eks";
import type { Node, Pod } from "@nodeless/api";
import { kubectlPath } from "../support/kubectl.ts";
import { dispose, type Items, type RunningNodeless, startNodeless } from "../support/nodeless.ts";

const FARGATE_NODE = /^fargate-ip-(\d+)-(\d+)-(\d+)-(\d+)\.ap-northeast-2\.compute\.internal$/;
const EC2_NODE = /^ip-\d+-\d+-\d+-\d+\.ap-northeast-2\.compute\.internal$/;

/** Rows of `kubectl get ... --no-headers`, split into cells. */
const rows = (text: string): readonly (readonly string[])[] =>
  text
    .trim()
    .split("\n")
    .map((line) => line.split(/\s{2,}/));

describe("the listing that opens the posts", { skip: (await kubectlPath()) === undefined }, () => {
  let nodeless: RunningNodeless;
  before(async () => {
    nodeless = await startNodeless();
  });
  after(() => dispose(nodeless));

  const instances = async (): Promise<readonly string[]> => {
    const ec2 = new EC2Client(nodeless.awsConfig);
    const answer = await ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] }),
    );
    ec2.destroy();
    return (answer.Reservations ?? []).flatMap(({ Instances }) =>
      (Instances ?? []).map(({ PrivateDnsName }) => PrivateDnsName ?? ""),
    );
  };

  test("system pods run on Fargate, each on a node of its own address", async () => {
    const { items } = await nodeless.json<Items<Pod>>("get pods -A");
    assert.deepEqual(
      items.map(({ metadata }) => metadata.labels?.["k8s-app"] ?? metadata.labels?.["app.kubernetes.io/name"]).sort(),
      ["karpenter", "karpenter", "kube-dns", "kube-dns"],
    );
    for (const { metadata, spec, status } of items) {
      const octets = FARGATE_NODE.exec(spec.nodeName ?? "")?.slice(1);
      assert.equal(octets?.join("."), status?.podIP, `${metadata.name} is on ${spec.nodeName}`);
      assert.equal(status?.phase, "Running");
    }
  });

  test("a pod without a profile gets a node with its agents, and every view agrees", async () => {
    await nodeless.ok("run nginx-pod --image=nginx");
    await nodeless.ok("wait pod/nginx-pod --for=condition=Ready --timeout=60s");
    const listing = await nodeless.eventually("the agents run", async () => {
      const table = rows(await nodeless.ok("get pod -A -o wide --no-headers"));
      return table.length === 7 && table.every((cells) => cells[3] === "Running") && table;
    });
    const onEc2 = listing.filter((cells) => EC2_NODE.test(cells[7] ?? ""));
    assert.deepEqual(onEc2.map((cells) => (cells[1] ?? "").replace(/-[a-z0-9]{5}$/, "")).sort(), [
      "aws-node",
      "kube-proxy",
      "nginx-pod",
    ]);
    assert.equal(new Set(onEc2.map((cells) => cells[7])).size, 1);
    assert.equal(listing.filter((cells) => FARGATE_NODE.test(cells[7] ?? "")).length, 4);
    const header = await nodeless.ok("get pod -A -o wide");
    assert.match(header, /^NAMESPACE +NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/);

    const node = onEc2[0]?.[7];
    const claims = await nodeless.ok("get nodeclaims");
    assert.match(claims, /^NAME +TYPE +CAPACITY +ZONE +NODE +READY +AGE\n/);
    assert.equal(rows(claims).length, 2);
    assert.ok(claims.includes(`${node}`) && /\bTrue\b/.test(claims), claims);
    assert.match(
      await nodeless.ok("get nodepools"),
      /^NAME +NODECLASS +NODES +READY +AGE\ndefault +default +1 +True +/,
    );
    const nodes = await nodeless.ok("get nodes");
    assert.match(nodes, /^NAME +STATUS +ROLES +AGE +VERSION\n/);
    assert.equal(rows(nodes).length, 6);
    assert.deepEqual(await instances(), [node]);
  });

  test("the AWS SDK reads the same truth", async () => {
    const eks = new EKSClient(nodeless.awsConfig);
    const { cluster } = await eks.send(new DescribeClusterCommand({ name: "e2e" }));
    assert.equal(cluster?.status, "ACTIVE");
    assert.equal(cluster?.endpoint, nodeless.kubernetesEndpoint);
    const { fargateProfileNames } = await eks.send(new ListFargateProfilesCommand({ clusterName: "e2e" }));
    assert.deepEqual(fargateProfileNames, ["karpenter", "kube-system"]);
    await assert.rejects(eks.send(new DescribeClusterCommand({ name: "nobody" })), {
      name: "ResourceNotFoundException",
      message: "No cluster found for name: nobody.",
    });
    eks.destroy();
  });

  test("a container says that it is simulated", async () => {
    assert.match(await nodeless.ok("logs nginx-pod"), /simulated/);
  });

  test("deleting the pod takes its node, claim and instance away, and moves nothing else", async () => {
    const before = await nodeless.json<Items<Node>>("get nodes");
    const fargate = before.items
      .map(({ metadata }) => `${metadata.name} ${metadata.uid}`)
      .filter((name) => name.startsWith("fargate-"));
    const pods = async (): Promise<readonly string[]> =>
      (await nodeless.json<Items<Pod>>("get pods -A")).items.map(({ metadata }) => metadata.uid).sort();
    const system = (await nodeless.json<Items<Pod>>("get pods -A")).items
      .filter(({ spec }) => spec.nodeName?.startsWith("fargate-"))
      .map(({ metadata }) => metadata.uid)
      .sort();
    await nodeless.ok("delete pod nginx-pod");
    await nodeless.eventually(
      "the node is gone",
      async () => (await nodeless.json<Items<Node>>("get nodes")).items.length === 4,
    );
    assert.deepEqual(
      (await nodeless.json<Items<Node>>("get nodes")).items.map(({ metadata }) => `${metadata.name} ${metadata.uid}`),
      fargate,
    );
    await nodeless.eventually(
      "the claim is gone",
      async () => (await nodeless.json<Items<Pod>>("get nodeclaims")).items.length === 0,
    );
    await nodeless.eventually("the instance is gone", async () => (await instances()).length === 0);
    await nodeless.eventually("the agents are gone", async () => (await pods()).length === 4);
    assert.deepEqual(await pods(), system);
  });

  test("status tells process, endpoints and counts", async () => {
    const { stdout } = await nodeless.nodeless("status --name e2e -o json");
    const status = JSON.parse(stdout);
    assert.equal(status.pid, nodeless.pid);
    assert.deepEqual(status.endpoints, { kubernetes: nodeless.kubernetesEndpoint, aws: nodeless.awsEndpoint });
    assert.deepEqual(status.nodes, { total: 4, fargate: 4, ec2: 0, ready: 4 });
    assert.deepEqual(status.pods, { total: 4, running: 4, pending: 0 });
  });

  test("a second up of the same name is refused with the pid that holds it", async () => {
    const result = await nodeless.nodeless("up --name e2e");
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, new RegExp(`e2e is already running as process ${nodeless.pid} `));
  });

  test("nobody gets in without credentials", async () => {
    const { exitCode, stderr } = await nodeless.kubectl(
      `get pods --kubeconfig=/dev/null --server=${nodeless.kubernetesEndpoint} --insecure-skip-tls-verify --token=wrong`,
    );
    assert.equal(exitCode, 1);
    assert.match(stderr, /Unauthorized|must be logged in|provide credentials/);
  });
});
