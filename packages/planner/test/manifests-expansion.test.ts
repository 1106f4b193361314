import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { podRequests } from "@nodeless/api";
import { InvalidManifestsError, type PlanInput, planInput } from "@nodeless/planner";

const plan = (...texts: readonly string[]): PlanInput =>
  planInput([{ file: "a.yaml", text: texts.join("---\n"), found: false }]);
const names = ({ pods }: PlanInput): readonly string[] =>
  pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
const notices = (input: PlanInput): readonly string[] =>
  input.notices.map(({ subject, at, message }) => `${at?.line}: ${subject}: ${message}`);

const CONTAINERS = "containers: [{ name: c, resources: { requests: { cpu: 100m, memory: 64Mi } } }]";
const TEMPLATE = `template: { metadata: { labels: { app: web } }, spec: { ${CONTAINERS} } }`;
const JOB_TEMPLATE = `template: { spec: { restartPolicy: Never, ${CONTAINERS} } }`;
const workload = (kind: string, spec = "", metadata = "name: web"): string =>
  `apiVersion: apps/v1\nkind: ${kind}\nmetadata: { ${metadata} }\nspec:\n  selector: { matchLabels: { app: web } }\n  ${TEMPLATE}\n${spec.replace(/^(?=.)/gm, "  ")}\n`;
const job = (spec = "", more = ""): string =>
  `apiVersion: batch/v1\nkind: Job\nmetadata: { name: web }\nspec:\n  ${JOB_TEMPLATE}\n${spec.replace(/^(?=.)/gm, "  ")}\n${more}`;
const cronJob = (spec = ""): string =>
  `apiVersion: batch/v1\nkind: CronJob\nmetadata: { name: web }\nspec:\n  schedule: "0 3 * * *"\n  jobTemplate: { spec: { parallelism: 2, ${JOB_TEMPLATE} } }\n${spec.replace(/^(?=.)/gm, "  ")}\n`;
const pod = (metadata: string, more = "", status = ""): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { ${metadata} }\nspec: { ${more}${CONTAINERS} }\n${status}`;
const NODE =
  "apiVersion: v1\nkind: Node\nmetadata: { name: worker }\nstatus: { allocatable: { cpu: 4, memory: 16Gi } }\n";
const owned = (kind: string, name: string): string =>
  `ownerReferences: [{ apiVersion: apps/v1, kind: ${kind}, name: ${name}, uid: u, controller: true }]`;

describe("how many pods a workload makes, and their names", () => {
  for (const { rule, texts, want } of [
    { rule: "a bare pod keeps its name", texts: [pod("name: one, namespace: shop")], want: ["shop/one"] },
    {
      rule: "a generated name gets an index",
      texts: [pod("generateName: run-"), pod("generateName: run-")],
      want: ["default/run-0", "default/run-1"],
    },
    { rule: "replicas default to 1", texts: [workload("Deployment")], want: ["default/web-0"] },
    { rule: "0 replicas are none", texts: [workload("Deployment", "replicas: 0")], want: [] },
    {
      rule: "a ReplicaSet of its own",
      texts: [workload("ReplicaSet", "replicas: 2")],
      want: ["default/web-0", "default/web-1"],
    },
    {
      rule: "a ReplicationController",
      texts: [
        `apiVersion: v1\nkind: ReplicationController\nmetadata: { name: rc }\nspec:\n  replicas: 2\n  ${TEMPLATE}\n`,
      ],
      want: ["default/rc-0", "default/rc-1"],
    },
    {
      rule: "a StatefulSet counts from its first ordinal",
      texts: [workload("StatefulSet", "replicas: 2\nordinals: { start: 5 }")],
      want: ["default/web-5", "default/web-6"],
    },
    { rule: "a Job's parallelism defaults to 1", texts: [job()], want: ["default/web-0"] },
    {
      rule: "a Job never runs more pods than it has work",
      texts: [job("parallelism: 5\ncompletions: 2")],
      want: ["default/web-0", "default/web-1"],
    },
    {
      rule: "what a Job has done is not done again",
      texts: [job("parallelism: 5\ncompletions: 5", "status: { succeeded: 4 }\n")],
      want: ["default/web-0"],
    },
    {
      rule: "a Job that is over",
      texts: [job("parallelism: 5", 'status: { conditions: [{ type: Complete, status: "True" }] }\n')],
      want: [],
    },
    { rule: "one run of a CronJob", texts: [cronJob()], want: ["default/web-0", "default/web-1"] },
    { rule: "a DaemonSet's pods come with the nodes", texts: [workload("DaemonSet")], want: [] },
    {
      rule: "pods that are over are left out",
      texts: [
        pod("name: a", "", "status: { phase: Succeeded }\n"),
        pod("name: b", "", "status: { phase: Failed }\n"),
        pod("name: c", "", "status: { phase: Pending }\n"),
      ],
      want: ["default/c"],
    },
    {
      rule: "pods that are being deleted are left out",
      texts: [pod('name: a, deletionTimestamp: "2026-01-01T00:00:00Z"'), pod("name: b")],
      want: ["default/b"],
    },
    {
      rule: "two workloads of one name share no pod name",
      texts: [
        workload("Deployment", "replicas: 2"),
        workload("StatefulSet", "replicas: 2"),
        job(),
        pod("name: web-job-0"),
      ],
      want: [
        "default/web-deployment-0",
        "default/web-deployment-1",
        "default/web-0",
        "default/web-1",
        "default/web-job-x-0",
        "default/web-job-0",
      ],
    },
    {
      rule: "input order",
      texts: [workload("Deployment", "", "name: b"), pod("name: c"), workload("Deployment", "", "name: a")],
      want: ["default/b-0", "default/c", "default/a-0"],
    },
  ])
    test(rule, () => {
      const input = plan(...texts, "apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n");
      assert.deepEqual(names(input), want);
      assert.deepEqual([...input.podSources.keys()].sort(), [...want].sort());
    });
});

describe("a dump of a running cluster is not planned twice", () => {
  for (const { rule, texts, want, bound } of [
    {
      rule: "live pods count as their Deployment's, by ReplicaSet",
      texts: [
        NODE,
        workload("Deployment", "replicas: 3"),
        workload("ReplicaSet", "replicas: 3", `name: web-abc, ${owned("Deployment", "web")}`),
        pod(`name: web-abc-1, ${owned("ReplicaSet", "web-abc")}`, "nodeName: worker, "),
        pod(`name: web-abc-2, ${owned("ReplicaSet", "web-abc")}`),
      ],
      want: ["default/web-0", "default/web-abc-2"],
      bound: ["web-abc-1"],
    },
    {
      rule: "… and by the hash in their labels when the ReplicaSet is not in the dump",
      texts: [
        workload("Deployment", "replicas: 2"),
        pod(`name: web-abc-1, labels: { pod-template-hash: abc }, ${owned("ReplicaSet", "web-abc")}`),
      ],
      want: ["default/web-0", "default/web-abc-1"],
      bound: [],
    },
    {
      rule: "a StatefulSet fills the gaps among its pods",
      texts: [
        NODE,
        workload("StatefulSet", "replicas: 3"),
        pod(`name: web-1, ${owned("StatefulSet", "web")}`, "nodeName: worker, "),
      ],
      want: ["default/web-0", "default/web-2"],
      bound: ["web-1"],
    },
    {
      rule: "a finished pod is replaced",
      texts: [
        workload("Deployment", "replicas: 1"),
        pod(
          `name: old, labels: { pod-template-hash: abc }, ${owned("ReplicaSet", "web-abc")}`,
          "",
          "status: { phase: Failed }\n",
        ),
      ],
      want: ["default/web-0"],
      bound: [],
    },
    {
      rule: "a bound pod that is being deleted still takes its place, and is replaced",
      texts: [
        NODE,
        workload("StatefulSet", "replicas: 1", "name: db"),
        workload("Deployment", "replicas: 1"),
        pod(
          `name: old, deletionTimestamp: "2026-01-01T00:00:00Z", labels: { pod-template-hash: abc }, ${owned("ReplicaSet", "web-abc")}`,
          "nodeName: worker, ",
        ),
      ],
      want: ["default/db-0", "default/web-0"],
      bound: ["old"],
    },
    {
      rule: "the same pod printed twice",
      texts: [pod("name: a, uid: u1"), pod("name: a, uid: u1")],
      want: ["default/a"],
      bound: [],
    },
    {
      rule: "a CronJob whose run is in the dump",
      texts: [
        cronJob(),
        `apiVersion: batch/v1\nkind: Job\nmetadata: { name: web-1, ${owned("CronJob", "web")} }\nspec: { ${JOB_TEMPLATE} }\n`,
      ],
      want: ["default/web-1-0"],
      bound: [],
    },
    {
      rule: "DaemonSet pods: bound ones take their place, waiting ones are the nodes' business",
      texts: [
        NODE,
        workload("DaemonSet"),
        pod(`name: web-x, ${owned("DaemonSet", "web")}`, "nodeName: worker, "),
        pod(`name: web-y, ${owned("DaemonSet", "web")}`),
      ],
      want: [],
      bound: ["web-x"],
    },
  ])
    test(rule, () => {
      const input = plan(...texts);
      assert.deepEqual(names(input), want);
      assert.deepEqual(
        input.boundPods.map(({ metadata }) => metadata.name),
        bound,
      );
    });
});

describe("pods are as their controllers make them", () => {
  test("equal pods of one workload share labels and spec, and carry the template's hash and owner", () => {
    const input = plan(workload("Deployment", "replicas: 3"), pod("name: a"), pod("name: b"));
    const [first, second, third, a, b] = input.pods;
    assert.ok(first?.spec === third?.spec && first?.metadata.labels === second?.metadata.labels);
    assert.ok(a?.spec === b?.spec);
    const hash = first?.metadata.labels?.["pod-template-hash"];
    assert.match(hash ?? "", /^[bcdfghjklmnpqrstvwxz2456789]{5,10}$/);
    assert.deepEqual(first?.metadata.labels, { app: "web", "pod-template-hash": hash });
    assert.deepEqual(
      first?.metadata.ownerReferences?.map(({ kind, name, controller }) => [kind, name, controller]),
      [["ReplicaSet", `web-${hash}`, true]],
    );
    assert.equal(input.podSources.get("default/web-0"), input.documents[0]);
    const other = plan(workload("Deployment", "replicas: 3").replaceAll("100m", "200m"));
    assert.notEqual(other.pods[0]?.metadata.labels?.["pod-template-hash"], hash);
  });

  test("StatefulSet pods: own labels, own claims in place of volumes, claims of the input kept", () => {
    const input = plan(
      workload(
        "StatefulSet",
        "replicas: 2\nserviceName: web\nvolumeClaimTemplates:\n  - metadata: { name: data }\n    spec: { accessModes: [ReadWriteOnce], storageClassName: gp3, resources: { requests: { storage: 10Gi } } }",
      ),
      "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data-web-1 }\nspec: { storageClassName: io2 }\n",
    );
    assert.deepEqual(
      input.pods.map(({ metadata, spec }) => [metadata.labels, spec.volumes]),
      [0, 1].map((index) => [
        {
          app: "web",
          "apps.kubernetes.io/pod-index": `${index}`,
          "statefulset.kubernetes.io/pod-name": `web-${index}`,
        },
        [{ name: "data", persistentVolumeClaim: { claimName: `data-web-${index}` } }],
      ]),
    );
    assert.deepEqual(
      input.persistentVolumeClaims.map(({ metadata, spec }) => [
        metadata.name,
        metadata.namespace,
        spec?.storageClassName,
      ]),
      [
        ["data-web-1", "default", "io2"],
        ["data-web-0", "default", "gp3"],
      ],
    );
    assert.ok(input.pods[0]?.spec.containers === input.pods[1]?.spec.containers);
  });

  test("pods of an indexed Job know their index", () => {
    const labels = plan(job("parallelism: 2\ncompletionMode: Indexed\ncompletions: 2")).pods.map(
      ({ metadata }) => metadata.labels?.["batch.kubernetes.io/job-completion-index"],
    );
    assert.deepEqual(labels, ["0", "1"]);
  });

  test("objects without a namespace get the one that is asked for", () => {
    const [one] = planInput([{ file: "a", text: workload("Deployment"), found: false }], { namespace: "shop" }).pods;
    assert.equal(one?.metadata.namespace, "shop");
  });
});

describe("what the API server fills in", () => {
  const requestsOf = (text: string, ...others: readonly string[]): Readonly<Record<string, number>> => {
    const [first] = plan(text, ...others).pods;
    return Object.fromEntries(first === undefined ? [] : podRequests(first.spec));
  };
  const bare = (container: string, spec = ""): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { ${spec}containers: [{ name: c, ${container} }] }\n`;
  const RANGE =
    "apiVersion: v1\nkind: LimitRange\nmetadata: { name: r }\nspec:\n  limits:\n    - type: Container\n      default: { cpu: 1, memory: 1Gi }\n      defaultRequest: { cpu: 250m }\n";

  for (const { rule, texts, want } of [
    {
      rule: "limits stand in for requests",
      texts: [bare("resources: { limits: { cpu: 2, memory: 1Gi } }")],
      want: { cpu: 2000, memory: 2 ** 30 },
    },
    {
      rule: "numbers are quantities",
      texts: [bare("resources: { requests: { cpu: 0.5, memory: 1073741824 } }")],
      want: { cpu: 500, memory: 2 ** 30 },
    },
    {
      rule: "a LimitRange fills what is open: the default request, else the default limit",
      texts: [bare("image: x"), RANGE],
      want: { cpu: 250, memory: 2 ** 30 },
    },
    {
      rule: "… but a container's own limit comes first",
      texts: [bare("resources: { limits: { cpu: 500m } }"), RANGE],
      want: { cpu: 500, memory: 2 ** 30 },
    },
    {
      rule: "… and only in its namespace",
      texts: [bare("image: x"), RANGE.replace("name: r", "name: r, namespace: other")],
      want: {},
    },
    {
      rule: "a LimitRange's minimum is the request where nothing else is said, its maximum the default limit",
      texts: [
        bare("image: x"),
        RANGE.replace("default: { cpu: 1, memory: 1Gi }", "max: { memory: 2Gi }").replace(
          "defaultRequest: { cpu: 250m }",
          "min: { cpu: 50m, memory: 1Mi }",
        ),
      ],
      want: { cpu: 50, memory: 2 * 2 ** 30 },
    },
    {
      rule: "a RuntimeClass adds its overhead",
      texts: [
        bare("resources: { requests: { cpu: 1 } }", "runtimeClassName: kata, "),
        "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: { name: kata }\nhandler: kata\noverhead: { podFixed: { cpu: 250m, memory: 120Mi } }\n",
      ],
      want: { cpu: 1250, memory: 120 * 2 ** 20 },
    },
    {
      rule: "pod-level limits are requests where no container asks",
      texts: [bare("resources: { requests: { cpu: 100m } }", "resources: { limits: { cpu: 1, memory: 1Gi } }, ")],
      want: { cpu: 100, memory: 2 ** 30 },
    },
  ])
    test(rule, () => assert.deepEqual(requestsOf(...(texts as [string, ...string[]])), want));

  test("host ports of a pod on the host's network", () => {
    const [first] = plan(bare("ports: [{ containerPort: 80 }]", "hostNetwork: true, ")).pods;
    assert.deepEqual(first?.spec.containers[0]?.ports, [{ containerPort: 80, hostPort: 80 }]);
  });

  test("node selector and tolerations of a RuntimeClass", () => {
    const [first] = plan(
      bare(
        "image: x",
        "runtimeClassName: gpu, nodeSelector: { disk: ssd }, tolerations: [{ key: a, operator: Exists }], ",
      ),
      "apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: { name: gpu }\nhandler: gpu\nscheduling: { nodeSelector: { accelerator: gpu }, tolerations: [{ key: b, operator: Exists }] }\n",
    ).pods;
    assert.deepEqual(first?.spec.nodeSelector, { disk: "ssd", accelerator: "gpu" });
    assert.deepEqual(
      first?.spec.tolerations?.map(({ key }) => key),
      ["a", "b"],
    );
  });

  test("priority by class, by the global default, and of the system", () => {
    const classes =
      "apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: high }\nvalue: 1000\n---\napiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: usual }\nvalue: 10\nglobalDefault: true\n";
    const of = (spec: string): number | undefined => plan(bare("image: x", spec), classes).pods[0]?.spec.priority;
    assert.deepEqual(
      [of("priorityClassName: high, "), of(""), of("priorityClassName: system-node-critical, ")],
      [1000, 10, 2_000_001_000],
    );
  });

  test("the label that every namespace carries", () => {
    const input = plan(
      workload("Deployment", "", "name: web, namespace: shop"),
      "apiVersion: v1\nkind: Namespace\nmetadata: { name: data, labels: { team: x } }\n",
    );
    assert.deepEqual(Object.fromEntries(input.namespaceLabels), {
      shop: { "kubernetes.io/metadata.name": "shop" },
      data: { team: "x", "kubernetes.io/metadata.name": "data" },
    });
  });
});

describe("notices", () => {
  const hpa = (min: string): string =>
    `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: web }\nspec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: web }, ${min}maxReplicas: 10 }\n`;

  for (const { rule, texts, pods, want } of [
    {
      rule: "an autoscaler's minimum where the Deployment says nothing",
      texts: [hpa("minReplicas: 3, "), workload("Deployment")],
      pods: 3,
      want: [
        "1: HorizontalPodAutoscaler default/web: scales Deployment web between 3 and 10; planned with 3, its minReplicas",
      ],
    },
    {
      rule: "the Deployment's replicas where it does",
      texts: [hpa(""), workload("Deployment", "replicas: 2")],
      pods: 2,
      want: [
        "1: HorizontalPodAutoscaler default/web: scales Deployment web between 1 and 10; planned with 2, the replicas of the Deployment",
      ],
    },
    {
      rule: "a CronJob",
      texts: [cronJob()],
      pods: 2,
      want: ['1: CronJob default/web: runs on schedule "0 3 * * *"; one run is planned, as if it ran all the time'],
    },
    {
      rule: "a suspended CronJob",
      texts: [cronJob("suspend: true")],
      pods: 0,
      want: ["1: CronJob default/web: is suspended; its pods are not planned"],
    },
    {
      rule: "a suspended Job",
      texts: [job("suspend: true")],
      pods: 0,
      want: ["1: Job default/web: is suspended; its pods are not planned"],
    },
    {
      rule: "scheduling gates",
      texts: [pod("name: a", "schedulingGates: [{ name: example.com/g }], ")],
      pods: 1,
      want: ["1: Pod default/a: waits at scheduling gates; planned as if they were open"],
    },
    {
      rule: "a test of a chart",
      texts: [
        pod('name: a, annotations: { "helm.sh/hook": test }'),
        pod('name: b, annotations: { "helm.sh/hook": "pre-install,pre-upgrade" }'),
      ],
      pods: 1,
      want: [
        "1: Pod default/a: belongs to a helm hook that does not run on install or upgrade; its pods are not planned",
      ],
    },
    {
      rule: "custom resources: one notice per kind; built-in kinds that place nothing are silent",
      texts: [
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: a }\n",
        "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: { name: b }\n",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n",
        "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: { name: a }\n",
        "apiVersion: networking.k8s.io/v1beta1\nkind: IngressClass\nmetadata: { name: a }\n",
      ],
      pods: 0,
      want: [
        "1: Rollout (argoproj.io/v1alpha1): 2 objects of an unknown kind are ignored; pods that its controller makes are not in the plan",
      ],
    },
  ])
    test(rule, () => {
      const input = plan(...texts);
      assert.deepEqual([input.pods.length, notices(input)], [pods, want]);
    });
});

test("pods on the verge of the limit are planned, one more is refused", () => {
  assert.equal(plan(workload("Deployment", "replicas: 99999"), pod("name: a")).pods.length, 100_000);
  assert.throws(() => plan(workload("Deployment", "replicas: 100000"), pod("name: a")), InvalidManifestsError);
});
