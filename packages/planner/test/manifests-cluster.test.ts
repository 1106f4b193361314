import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { Pod } from "@nodeless/api";
import { matchProfile } from "@nodeless/fargate";
import {
  formatManifestProblem,
  InvalidManifestsError,
  type ManifestSource,
  type PlanInput,
  type PlanInputOptions,
  planCatalog,
  planInput,
  readManifests,
} from "@nodeless/planner";
import { formatRequirements } from "@nodeless/scheduling";
import { planOf } from "./plan-fixture.ts";

const VIRGINIA = planCatalog({ region: "us-east-1" });

const source = (text: string, file = "a.yaml"): ManifestSource => ({ file, text, found: false });
const plan = (text: string, options: PlanInputOptions = {}): PlanInput => planInput([source(text)], options);
const notices = (input: PlanInput): readonly string[] =>
  input.notices.map(({ subject, at, message }) => `${at?.file}:${at?.line}: ${subject}: ${message}`);

function problems(text: string, options: PlanInputOptions = {}): readonly string[] {
  try {
    plan(text, options);
    return [];
  } catch (error) {
    if (error instanceof InvalidManifestsError) return error.problems.map(formatManifestProblem);
    throw error;
  }
}

const POD = "apiVersion: v1\nkind: Pod\nmetadata: { name: web }\nspec: { containers: [{ name: c }] }\n";
const pool = (name: string, spec = ""): string =>
  `apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: { name: ${name} }\nspec:\n${spec}  template:\n    spec:\n      nodeClassRef: { group: karpenter.k8s.aws, kind: EC2NodeClass, name: ${name} }\n      requirements: [{ key: kubernetes.io/arch, operator: In, values: [arm64] }]\n`;
const nodeClass = (name: string, role = "node"): string =>
  `apiVersion: karpenter.k8s.aws/v1\nkind: EC2NodeClass\nmetadata: { name: ${name} }\nspec: { role: ${role}, amiSelectorTerms: [{ alias: al2023@latest }], subnetSelectorTerms: [{ tags: { a: b } }], securityGroupSelectorTerms: [{ tags: { a: b } }] }\n`;
const PROVISIONER =
  "apiVersion: karpenter.sh/v1alpha5\nkind: Provisioner\nmetadata: { name: old }\nspec:\n  providerRef: { name: old }\n  limits: { resources: { cpu: 100 } }\n";
const TEMPLATE =
  "apiVersion: karpenter.k8s.aws/v1alpha1\nkind: AWSNodeTemplate\nmetadata: { name: old }\nspec: { subnetSelector: { a: b }, launchTemplate: mine }\n";

describe("pools", () => {
  const shown = ({ nodePools, nodeClasses }: PlanInput): readonly unknown[] => [
    nodePools.map(({ metadata }) => metadata.name),
    nodeClasses.map(({ metadata }) => metadata.name),
  ];

  test("none: the pool and class of up", () => {
    const input = plan(POD);
    assert.deepEqual(shown(input), [["default"], ["default"]]);
    const [{ spec } = assert.fail()] = input.nodePools;
    assert.deepEqual(
      spec.template.spec.requirements.map(({ key, operator, values }) => [key, operator, values]),
      [
        ["kubernetes.io/arch", "In", ["amd64"]],
        ["kubernetes.io/os", "In", ["linux"]],
        ["karpenter.sh/capacity-type", "In", ["on-demand"]],
        ["karpenter.k8s.aws/instance-category", "In", ["c", "m", "r"]],
        ["karpenter.k8s.aws/instance-generation", "Gt", ["2"]],
      ],
    );
    assert.deepEqual(spec.limits, { cpu: "1000" });
  });

  test("a class named default serves the default pool", () => {
    const input = plan(`${POD}---\n${nodeClass("default", "mine")}`);
    assert.deepEqual([shown(input), input.nodeClasses[0]?.spec.role], [[["default"], ["default"]], "mine"]);
  });

  test("those of the input, with the defaults of their definition", () => {
    const input = plan(`${pool("arm", "  weight: 10\n")}---\n${nodeClass("arm")}`);
    assert.deepEqual([shown(input), notices(input)], [[["arm"], ["arm"]], []]);
    assert.equal(input.nodePools[0]?.spec.weight, 10);
    assert.equal(input.nodePools[0]?.spec.template.spec.expireAfter, "720h");
    assert.deepEqual(input.nodePools[0]?.spec.disruption, { consolidateAfter: "0s" });
    assert.equal(input.nodeClasses[0]?.spec.metadataOptions?.httpPutResponseHopLimit, 1);
  });

  test("a pool whose class is not there", () => {
    assert.deepEqual(notices(plan(pool("arm"))), [
      "undefined:undefined: NodePool arm: EC2NodeClass arm is not in the input; planned with the defaults of a node class",
    ]);
  });

  test("the old API is converted, and what is lost is said", () => {
    const input = plan(
      `${PROVISIONER}  kubeletConfiguration: { containerRuntime: docker, maxPods: 20 }\n---\n${TEMPLATE}`,
    );
    assert.deepEqual(shown(input), [["old"], ["old"]]);
    assert.deepEqual(input.nodePools[0]?.spec.limits, { cpu: "100" });
    assert.equal(input.nodeClasses[0]?.spec.metadataOptions?.httpPutResponseHopLimit, 2);
    assert.equal(input.nodeClasses[0]?.spec.kubelet?.maxPods, 20);
    assert.deepEqual(notices(input), [
      "a.yaml:1: Provisioner old: spec.kubeletConfiguration.containerRuntime is dropped: every supported image runs containerd",
      "a.yaml:9: AWSNodeTemplate old: spec.launchTemplate is dropped: Karpenter v1 writes its own launch templates; use the other fields of the class",
    ]);
  });

  test("the new API hides the old of the same name", () => {
    const input = plan([PROVISIONER, TEMPLATE, pool("old"), nodeClass("old")].join("---\n"));
    assert.deepEqual(shown(input), [["old"], ["old"]]);
    assert.deepEqual(notices(input), [
      "a.yaml:1: Provisioner old: is hidden by the NodePool of the same name at a.yaml:13",
      "a.yaml:8: AWSNodeTemplate old: is hidden by the EC2NodeClass of the same name at a.yaml:22",
    ]);
  });

  test("a pool file replaces the pools of the input and adds its classes", () => {
    const poolSources = [
      source(`${pool("spot")}---\n${nodeClass("spot")}---\n${nodeClass("arm", "other")}`, "pool.yaml"),
    ];
    const input = plan(`${POD}---\n${pool("arm")}---\n${nodeClass("arm")}---\n${PROVISIONER}`, { poolSources });
    assert.deepEqual(shown(input), [["spot"], ["spot", "arm"]]);
    assert.equal(input.nodeClasses[1]?.spec.role, "other");
  });

  for (const { rule, text, poolText, want } of [
    {
      rule: "rules across fields, at their lines",
      text: pool("arm", "  disruption: { consolidateAfter: soon }\n").replace("arm64]", "arm 64]"),
      want: [
        'a.yaml:5: spec.disruption.consolidateAfter: must be a duration such as 30s, 10m or 720h, or Never, not "soon"',
        'a.yaml:9: spec.template.spec.requirements[0].values: "arm 64" is not a label value',
      ],
    },
    {
      rule: "the definition's shape",
      text: pool("arm", "  wieght: 5\n  disruption: { budgets: {} }\n").replace("operator: In", "operator: in"),
      want: [
        'a.yaml:5: spec.wieght: unknown field; did you mean "weight"?',
        "a.yaml:6: spec.disruption.budgets: expected a list, found a mapping",
        'a.yaml:10: spec.template.spec.requirements[0].operator: expected In or NotIn or Exists or DoesNotExist or Gt or Lt or Gte or Lte, found "in"; did you mean In?',
      ],
    },
    {
      rule: "a pool without a class",
      text: pool("arm").replace(/ {6}nodeClassRef.*\n/, ""),
      want: ["a.yaml:6: spec.template.spec.nodeClassRef: required; add it"],
    },
    {
      rule: "a Provisioner's requirements keep their place",
      text: `${PROVISIONER}  requirements:\n    - { key: kubernetes.io/hostname, operator: In, values: [a] }\n`,
      want: [
        "a.yaml:8: spec.requirements[0].key: kubernetes.io/hostname differs on every node, so no pool can promise a value; leave it out",
      ],
    },
    {
      rule: "something else in a pool file",
      text: POD,
      poolText: `${pool("arm")}---\n${POD.replace("web", "api")}`,
      want: ["pool.yaml:10: Pod in a pool file; only NodePool and EC2NodeClass belong here, give the rest with -f"],
    },
    {
      rule: "a pool file without a pool",
      text: POD,
      poolText: nodeClass("arm"),
      want: ["pool.yaml: no NodePool in this file; write at least one"],
    },
  ])
    test(`refused: ${rule}`, () =>
      assert.deepEqual(
        problems(text, poolText === undefined ? {} : { poolSources: [source(poolText, "pool.yaml")] }),
        want,
      ));
});

describe("nodes", () => {
  const node = (more = "", spec = ""): string =>
    `apiVersion: v1\nkind: Node\nmetadata: { name: worker, labels: { disk: ssd } }\nspec: { ${spec} }\nstatus: { ${more}capacity: { cpu: 4, memory: 16Gi, pods: 58 }, nodeInfo: { osImage: x } }\n`;

  test("allocatable as given, the capacity where it is left out", () => {
    const allocatable = (text: string): unknown => plan(text).nodes[0]?.status?.allocatable;
    assert.deepEqual(allocatable(node("allocatable: { cpu: 3920m, memory: 15Gi }, ")), {
      pods: "110",
      cpu: "3920m",
      memory: "15Gi",
    });
    assert.deepEqual(allocatable(node()), { pods: "58", cpu: "4", memory: "16Gi" });
  });

  test("the hostname label and the taint of a cordoned node", () => {
    const [worker] = plan(node("", "unschedulable: true")).nodes;
    assert.deepEqual(worker?.metadata.labels, { "kubernetes.io/hostname": "worker", disk: "ssd" });
    assert.deepEqual(worker?.spec?.taints, [{ key: "node.kubernetes.io/unschedulable", effect: "NoSchedule" }]);
  });

  test("pods bound to it are not placed", () => {
    const input = plan(`${node()}---\n${POD.replace("spec: {", "spec: { nodeName: worker,")}`);
    assert.deepEqual([input.pods.length, input.boundPods.map(({ spec }) => spec.nodeName)], [0, ["worker"]]);
  });
});

describe("Fargate profiles and region", () => {
  const config = (more: string): string =>
    `apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: c, region: us-west-2 }\n${more}`;
  const profileOf = (input: PlanInput, namespace: string): string => {
    const pod = { metadata: { namespace, labels: {} }, spec: {} } as unknown as Pod;
    const match = matchProfile(input.fargateProfiles, pod);
    return match.kind === "matched" ? match.profile.name : "";
  };

  test("no ClusterConfig: kube-system and karpenter, no region", () => {
    const input = plan(POD);
    assert.deepEqual(
      ["kube-system", "karpenter", "default"].map((namespace) => profileOf(input, namespace)),
      ["kube-system", "karpenter", ""],
    );
    assert.equal(input.region, undefined);
  });

  test("a ClusterConfig beside manifests, and the profile that up would add", () => {
    const input = plan(
      `${POD}---\n${config("fargateProfiles: [{ name: apps, selectors: [{ namespace: default }] }]\n")}`,
    );
    assert.deepEqual(
      ["kube-system", "karpenter", "default"].map((namespace) => profileOf(input, namespace)),
      ["", "nodeless-system", "apps"],
    );
    assert.deepEqual(
      [input.region, notices(input)],
      [
        "us-west-2",
        [
          "a.yaml:6: undefined: no Fargate profile of the file selects the system pods of kube-system and karpenter: adding profile nodeless-system for them",
        ],
      ],
    );
  });

  test("as JSON, with the region of the caller", () => {
    const text = JSON.stringify({
      apiVersion: "eksctl.io/v1alpha5",
      kind: "ClusterConfig",
      metadata: { name: "c", region: "us-west-2" },
      fargateProfiles: [{ name: "apps", selectors: [{ namespace: "*" }] }],
    });
    const input = plan(text, { region: "eu-west-1" });
    assert.deepEqual([input.region, profileOf(input, "any")], ["eu-west-1", "apps"]);
  });

  test("problems of a ClusterConfig have its lines, also those that no single field shows", () => {
    assert.deepEqual(
      problems(`${POD}---\n${config("fargateProfiles:\n  - name: a\n  - name: eks-b\n    selectors: [{}]\n")}`),
      [
        "a.yaml:10: fargateProfiles[0].selectors: required: a profile without selectors matches no pod; add at least one namespace",
        'a.yaml:11: fargateProfiles[1].name: must not start with "eks-": that prefix belongs to EKS',
        "a.yaml:12: fargateProfiles[1].selectors[0].namespace: required",
      ],
    );
  });
});

describe("DaemonSets of the cluster's add-ons", () => {
  const config = (addons: string): string =>
    `apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: a, region: us-east-1 }\n${addons}\n---\n`;
  const daemonSet = (namespace: string): string =>
    `---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: { name: kube-proxy, namespace: ${namespace} }\nspec: { selector: { matchLabels: { a: b } }, template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: c }] } } }\n`;
  const counted = (text: string): readonly string[] =>
    (plan(text, { addonDaemonSets: true }).addonDaemonSets ?? []).map(({ metadata }) => metadata.name);

  for (const { rule, text, want } of [
    { rule: "those of every cluster", text: POD, want: ["aws-node", "kube-proxy"] },
    { rule: "not the one that the input has", text: POD + daemonSet("kube-system"), want: ["aws-node"] },
    { rule: "a namesake elsewhere is another", text: POD + daemonSet("a"), want: ["aws-node", "kube-proxy"] },
    {
      rule: "the ClusterConfig's own",
      text: `${config("addonsConfig: { disableDefaultAddons: true }\naddons: [{ name: vpc-cni }]")}${POD}`,
      want: ["aws-node"],
    },
  ])
    test(rule, () => assert.deepEqual(counted(text), want));

  test("none unless they are asked for", () => assert.deepEqual(plan(POD).addonDaemonSets, []));

  test("they take their share of nodes, less what is bound there already", () => {
    const node = (name: string): string =>
      `---\napiVersion: v1\nkind: Node\nmetadata: { name: ${name}, labels: { kubernetes.io/os: linux, kubernetes.io/arch: amd64 } }\nstatus: { allocatable: { cpu: "1" } }\n`;
    const bound =
      "---\napiVersion: v1\nkind: Pod\nmetadata: { name: kube-proxy-x2x9k, namespace: kube-system, ownerReferences: [{ apiVersion: apps/v1, kind: DaemonSet, name: kube-proxy, uid: u }] }\nspec: { nodeName: old, containers: [{ name: c, resources: { requests: { cpu: 100m } } }] }\n";
    const pods = POD.replace("{ name: c }", '{ name: c, resources: { requests: { cpu: "4" } } }');
    const input = plan(pods + node("old") + node("young") + bound, { addonDaemonSets: true });
    const { document } = planOf(input);
    assert.deepEqual(
      document.nodes.map(({ name, daemonOverhead }) => [name, daemonOverhead]),
      [
        ["old", { cpu: "25m", pods: "1" }],
        ["young", { cpu: "125m", pods: "2" }],
        ["default-0", { cpu: "125m", pods: "2" }],
      ],
    );
    assert.deepEqual(document.addonDaemonSets, [
      { daemonSet: "kube-system/aws-node", requested: { cpu: "25m" } },
      { daemonSet: "kube-system/kube-proxy", requested: { cpu: "100m" } },
    ]);
  });
});

describe("volumes", () => {
  const claim = (spec: string): string =>
    `apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: { name: data }\nspec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 5Gi } }, ${spec} }\n`;
  const volume = (name: string, spec: string, key = "topology.kubernetes.io/zone", value = "us-east-1a"): string =>
    `apiVersion: v1\nkind: PersistentVolume\nmetadata: { name: ${name} }\nspec: { accessModes: [ReadWriteOnce], ${spec}, nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [{ key: ${key}, operator: In, values: [${value}] }] }] } } }\n`;
  const withClaim = POD.replace(
    "spec: {",
    "spec: { volumes: [{ name: v, persistentVolumeClaim: { claimName: data } }],",
  );
  const requirements = (input: PlanInput): readonly string[] => {
    const { schedulingInput, input: plain } = planOf(input, {}, VIRGINIA);
    assert.equal(plain.pods[0]?.spec.affinity, undefined, "the pod itself stays as it is");
    const { alternatives = [] } = schedulingInput.volumes?.get("default/web") ?? {};
    return alternatives.map(formatRequirements);
  };
  const ZONE_A = ["topology.kubernetes.io/zone in (us-east-1a)"];

  for (const { rule, texts, want } of [
    {
      rule: "a claim bound to a volume of a zone",
      texts: [claim("volumeName: v1"), volume("v1", "capacity: { storage: 5Gi }")],
      want: ZONE_A,
    },
    {
      rule: "an unbound claim gets the smallest free volume of its class that fits",
      texts: [
        claim("storageClassName: local"),
        volume("big", "capacity: { storage: 50Gi }, storageClassName: local", undefined, "us-east-1b"),
        volume("fit", "capacity: { storage: 8Gi }, storageClassName: local"),
        volume("small", "capacity: { storage: 1Gi }, storageClassName: local", undefined, "us-east-1c"),
        volume("other", "capacity: { storage: 6Gi }, storageClassName: fast", undefined, "us-east-1d"),
        volume("shared", "capacity: { storage: 6Gi }, storageClassName: local", undefined, "us-east-1e").replace(
          "ReadWriteOnce",
          "ReadOnlyMany",
        ),
      ],
      want: ZONE_A,
    },
    {
      rule: "the volume reserved for it comes first",
      texts: [
        claim("storageClassName: local"),
        volume("fit", "capacity: { storage: 5Gi }, storageClassName: local", undefined, "us-east-1b"),
        volume(
          "mine",
          "capacity: { storage: 50Gi }, storageClassName: local, claimRef: { name: data, namespace: default }",
        ),
      ],
      want: ZONE_A,
    },
    {
      rule: "zones of the class a volume will be made by, the default class included",
      texts: [
        claim("volumeMode: Filesystem"),
        'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: gp3, annotations: { storageclass.kubernetes.io/is-default-class: "true" } }\nprovisioner: ebs.csi.aws.com\nvolumeBindingMode: WaitForFirstConsumer\nallowedTopologies: [{ matchLabelExpressions: [{ key: topology.kubernetes.io/zone, values: [us-east-1a] }] }]\n',
      ],
      want: ZONE_A,
    },
    {
      rule: "a local volume keeps its pod on a node of the input",
      texts: [
        claim("volumeName: v1"),
        volume("v1", "capacity: { storage: 5Gi }, local: { path: /d }", "kubernetes.io/hostname", "worker"),
        "apiVersion: v1\nkind: Node\nmetadata: { name: worker }\nstatus: { allocatable: { cpu: 4 } }\n",
      ],
      want: ["kubernetes.io/hostname in (worker)"],
    },
    {
      rule: "… and lets it move when that node is gone",
      texts: [
        claim("volumeName: v1"),
        volume("v1", "capacity: { storage: 5Gi }, local: { path: /d }", "kubernetes.io/hostname", "worker"),
      ],
      want: [],
    },
  ])
    test(rule, () => assert.deepEqual(requirements(plan([withClaim, ...texts].join("---\n"))), want));

  test("the zone of a volume does not take zones out of a spread", () => {
    const spread =
      "topologySpreadConstraints: [{ maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { a: b } } }]";
    const text = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  replicas: 3\n  selector: { matchLabels: { a: b } }\n  template: { metadata: { labels: { a: b } }, spec: { ${spread}, volumes: [{ name: v, persistentVolumeClaim: { claimName: data } }], containers: [{ name: c }] } }\n`;
    const input = plan([text, claim("volumeName: v1"), volume("v1", "capacity: { storage: 5Gi }")].join("---\n"));
    const { document } = planOf(input, {}, VIRGINIA);
    assert.deepEqual([document.nodes.map(({ zone }) => zone), document.unplaced.length], [["us-east-1a"], 2]);
  });

  test("a node of the input attaches no more volumes than its CSINode allows", () => {
    const node =
      "apiVersion: v1\nkind: Node\nmetadata: { name: worker }\nstatus: { allocatable: { cpu: 4, memory: 8Gi } }\n---\napiVersion: storage.k8s.io/v1\nkind: CSINode\nmetadata: { name: worker }\nspec: { drivers: [{ name: ebs.csi.aws.com, nodeID: i-1, allocatable: { count: 2 } }] }\n";
    const gp3 =
      "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: { name: gp3 }\nprovisioner: ebs.csi.aws.com\n";
    const set =
      "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: { name: db }\nspec:\n  replicas: 3\n  serviceName: db\n  selector: { matchLabels: { a: b } }\n  template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: c }] } }\n  volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], storageClassName: gp3, resources: { requests: { storage: 5Gi } } } }]\n";
    const { document } = planOf(plan([node, gp3, set].join("---\n")), {}, VIRGINIA);
    assert.deepEqual(
      document.nodes.map(({ existing, pods }) => [existing, pods.length]),
      [
        [true, 2],
        [false, 1],
      ],
    );
  });

  test("a claim of somebody else is a notice, once per workload", () => {
    const text = `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  replicas: 3\n  selector: { matchLabels: { a: b } }\n  template: { metadata: { labels: { a: b } }, spec: { volumes: [{ name: v, persistentVolumeClaim: { claimName: data } }], containers: [{ name: c }] } }\n`;
    assert.deepEqual(notices(plan(text)), [
      "a.yaml:1: Deployment default/web: PersistentVolumeClaim data is not in the input; planned as if its volume were in every zone",
    ]);
  });

  test("claims that will be bound say so", () => {
    const input = plan(
      `${claim("storageClassName: efs")}---\n${volume("fs", "capacity: { storage: 5Gi }, storageClassName: efs")}`,
    );
    assert.deepEqual(
      input.persistentVolumeClaims.map(({ spec, status }) => [spec?.volumeName, status?.phase]),
      [["fs", "Bound"]],
    );
  });
});

describe("the files of the source posts", () => {
  const examples = new URL("../../../examples/", import.meta.url).pathname;
  for (const { folder, pods, profiles } of [
    {
      folder: "fargate-profiles",
      pods: ["apps/web-0", "apps/web-1"],
      profiles: ["nodeless-system", "default-fargate-profile", "apps-fargate-profile"],
    },
    {
      folder: "scale-out",
      pods: ["wsi-skills-namespace/nginx-to-scaleout-0"],
      profiles: ["nodeless-system", "skills-fargates"],
    },
  ])
    test(folder, () => {
      const input = planInput(readManifests([folder], { directory: examples }));
      assert.deepEqual(
        input.pods.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`),
        pods,
      );
      assert.deepEqual(
        input.fargateProfiles.map(({ name }) => name),
        profiles,
      );
      assert.equal(input.region, "ap-northeast-2");
      for (const pod of input.pods) assert.equal(matchProfile(input.fargateProfiles, pod).kind, "matched");
    });

  test("the old Karpenter API", () => {
    const text = readFileSync(`${examples}old-karpenter-api/cluster.yaml`, "utf8");
    const [{ spec } = assert.fail()] = plan(text).nodePools;
    assert.deepEqual(spec.limits, { cpu: "1k" });
    assert.ok(
      spec.template.spec.requirements.some(
        ({ key, values }) => key === "karpenter.sh/capacity-type" && values?.[0] === "spot",
      ),
    );
  });
});
