import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { DescribeInstancesCommand, EC2Client, TerminateInstancesCommand } from "@aws-sdk/client-ec2";
import { type Deployment, LABELS, type Node, type NodeClaim, type NodePool, type Pod } from "@nodeless/api";
import { kubectlPath } from "../support/kubectl.ts";
import { dispose, type Items, type RunningNodeless, startNodeless } from "../support/nodeless.ts";

/** Every case has a pool of its own, chosen by this label, so that none waits for another's nodes. */
const CASE_LABEL = "example.com/case";
const POOL_NAME = "default";

interface PoolOptions {
  readonly limitCpu?: string;
  readonly weight?: number;
  readonly taints?: readonly object[];
  /** Default: the pool's name. */
  readonly of?: string;
}

function pool(name: string, { limitCpu = "100", weight, taints, of = name }: PoolOptions = {}): object {
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata: { name },
    spec: {
      ...(weight === undefined ? {} : { weight }),
      limits: { cpu: limitCpu },
      // Nothing but the case itself removes a node.
      disruption: { consolidationPolicy: "WhenEmpty", consolidateAfter: "Never" },
      template: {
        metadata: { labels: { [CASE_LABEL]: of } },
        spec: {
          nodeClassRef: { group: "karpenter.k8s.aws", kind: "EC2NodeClass", name: POOL_NAME },
          ...(taints === undefined ? {} : { taints }),
          requirements: [
            { key: LABELS.arch, operator: "In", values: ["amd64"] },
            { key: LABELS.capacityType, operator: "In", values: ["on-demand"] },
            { key: "karpenter.k8s.aws/instance-category", operator: "In", values: ["c", "m", "r"] },
          ],
        },
      },
    },
  };
}

/** A Deployment of the case: its pods ask for the case's label. */
function deployment(name: string, replicas: number, podSpec: object = {}): object {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          nodeSelector: { [CASE_LABEL]: name },
          containers: [{ name: "web", image: "nginx", resources: { requests: { cpu: "1", memory: "512Mi" } } }],
          ...podSpec,
        },
      },
    },
  };
}

describe("the provisioner, seen through kubectl and the AWS SDK", { skip: (await kubectlPath()) === undefined }, () => {
  let nodeless: RunningNodeless;
  let ec2: EC2Client;
  before(async () => {
    nodeless = await startNodeless();
    ec2 = new EC2Client(nodeless.awsConfig);
  });
  after(async () => {
    ec2.destroy();
    await dispose(nodeless);
  });

  const apply = (...items: readonly object[]): Promise<string> =>
    nodeless.ok("apply -f -", items.map((item) => JSON.stringify(item)).join("\n---\n"));
  const list = async <T>(args: string): Promise<readonly T[]> => (await nodeless.json<Items<T>>(args)).items;
  const podsOf = async (app: string): Promise<readonly Pod[]> =>
    (await list<Pod>(`get pods -l app=${app}`)).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const nodesOf = (name: string): Promise<readonly Node[]> => list<Node>(`get nodes -l ${CASE_LABEL}=${name}`);
  const claimsOf = (poolName: string): Promise<readonly NodeClaim[]> =>
    list<NodeClaim>(`get nodeclaims -l ${LABELS.nodePool}=${poolName}`);
  const rolledOut = (name: string): Promise<string> => nodeless.ok(`rollout status deployment/${name} --timeout=60s`);
  const onlyNodeOf = async (name: string): Promise<string> => {
    const names = (await nodesOf(name)).map(({ metadata }) => metadata.name);
    assert.equal(names.length, 1, names.join());
    return names[0] ?? "";
  };
  const instanceStates = async (instanceIds: readonly string[]): Promise<readonly (string | undefined)[]> => {
    const answer = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [...instanceIds] }));
    return (answer.Reservations ?? []).flatMap(({ Instances }) => (Instances ?? []).map(({ State }) => State?.Name));
  };
  const instanceIdOf = async (node: string): Promise<string> =>
    ((await nodeless.json<Node>(`get node ${node}`)).spec?.providerID ?? "").split("/").at(-1) ?? "";
  const end = (name: string): Promise<string> => nodeless.ok(`delete deployment ${name} --wait=false`);

  /** Where the pod of `behind` ran, and the claim of that node. */
  let lost: { readonly node: string; readonly claim: string | undefined };
  test("an instance is terminated through the AWS API", async () => {
    await apply(pool("behind"), deployment("behind", 1));
    await rolledOut("behind");
    lost = { node: await onlyNodeOf("behind"), claim: (await claimsOf("behind"))[0]?.metadata.name };
    const terminated = await ec2.send(new TerminateInstancesCommand({ InstanceIds: [await instanceIdOf(lost.node)] }));
    assert.equal(terminated.TerminatingInstances?.[0]?.PreviousState?.Name, "running");
  });

  test("a pool's limit holds: what does not fit stays pending and says which limit", async () => {
    await apply(pool("limited", { limitCpu: "4" }), deployment("limited", 8));
    const pending = await nodeless.eventually("some run and some are refused by the limit", async () => {
      const pods = await podsOf("limited");
      const waiting = pods.filter(({ status }) => status?.phase === "Pending");
      const events = await nodeless.ok("get events --field-selector=reason=FailedScheduling");
      return pods.length === 8 && waiting.length > 0 && waiting.length < 8 && /limit/.test(events) && events;
    });
    assert.match(pending, /NodePool "limited": .*cpu.*4/);
    const { status } = await nodeless.json<NodePool>("get nodepool limited");
    assert.ok(Number(status?.resources?.["cpu"]) <= 4, `pool uses ${status?.resources?.["cpu"]} cpu`);
    await end("limited");
  });

  test("of two pools that fit, the one of greater weight is used", async () => {
    await apply(
      pool("light", { weight: 1, of: "weighted" }),
      pool("heavy", { weight: 50, of: "weighted" }),
      deployment("weighted", 2),
    );
    await rolledOut("weighted");
    for (const { metadata } of await nodesOf("weighted")) assert.equal(metadata.labels?.[LABELS.nodePool], "heavy");
    await end("weighted");
  });

  test("a tainted pool takes only pods that tolerate its taint", async () => {
    const taint = { key: "example.com/team", value: "a", effect: "NoSchedule" };
    const toleration = { key: "example.com/team", operator: "Equal", value: "a", effect: "NoSchedule" };
    await apply(pool("tainted", { taints: [taint] }), deployment("tainted", 1, { tolerations: [toleration] }), {
      ...deployment("tainted", 1),
      metadata: { name: "intolerant" },
    });
    await rolledOut("tainted");
    await nodeless.eventually("the other pod is told why", async () =>
      /NodePool "tainted": .*example\.com\/team/.test(
        await nodeless.ok("get events --field-selector=reason=FailedScheduling"),
      ),
    );
    await end("tainted");
    await end("intolerant");
  });

  test("a spread over zones puts nodes into three zones, pods evenly", async () => {
    await apply(
      pool("spread"),
      deployment("spread", 6, {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: LABELS.zone,
            whenUnsatisfiable: "DoNotSchedule",
            labelSelector: { matchLabels: { app: "spread" } },
          },
        ],
      }),
    );
    await rolledOut("spread");
    const zoneOf = new Map(
      (await nodesOf("spread")).map(({ metadata }) => [metadata.name, metadata.labels?.[LABELS.zone]]),
    );
    const zones = (await podsOf("spread")).map(({ spec }) => zoneOf.get(spec.nodeName ?? "") ?? "");
    assert.deepEqual(
      zones.sort(),
      ["a", "a", "b", "b", "c", "c"].map((letter) => `ap-northeast-2${letter}`),
    );
    await end("spread");
  });

  test("anti-affinity by hostname gives every pod a node of its own", async () => {
    await apply(
      pool("apart"),
      deployment("apart", 4, {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: LABELS.hostname, labelSelector: { matchLabels: { app: "apart" } } },
            ],
          },
        },
      }),
    );
    await rolledOut("apart");
    assert.equal(new Set((await podsOf("apart")).map(({ spec }) => spec.nodeName)).size, 4);
    assert.equal((await nodesOf("apart")).length, 4);
    await end("apart");
  });

  describe("one node of one Deployment", () => {
    const NAME = "lonely";
    let node: string;
    before(async () => {
      await apply(pool(NAME), deployment(NAME, 1));
      await rolledOut(NAME);
      node = await onlyNodeOf(NAME);
    });

    /** The pod runs on another node, and of the old one nothing is left. */
    async function replaced(timeoutMs: number): Promise<void> {
      const instanceId = await instanceIdOf(node).catch(() => undefined);
      await nodeless.eventually(
        `another node than ${node} runs the pod`,
        async () => {
          const nodes = (await nodesOf(NAME)).map(({ metadata }) => metadata.name);
          const pods = await podsOf(NAME);
          const claims = await claimsOf(NAME);
          const [pod] = pods;
          return (
            nodes.length === 1 &&
            claims.length === 1 &&
            nodes[0] !== node &&
            pods.length === 1 &&
            pod?.status?.phase === "Running" &&
            pod.spec.nodeName === nodes[0]
          );
        },
        timeoutMs,
      );
      if (instanceId !== undefined)
        await nodeless.eventually("its instance is terminated", async () =>
          (await instanceStates([instanceId])).every((state) => state === "terminated"),
        );
      node = await onlyNodeOf(NAME);
    }

    test("kubectl delete nodeclaim drains it, ends its instance, and the pod comes back elsewhere", async () => {
      const [claim] = await claimsOf(NAME);
      const id = await instanceIdOf(node);
      await nodeless.ok(`delete nodeclaim ${claim?.metadata.name}`);
      await replaced(20_000);
      assert.deepEqual(await instanceStates([id]), ["terminated"]);
      const events = await nodeless.ok("get events --field-selector=reason=Evicted");
      assert.match(events, new RegExp(`pod/${NAME}-`));
    });

    test("kubectl delete node does the same and takes the claim along", async () => {
      const id = await instanceIdOf(node);
      await nodeless.ok(`delete node ${node}`);
      await replaced(20_000);
      assert.deepEqual(await instanceStates([id]), ["terminated"]);
    });

    test("after the leader is deleted another replica provisions", async () => {
      const leader = async (): Promise<string> =>
        await nodeless.ok("get lease -n karpenter karpenter-leader-election -o jsonpath={.spec.holderIdentity}");
      const before = await leader();
      const pods = await list<Pod>("get pods -n karpenter");
      const leading = pods.find(({ metadata }) => before.startsWith(metadata.name));
      assert.ok(leading, `${before} is one of ${pods.map(({ metadata }) => metadata.name).join()}`);
      await nodeless.ok(`delete pod -n karpenter ${leading.metadata.name}`);
      await nodeless.ok(`scale deployment/${NAME} --replicas=6`);
      await rolledOut(NAME);
      assert.notEqual(await leader(), before);
      await nodeless.ok(`scale deployment/${NAME} --replicas=1`);
      await nodeless.eventually("one pod is left", async () => (await podsOf(NAME)).length === 1);
      assert.equal((await nodeless.json<Deployment>("get deployment karpenter -n karpenter")).spec.replicas, 2);
    });
  });

  // Last, because a node without heartbeats is believed for 40 s before anybody looks at its instance.
  test("the terminated instance takes claim and node along, and its pod comes back", async () => {
    await nodeless.eventually(
      "the pod runs on another node",
      async () => {
        const pods = await podsOf("behind");
        const nodes = (await nodesOf("behind")).map(({ metadata }) => metadata.name);
        const claims = (await claimsOf("behind")).map(({ metadata }) => metadata.name);
        return (
          pods.length === 1 &&
          pods[0]?.status?.phase === "Running" &&
          nodes.length === 1 &&
          nodes[0] === pods[0].spec.nodeName &&
          nodes[0] !== lost.node &&
          claims.length === 1 &&
          claims[0] !== lost.claim
        );
      },
      70_000,
    );
  });
});
