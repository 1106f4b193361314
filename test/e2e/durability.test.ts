import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { describe, test } from "node:test";
import { DescribeInstancesCommand, EC2Client } from "@aws-sdk/client-ec2";
import type { Node, Pod } from "@nodeless/api";
import { seededRandom } from "@nodeless/environment";
import { kubectlPath } from "../support/kubectl.ts";
import { type Items, newHome, type RunningNodeless, startNodeless } from "../support/nodeless.ts";

interface NodeClaim {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly providerID?: string; readonly nodeName?: string };
}

const REPLICAS = 60;
const WORKLOAD = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: 1
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec:
      containers: [{ name: web, image: nginx, resources: { requests: { cpu: 250m, memory: 256Mi } } }]
`;

/** A failure prints this; NODELESS_TEST_SEED replays it. */
const seed = process.env["NODELESS_TEST_SEED"] ?? "1";
const KILLS = 4;

describe(`kill -9 during a scale-up (NODELESS_TEST_SEED=${seed})`, {
  skip: (await kubectlPath()) === undefined,
}, () => {
  test("no acknowledged write is lost, no instance is orphaned, and the pods converge", async () => {
    const random = seededRandom(seed);
    const home = await newHome();
    let nodeless: RunningNodeless = await startNodeless({ home });
    try {
      await nodeless.ok("apply -f -", WORKLOAD);
      const acknowledged: string[] = [];
      for (let round = 0; round < KILLS; round += 1) {
        const scale = nodeless.kubectl(
          `scale deployment/web --replicas=${Math.ceil((REPLICAS * (round + 1)) / KILLS)}`,
        );
        const writes = writeUntilKilled(nodeless, `round-${round}`, acknowledged);
        await new Promise((resolve) => setTimeout(resolve, random.integer(1_500)));
        await nodeless.kill();
        await Promise.all([scale, writes]);
        nodeless = await startNodeless({ home });
      }
      await nodeless.ok(`scale deployment/web --replicas=${REPLICAS}`);
      await nodeless.ok("rollout status deployment/web --timeout=90s");
      const present = new Set((await nodeless.ok("get configmaps -o name")).trim().split("\n"));
      assert.deepEqual(
        acknowledged.filter((name) => !present.has(name)),
        [],
      );
      await consistent(nodeless);
    } finally {
      await nodeless.stop();
      await rm(home, { recursive: true, force: true });
    }
  });
});

/** Creates ConfigMaps one after the other until the server is gone; remembers those that kubectl reported as created. */
async function writeUntilKilled(nodeless: RunningNodeless, prefix: string, acknowledged: string[]): Promise<void> {
  for (let index = 0; index < 100; index += 1) {
    const name = `${prefix}-${index}`;
    const { exitCode, stdout } = await nodeless.kubectl(`create configmap ${name} --from-literal=index=${index}`);
    if (exitCode !== 0) return;
    assert.match(stdout, /created/);
    acknowledged.push(`configmap/${name}`);
  }
}

/** Pods, nodes, claims and instances tell one story. */
async function consistent(nodeless: RunningNodeless): Promise<void> {
  const ec2 = new EC2Client(nodeless.awsConfig);
  await nodeless.eventually(
    "instances, claims and nodes agree",
    async () => {
      const answer = await ec2.send(
        new DescribeInstancesCommand({ Filters: [{ Name: "instance-state-name", Values: ["pending", "running"] }] }),
      );
      const running = (answer.Reservations ?? [])
        .flatMap(({ Instances }) => (Instances ?? []).map(({ InstanceId }) => InstanceId ?? ""))
        .sort();
      const claims = (await nodeless.json<Items<NodeClaim>>("get nodeclaims")).items
        .map(({ status }) => status?.providerID?.split("/").at(-1) ?? "no instance")
        .sort();
      const nodes = (await nodeless.json<Items<Node>>("get nodes")).items
        .filter(({ metadata }) => metadata.name.startsWith("ip-"))
        .map(({ spec }) => spec.providerID?.split("/").at(-1) ?? "")
        .sort();
      assert.deepEqual(claims, running);
      assert.deepEqual(nodes, running);
      return true;
    },
    60_000,
  );
  ec2.destroy();
  const pods = (await nodeless.json<Items<Pod>>("get pods -l app=web")).items;
  const nodeNames = new Set((await nodeless.json<Items<Node>>("get nodes")).items.map(({ metadata }) => metadata.name));
  assert.equal(pods.length, REPLICAS);
  assert.ok(pods.every(({ spec, status }) => status?.phase === "Running" && nodeNames.has(spec.nodeName ?? "")));
  const all = (await nodeless.json<Items<Pod>>("get pods -A")).items;
  const holders = new Map<string | undefined, string[]>();
  for (const { metadata, spec, status } of all.filter((pod) => pod.spec.hostNetwork !== true))
    holders.set(status?.podIP, [...(holders.get(status?.podIP) ?? []), `${metadata.name} on ${spec.nodeName}`]);
  assert.deepEqual(
    [...holders].filter(([, pods]) => pods.length > 1),
    [],
    "two pods share an address",
  );
}
