import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { type Answer, newWorld } from "./command-world.ts";

const MANIFESTS = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: 500m, memory: 512Mi } } }] }
---
apiVersion: v1
kind: Pod
metadata: { name: giant, namespace: shop }
spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: "900" } } }] }
---
apiVersion: v1
kind: Node
metadata: { name: old, labels: { kubernetes.io/arch: amd64, kubernetes.io/os: linux } }
status: { allocatable: { cpu: 200m, memory: 1Gi } }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: agent, namespace: shop }
spec:
  selector: { matchLabels: { app: agent } }
  template:
    metadata: { labels: { app: agent } }
    spec: { containers: [{ name: main, image: agent }] }
---
apiVersion: v1
kind: Pod
metadata: { name: bound, namespace: shop }
spec: { nodeName: old, containers: [{ name: main, image: nginx }] }
`;
const POD =
  "apiVersion: v1\nkind: Pod\nmetadata: { name: solo }\nspec: { containers: [{ name: main, image: nginx }] }\n";
const POOL = `
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: { name: spot }
spec:
  template:
    spec:
      requirements: [{ key: karpenter.sh/capacity-type, operator: In, values: [spot] }]
      nodeClassRef: { group: karpenter.k8s.aws, kind: EC2NodeClass, name: default }`;

/** Runs `nodeless why` in a directory with the manifests as m.yaml. */
async function why(args: string, input?: string): Promise<Answer> {
  using world = newWorld({ "m.yaml": MANIFESTS, "pool.yaml": POOL, "pod.yaml": POD });
  return await world.run(`why ${args}`, input);
}

describe("nodeless why on a plan", () => {
  test("a pod: where it runs, why not Fargate, who was asked, what fits at what price, the runner-up", async () => {
    const { exitCode, stdout } = await why("pod/web-1 -n shop -f m.yaml");
    assert.equal(exitCode, 0);
    for (const part of [
      /^POD {6}shop\/web-1 of Deployment\/web asks for 500m 512Mi$/m,
      /^RUNS ON {2}default-0, a new \S+ of NodePool default, on-demand in/m,
      /^FARGATE {2}no: no profile selects the namespace/m,
      /^PRICE {4}its fair share of well-packed nodes is \$/m,
      /^old +resources: asks for 0\.5 cpu; 0\.075 is left$/m,
      /^NodePool default +launches default-0$/m,
      /^ +\d+ {2}requirements: NodePool default asks for kubernetes\.io\/arch in \(amd64\)$/m,
      /^> {2}\S+ +2a.* on-demand/m,
      /the\s+runner-up \S+ loses by \$/,
    ])
      assert.match(stdout, part);
  });

  test("a node, with the options of plan", async () => {
    const { exitCode, stdout } = await why(
      "node/spot-0 -f m.yaml --nodepool pool.yaml --region us-east-1 --optimize --time 100ms",
    );
    assert.equal(exitCode, 0);
    assert.match(stdout, /^NODE {5}spot-0, a new \S+ of NodePool spot, spot in us-east-1/m);
    assert.match(stdout, /^prices: built-in catalogue of \S+ us-east-1/m);
  });

  test("a pod without a place: exit code 0, the reason and the remedy", async () => {
    const { exitCode, stdout } = await why("po/giant --namespace shop -f -", MANIFESTS);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^BECAUSE {2}NodePool default \(resources\): requests 900 cpu/m);
    assert.match(stdout, /^REMEDY {3}lower the requests/m);
  });

  test("json and yaml say the same, and nothing else is on standard output", async () => {
    const [json, yaml] = [
      await why("pod/web-0 -n shop -f m.yaml -o json"),
      await why("pod/web-0 -n shop -f m.yaml -o yaml"),
    ];
    const explanation = JSON.parse(json.stdout) as Record<string, unknown>;
    assert.deepEqual(parse(yaml.stdout), explanation);
    assert.deepEqual([explanation["apiVersion"], explanation["kind"]], ["nodeless.dev/v1alpha1", "PodExplanation"]);
    assert.deepEqual(Object.keys(explanation).slice(2), [
      "pod",
      "workload",
      "requested",
      "placement",
      "fargate",
      "prices",
      "candidates",
      "choice",
      "node",
      "reasons",
      "catalog",
    ]);
  });
});

describe("what cannot be explained", () => {
  for (const { args, exitCode, message } of [
    {
      args: "pod/web -n shop -f m.yaml",
      exitCode: 1,
      message: /no pod shop\/web; did you mean pod\/web-0 -n shop, pod\/web-1 -n shop\?/,
    },
    { args: "pod/web-0 -f m.yaml", exitCode: 1, message: /no pod default\/web-0; did you mean pod\/web-0 -n shop/ },
    { args: "node/default-9 -f m.yaml", exitCode: 1, message: /no node default-9; did you mean default-0\?/ },
    {
      args: "pod/agent -n shop -f m.yaml",
      exitCode: 1,
      message: /shop\/agent is of a DaemonSet: it runs on every node/,
    },
    { args: "pod/zzzzzzzz -f m.yaml", exitCode: 1, message: /no pod default\/zzzzzzzz; there are 3, such as pod\// },
    { args: "node/zzzzzzzz -f m.yaml", exitCode: 1, message: /no node zzzzzzzz; there are 2, such as old, default-0/ },
    { args: "node/zzzzzzzz -f pod.yaml", exitCode: 1, message: /no node zzzzzzzz; there is only default-0$/m },
    { args: "pod/bound -n shop -f m.yaml", exitCode: 1, message: /is on node old of the input already.*node\/old/ },
    {
      args: "deployment/web -f m.yaml",
      exitCode: 64,
      message: /"deployment" cannot be explained: ask about pod\/NAME/,
    },
    { args: "web -f m.yaml", exitCode: 64, message: /"web": say what it is: pod\/web, node\/web or nodeclaim\/web/ },
    { args: "pod/shop/web-0 -f m.yaml", exitCode: 64, message: /write pod\/NAME, and the namespace with -n/ },
    { args: "pod/web-0 -f m.yaml --budget 5/month", exitCode: 64, message: /--budget is for totals/ },
    {
      args: "pod/web-0 --nodepool pool.yaml",
      exitCode: 64,
      message: /--nodepool is for plans: give manifests with -f/,
    },
    { args: "pod/web-0 --no-addon-daemonsets", exitCode: 64, message: /is for plans: a running cluster has its own/ },
    { args: "pod/aws-node -n kube-system -f m.yaml", exitCode: 1, message: /aws-node is of a DaemonSet: it runs on/ },
    { args: "pod/web-0 --time 1s", exitCode: 64, message: /--time is the time of --optimize/ },
    { args: "pod/web-0", exitCode: 1, message: /no local cluster nodeless is running: start it with `nodeless up`/ },
    { args: "pod/web-0 -f none.yaml", exitCode: 1, message: /none\.yaml/ },
    { args: "pod/web-0 -f m.yaml -o wide", exitCode: 64, message: /Allowed choices are text, json, yaml/ },
  ])
    test(`nodeless why ${args}`, async () => {
      const answer = await why(args);
      assert.deepEqual([answer.exitCode, answer.stdout], [exitCode, ""], answer.stderr);
      assert.match(answer.stderr, message);
    });
});
