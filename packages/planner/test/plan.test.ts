import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  type PlanDocument,
  type PlanInput,
  planCatalog,
  planCluster,
  planDiff,
  planInput,
  readManifests,
} from "@nodeless/planner";
import { deployment, inputOf, NODE_CLASS, nodePool, objections, planOf, SEOUL } from "./plan-fixture.ts";

const EXAMPLES = new URL("../../../examples/", import.meta.url).pathname;
/** Fields whose keys are resource names. */
const AMOUNTS: ReadonlySet<string> = new Set(["allocatable", "requested", "daemonOverhead", "boundRequested"]);
const PROFILE = `
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: { name: demo, region: ap-northeast-2 }
fargateProfiles:
  - name: system
    selectors: [{ namespace: kube-system }, { namespace: karpenter }, { namespace: apps, labels: { node: fargate } }]`;
const SPOT_AND_ON_DEMAND = { "karpenter.sh/capacity-type": ["spot", "on-demand"], "kubernetes.io/arch": ["amd64"] };

describe("Fargate sizes and Seoul prices are those of AWS", () => {
  for (const { rule, place, replicas = 1, cpu, memory, size, usdPerMonth } of [
    { rule: "nothing asked", place: "kube-system/idle", size: "0.25vCPU 0.5GB", usdPerMonth: 10.36 },
    {
      rule: "exactly the smallest",
      place: "kube-system/a",
      cpu: "250m",
      memory: "256Mi",
      size: "0.25vCPU 0.5GB",
      usdPerMonth: 10.36,
    },
    {
      rule: "1 MiB over it",
      place: "kube-system/b",
      cpu: "250m",
      memory: "257Mi",
      size: "0.25vCPU 1GB",
      usdPerMonth: 12.23,
    },
    {
      rule: "CoreDNS",
      place: "kube-system/coredns",
      replicas: 2,
      cpu: "100m",
      memory: "70Mi",
      size: "0.25vCPU 0.5GB",
      usdPerMonth: 20.72,
    },
    {
      rule: "Karpenter",
      place: "karpenter/karpenter",
      replicas: 2,
      cpu: "1",
      memory: "1Gi",
      size: "1vCPU 2GB",
      usdPerMonth: 82.9,
    },
    {
      rule: "one of Karpenter",
      place: "karpenter/karpenter",
      cpu: "1",
      memory: "1Gi",
      size: "1vCPU 2GB",
      usdPerMonth: 41.45,
    },
    {
      rule: "the posts' nginx",
      place: "kube-system/nginx",
      cpu: "500m",
      memory: "512Mi",
      size: "0.5vCPU 1GB",
      usdPerMonth: 20.72,
    },
    {
      rule: "a step of memory",
      place: "kube-system/c",
      cpu: "1",
      memory: "8Gi",
      size: "2vCPU 9GB",
      usdPerMonth: 101.55,
    },
    {
      rule: "little cpu, much memory",
      place: "kube-system/d",
      cpu: "100m",
      memory: "2Gi",
      size: "0.5vCPU 3GB",
      usdPerMonth: 28.19,
    },
    {
      rule: "more than 4 vCPU",
      place: "kube-system/e",
      cpu: "5",
      memory: "4Gi",
      size: "8vCPU 16GB",
      usdPerMonth: 331.6,
    },
  ])
    test(`${rule}: ${cpu ?? "-"} ${memory ?? "-"} is sold as ${size}`, () => {
      const request = { ...(cpu === undefined ? {} : { cpu }), ...(memory === undefined ? {} : { memory }) };
      const { document } = planOf([PROFILE, deployment(place, { replicas, ...request })].join("\n---\n"));
      const [first] = document.fargate;
      assert.equal(`${first?.vcpu}vCPU ${first?.memoryGb}GB`, size);
      assert.equal(document.fargate.length, replicas);
      assert.ok(Math.abs(document.totals.usdPerMonth - usdPerMonth) < 0.01, String(document.totals.usdPerMonth));
      assert.equal(document.totals.gapRatio, 0);
      assert.deepEqual(document.nodes, []);
    });

  test("the deployment of the third post, as it stands", () => {
    const input = planInput(readManifests([`${EXAMPLES}scale-out`]));
    const { document } = planOf(input);
    assert.deepEqual(
      document.fargate.map(({ profile, vcpu, memoryGb, requested }) => ({ profile, vcpu, memoryGb, requested })),
      [{ profile: "skills-fargates", vcpu: 0.5, memoryGb: 1, requested: { cpu: "500m", memory: "512Mi" } }],
    );
  });

  test("a region without a Fargate price borrows one and says so; outside AWS there is no Fargate", () => {
    const planIn = (region: string): PlanDocument => {
      const text = JSON.stringify({ date: "2026-01-01", region, instanceTypes: [] });
      return planOf(deployment("kube-system/dns"), {}, planCatalog({ region, file: { name: "mine.json", text } }))
        .document;
    };
    const zurich = planIn("eu-central-2");
    assert.equal(zurich.fargate[0]?.priceIsEstimate, true);
    assert.deepEqual(zurich.notices, ["no Fargate price of eu-central-2 is known: those of us-east-1 stand in"]);
    const mars = planIn("mars-1");
    assert.deepEqual([mars.fargate, mars.totals.unplacedPods], [[], 1]);
    assert.deepEqual(mars.notices, [
      "there is no Fargate in mars-1, which is no AWS region: 1 pod that a Fargate profile selects is planned on EC2",
    ]);
  });
});

describe("who runs a pod", () => {
  const target = (manifest: string): string => {
    const { document } = planOf([PROFILE, manifest].join("\n---\n"));
    const [micro] = document.fargate;
    return micro !== undefined ? `fargate ${micro.profile}` : document.nodes.length > 0 ? "ec2" : "nowhere";
  };
  for (const { rule, manifest, want } of [
    { rule: "a namespace that a profile selects", manifest: deployment("karpenter/x"), want: "fargate system" },
    {
      rule: "a namespace with the selector's label",
      manifest: deployment("apps/x", { labels: ", node: fargate" }),
      want: "fargate system",
    },
    { rule: "the namespace without the label", manifest: deployment("apps/x"), want: "ec2" },
    { rule: "another namespace", manifest: deployment("default/x"), want: "ec2" },
    {
      rule: "the annotation that keeps a pod off Fargate",
      manifest: deployment("kube-system/x", { annotations: "eks.amazonaws.com/compute-type: ec2" }),
      want: "ec2",
    },
    {
      rule: "what Fargate refuses does not fall back to EC2",
      manifest: deployment("kube-system/x", { spec: "hostNetwork: true" }),
      want: "nowhere",
    },
    {
      rule: "a scheduler of its own",
      manifest: deployment("default/x", { spec: "schedulerName: volcano" }),
      want: "nowhere",
    },
    {
      rule: "fargate-scheduler without a profile",
      manifest: deployment("default/x", { spec: "schedulerName: fargate-scheduler" }),
      want: "nowhere",
    },
    {
      rule: "an arm node wanted on Fargate",
      manifest: deployment("kube-system/x", { spec: "nodeSelector: { kubernetes.io/arch: arm64 }" }),
      want: "nowhere",
    },
    {
      rule: "a zone wanted on Fargate",
      manifest: deployment("kube-system/x", { spec: "nodeSelector: { topology.kubernetes.io/zone: ap-northeast-2c }" }),
      want: "fargate system",
    },
    {
      rule: "a zone of another region",
      manifest: deployment("kube-system/x", { spec: "nodeSelector: { topology.kubernetes.io/zone: us-east-1a }" }),
      want: "nowhere",
    },
  ])
    test(`${rule}: ${want}`, () => assert.equal(target(manifest), want));

  for (const { driver, want } of [
    { driver: "efs.csi.aws.com", want: "fargate system" },
    { driver: "ebs.csi.aws.com", want: "nowhere" },
    { driver: undefined, want: "nowhere" },
  ])
    test(`a claim ${driver === undefined ? "that nothing is bound to" : `bound to a volume of ${driver}`}: ${want}`, () => {
      const volume = `{ apiVersion: v1, kind: PersistentVolume, metadata: { name: pv }, spec: { capacity: { storage: 5Gi }, accessModes: [ReadWriteMany], csi: { driver: ${driver}, volumeHandle: x } } }`;
      const claim =
        "{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: data, namespace: kube-system }, spec: { accessModes: [ReadWriteMany], resources: { requests: { storage: 5Gi } } } }";
      const pod = deployment("kube-system/x", {
        spec: "volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]",
      });
      assert.equal(target([...(driver === undefined ? [] : [volume]), claim, pod].join("\n---\n")), want);
    });

  test("DaemonSets are no pods of the plan: they take their share of every node", () => {
    const daemon = deployment("kube-system/agent", { cpu: "100m", memory: "64Mi" })
      .replace("kind: Deployment", "kind: DaemonSet")
      .replace("  replicas: 1\n", "");
    const { document } = planOf(
      [PROFILE, daemon, deployment("default/web", { cpu: "1", memory: "1Gi" })].join("\n---\n"),
    );
    assert.equal(document.totals.pods, 1);
    assert.deepEqual(document.nodes[0]?.daemonOverhead, { cpu: "100m", memory: "64Mi", pods: "1" });
    assert.deepEqual(document.nodes[0]?.requested, { cpu: "1", memory: "1Gi", pods: "1" });
  });
});

describe("refusals name the rule and the remedy", () => {
  const reasons = (...manifests: readonly string[]): readonly string[] =>
    planOf(manifests.join("\n---\n")).document.unplaced.flatMap((one) => one.reasons);
  const arm = nodePool(
    "arm",
    { "kubernetes.io/arch": ["arm64"], "karpenter.k8s.aws/instance-family": ["c6g"] },
    "limits: { cpu: 8 }",
  );

  for (const { rule, manifests, want } of [
    {
      rule: "Fargate's own words",
      manifests: [PROFILE, deployment("kube-system/x", { spec: "hostNetwork: true" })],
      want: /^Fargate profile system \(unsupported\): Pod not supported on Fargate: fields not supported: HostNetwork; remedy: let the pod run on EC2: /,
    },
    {
      rule: "larger than any Fargate size",
      manifests: [PROFILE, deployment("kube-system/x", { cpu: "17" })],
      want: /^Fargate profile system \(size\): the pod requests 17 vCPU and.*; remedy: lower the requests, or /,
    },
    {
      rule: "a GPU on Fargate",
      manifests: [PROFILE, deployment("kube-system/x").replace("requests: {  }", "limits: { nvidia.com/gpu: 1 }")],
      want: /^Fargate profile system \(resources\): Fargate has no nvidia\.com\/gpu; remedy: let the pod run on EC2/,
    },
    {
      rule: "no instance type is large enough",
      manifests: [arm, deployment("default/x", { cpu: "100" })],
      want: /^NodePool arm \(resources\): requests 100 cpu; the largest instance type of NodePool arm, c6g\.\w+, offers [\d.]+; remedy: lower the requests/,
    },
    {
      rule: "a device that no instance type of the pool has",
      manifests: [arm, deployment("default/x").replace("requests: {  }", "limits: { nvidia.com/gpu: 1 }")],
      want: /^NodePool arm \(resources\): requests 1 nvidia\.com\/gpu, which no instance type of NodePool arm has; remedy: add a NodePool whose instance types have it/,
    },
    {
      rule: "the node selector finds nothing",
      manifests: [arm, deployment("default/x", { spec: "nodeSelector: { kubernetes.io/arch: amd64 }" })],
      want: /^NodePool arm \(requirements\): .*kubernetes\.io\/arch.*; remedy: change the pod's node selector or affinity/,
    },
    {
      rule: "the limits of the pool",
      manifests: [arm, deployment("default/x", { cpu: "9" })],
      want: /^NodePool arm \(limits\): the limits of NodePool arm leave 8 cpu.*; remedy: raise spec\.limits\.cpu of NodePool arm from 8 by 8 or more; try it: nodeless plan -f MANIFESTS --nodepool FILE$/,
    },
    {
      rule: "a foreign scheduler",
      manifests: [deployment("default/x", { spec: "schedulerName: volcano" })],
      want: /^pod \(scheduler\): asks for the scheduler volcano, .*; remedy: remove spec\.schedulerName/,
    },
  ])
    test(rule, () => {
      const [first = "", ...others] = reasons(...manifests);
      assert.match(first, want);
      assert.deepEqual(others, []);
    });

  test("a limit that many pods miss: by what they ask for together, one sentence for all; of a cluster without manifests no command", () => {
    const input = inputOf(arm, deployment("default/x", { replicas: 40, cpu: "1900m" }));
    const remedy = "raise spec.limits.cpu of NodePool arm from 8 by 68.4 or more";
    const remedies = (of: PlanInput): readonly string[] => [
      ...new Set(planOf(of).refused.flatMap(({ refusals }) => refusals.map((one) => one.remedy))),
    ];
    assert.deepEqual(remedies(input), [`${remedy}; try it: nodeless plan -f MANIFESTS --nodepool FILE`]);
    assert.deepEqual(remedies({ ...input, podSources: new Map() }), [remedy]);
    const nodes = inputOf(arm.replace("cpu: 8", "nodes: 0"), deployment("default/x"));
    assert.match(remedies(nodes).join(), /^raise spec\.limits\.nodes of NodePool arm from 0 by 1 or more; /);
  });

  test("what is refused costs nothing and is not part of the bound", () => {
    const { document } = planOf(
      [arm, deployment("default/x", { cpu: "9" }), deployment("default/web", { cpu: "1" })].join("\n---\n"),
    );
    assert.equal(document.totals.unplacedPods, 1);
    assert.ok(document.totals.lowerBoundUsdPerHour <= document.totals.usdPerHour);
    assert.deepEqual(
      document.pods.map(({ pod }) => pod),
      ["default/web-0"],
    );
  });
});

describe("everything in the document can be checked without our code", () => {
  const NODE = `
apiVersion: v1
kind: Node
metadata: { name: old, labels: { kubernetes.io/arch: amd64, kubernetes.io/os: linux, topology.kubernetes.io/zone: ap-northeast-2a, node.kubernetes.io/instance-type: m5.xlarge } }
status: { allocatable: { cpu: "4", memory: 14Gi, pods: "58" } }`;
  const BOUND = `
apiVersion: v1
kind: Pod
metadata: { name: bound, namespace: default }
spec: { nodeName: old, containers: [{ name: main, image: nginx, resources: { requests: { cpu: "3", memory: 1Gi } } }] }`;
  const inputs = {
    "ten everyday manifests": planInput(readManifests([`${EXAMPLES}everyday`])),
    "a node that exists": inputOf(
      NODE,
      BOUND,
      deployment("default/web", { replicas: 3, cpu: "500m", memory: "512Mi" }),
    ),
    "nothing to place": inputOf(NODE, BOUND),
    "refused pods": inputOf(
      PROFILE,
      deployment("kube-system/x", { spec: "hostNetwork: true" }),
      deployment("default/x", { cpu: "2" }),
    ),
  };
  for (const [name, input] of Object.entries(inputs))
    for (const options of [{}, { gear: "optimize" as const, timeMs: 60_000, triesMax: 300 }])
      test(`${name}, ${options.gear ?? "fast"}`, () => {
        const { document } = planOf(input, options);
        assert.deepEqual(objections(document, input), []);
        assert.equal(document.totals.gear, options.gear ?? "fast");
        const again = planOf(input, options).document;
        assert.deepEqual(again, document, "the same input gives the same plan");
      });

  test("an existing node is filled first, is free, and lists only what the plan adds", () => {
    const { document } = planOf(inputs["a node that exists"]);
    const [old, ...fresh] = document.nodes;
    assert.deepEqual(
      { ...old, allocatable: undefined },
      {
        name: "old",
        nodePool: "",
        instanceType: "m5.xlarge",
        zone: "ap-northeast-2a",
        capacityType: "",
        usdPerHour: 0,
        priceIsEstimate: false,
        existing: true,
        allocatable: undefined,
        requested: { cpu: "1", memory: "1Gi", pods: "2" },
        daemonOverhead: {},
        boundRequested: { cpu: "3", memory: "1Gi", pods: "1" },
        pods: ["default/web-0", "default/web-1"],
      },
    );
    assert.equal(fresh.length, 1);
    assert.equal(document.totals.nodes, 1);
    assert.equal(document.totals.pods, 3);
  });

  test("new nodes never take the name of one that exists", () => {
    const input = inputOf(NODE.replace("name: old", "name: default-0"), deployment("default/web", { cpu: "5" }));
    assert.deepEqual(
      planOf(input).document.nodes.map(({ name }) => name),
      ["default-0", "default-1"],
    );
  });
});

test("docs/plan-format.md names every field, and the two sums of its example are right", () => {
  const text = readFileSync(new URL("../../../docs/plan-format.md", import.meta.url), "utf8");
  const input = inputOf(
    "{ apiVersion: v1, kind: Node, metadata: { name: old }, status: { allocatable: { cpu: 1, memory: 1Gi } } }",
    deployment("default/web", { cpu: "2" }),
    deployment("kube-system/dns"),
    deployment("kube-system/agent", { spec: "hostNetwork: true" }),
  );
  const plan = planOf(input, { knobs: { maxVcpus: 8 } });
  const missing = new Set<string>();
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === "object" && value !== null)
      for (const [key, child] of Object.entries(value)) {
        if (!text.includes(`\`${key}`) && !text.includes(`.${key}\``)) missing.add(key);
        if (!AMOUNTS.has(key)) visit(child);
      }
  };
  visit(plan.document);
  visit(planDiff(plan, plan));
  assert.deepEqual([...missing], []);
  const example = JSON.parse(/```json\n([\s\S]*?)```/.exec(text)?.[1] ?? "");
  const { totals, nodes, fargate } = example;
  assert.equal(nodes[0].usdPerHour + 2 * fargate[0].usdPerHour, totals.usdPerHour);
  assert.equal(totals.usdPerHour / totals.lowerBoundUsdPerHour - 1, totals.gapRatio);
});

describe("prices", () => {
  test("a node costs what its cheapest offering costs; spot prices are estimates", () => {
    const spot = nodePool("spot", { "karpenter.sh/capacity-type": ["spot"], "kubernetes.io/arch": ["amd64"] });
    const { document } = planOf([spot, deployment("default/web", { cpu: "1" })].join("\n---\n"));
    const [node] = document.nodes;
    const type = SEOUL.instanceTypes(undefined).find(({ name }) => name === node?.instanceType);
    const offering = type?.offerings.find(({ zone, capacityType }) => zone === node?.zone && capacityType === "spot");
    assert.equal(node?.usdPerHour, offering?.priceUsdPerHour);
    assert.equal(node?.priceIsEstimate, true);
  });

  test("fair prices of a node's pods never exceed its price, and every pod knows which of the two is cheaper", () => {
    const input = planInput(readManifests([`${EXAMPLES}everyday`]));
    const { document } = planOf(input);
    const fair = new Map(document.pods.map((one) => [one.pod, one.ec2UsdPerHour ?? 0]));
    for (const { usdPerHour, pods, existing } of document.nodes) {
      let sum = 0;
      for (const pod of pods) sum += fair.get(pod) ?? 0;
      assert.ok(existing || sum <= usdPerHour * (1 + 1e-9), `${sum} on a node of ${usdPerHour}`);
    }
    for (const { pod, ec2UsdPerHour, fargateUsdPerHour, cheaper } of document.pods) {
      const want =
        ec2UsdPerHour === undefined
          ? "fargate"
          : fargateUsdPerHour === undefined || ec2UsdPerHour <= fargateUsdPerHour
            ? "ec2"
            : "fargate";
      assert.equal(cheaper, want, pod);
    }
    const dns = document.pods.find(({ pod }) => pod === "kube-system/coredns-0");
    assert.equal(dns?.workload, "Deployment/coredns");
    assert.equal(dns?.fargateUsdPerHour, 0.014195);
    assert.ok((dns?.ec2UsdPerHour ?? 0) > 0, "a pod on Fargate has a fair price on EC2 too");
  });
});

describe("what pods only prefer has a price", () => {
  const apart = (app: string, kind: "preferred" | "required"): string => {
    const term = `topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: ${app} } }`;
    const terms = kind === "required" ? `[{ ${term} }]` : `[{ weight: 1, podAffinityTerm: { ${term} } }]`;
    return `affinity: { podAntiAffinity: { ${kind}DuringSchedulingIgnoredDuringExecution: ${terms} } }`;
  };
  const shards = { replicas: 3, cpu: "200m", memory: "256Mi" };

  test("the difference to the plan without; the pods that have preferences are counted", () => {
    const input = inputOf(
      deployment("default/shard", { ...shards, spec: apart("shard", "preferred") }),
      deployment("default/web", { cpu: "200m" }),
    );
    const respecting = planOf(input).document;
    const ignoring = planOf(input, { preferences: "Ignore" }).document;
    assert.deepEqual([respecting.totals.nodes, ignoring.totals.nodes], [3, 1]);
    const { costsUsdPerHour, ...preferences } = respecting.preferences;
    assert.deepEqual(preferences, { policy: "Respect", pods: 3 });
    const difference = respecting.totals.usdPerHour - ignoring.totals.usdPerHour;
    assert.ok(difference > 0 && Math.abs(costsUsdPerHour - difference) < 1e-9);
    assert.deepEqual(ignoring.preferences, { policy: "Ignore", pods: 3, costsUsdPerHour: 0 });
    assert.ok(Math.abs(ignoring.totals.gapRatio ?? 1) < 1e-6);
  });

  test("rules are no preferences, and preferences that are met anyway cost nothing", () => {
    const required = inputOf(deployment("default/shard", { ...shards, spec: apart("shard", "required") }));
    assert.deepEqual(planOf(required).document.preferences, { policy: "Respect", pods: 0, costsUsdPerHour: 0 });
    assert.equal(planOf(required, { preferences: "Ignore" }).document.totals.nodes, 3);
    const met = inputOf(deployment("default/shard", { ...shards, replicas: 1, spec: apart("shard", "preferred") }));
    assert.deepEqual(planOf(met).document.preferences, { policy: "Respect", pods: 1, costsUsdPerHour: 0 });
  });
});

describe("knobs restrict packing and bound alike, and show their price", () => {
  const web = deployment("default/web", { replicas: 40, cpu: "900m", memory: "1Gi" });
  const manifests = [NODE_CLASS, nodePool("any", SPOT_AND_ON_DEMAND), web].join("\n---\n");
  const families = (types: readonly { readonly instanceType: string }[]): readonly string[] =>
    types.map(({ instanceType }) => instanceType.split(".")[0] ?? "");
  const free = planOf(manifests).document;

  test("largest node by vCPUs", () => {
    const { document } = planOf(manifests, { knobs: { maxVcpus: 4 } });
    for (const { allocatable } of document.nodes) assert.ok(Number.parseInt(allocatable["cpu"] ?? "", 10) <= 4000);
    const [knob, ...others] = document.knobs;
    assert.deepEqual(others, []);
    assert.equal(knob?.name, "largest node 4 vCPU");
    assert.equal(knob?.inForce, true);
    assert.ok((knob?.changeRatio ?? 1) <= 0, "without a restriction nothing gets dearer");
    assert.ok(document.totals.lowerBoundUsdPerHour >= free.totals.lowerBoundUsdPerHour);
  });

  test("largest node by its share of all requested cpu", () => {
    const { document } = planOf(manifests, { knobs: { maxNodeShare: 0.25 } });
    assert.equal(document.knobs[0]?.name, "largest node 25 % of all cpu");
    for (const { instanceType } of document.nodes) {
      const type = SEOUL.instanceTypes(undefined).find(({ name }) => name === instanceType);
      assert.ok((type?.capacity.get("cpu") ?? 0) <= 9000, instanceType);
    }
    assert.deepEqual(document.notices, []);
  });

  test("a share that is too small for some pod gives way, with a notice", () => {
    const { document } = planOf(manifests, { knobs: { maxNodeShare: 0.01 } });
    assert.equal(document.totals.unplacedPods, 0);
    assert.deepEqual(document.notices, [
      "1 % of all requested cpu is 0.36 vCPU, but some pod needs a node of 1: that is the largest node",
    ]);
  });

  test("families, only and never, and generations", () => {
    const only = planOf(manifests, { knobs: { families: ["m5", "m6i"] } }).document;
    assert.ok(families(only.nodes).every((family) => ["m5", "m6i"].includes(family)));
    const [used = ""] = families(free.nodes);
    const without = planOf(manifests, { knobs: { excludedFamilies: [used] } }).document;
    assert.ok(!families(without.nodes).includes(used));
    const old = planOf(manifests, { knobs: { generations: [5] } }).document;
    assert.ok(families(old.nodes).every((family) => family.includes("5")));
    assert.deepEqual(
      [only, without, old].map(({ knobs }) => knobs.map(({ name }) => name)),
      [["only families m5, m6i"], [`without family ${used}`], ["generation 5"]],
    );
  });

  test("spot share: at most so many pods on spot, the others elsewhere", () => {
    const onSpot = (spotShare: number): number =>
      planOf(manifests, { knobs: { spotShare } })
        .document.nodes.filter(({ capacityType }) => capacityType === "spot")
        .reduce((sum, { pods }) => sum + pods.length, 0);
    assert.equal(
      free.nodes.every(({ capacityType }) => capacityType === "spot"),
      true,
    );
    assert.ok(onSpot(0.7) <= 28 && onSpot(0.7) > 0);
    assert.equal(onSpot(0), 0);
  });

  test("spot share leaves pods alone that choose their capacity type themselves", () => {
    const chosen = [
      'nodeSelector: { karpenter.sh/capacity-type: "spot" }',
      "topologySpreadConstraints: [{ maxSkew: 1, topologyKey: karpenter.sh/capacity-type, whenUnsatisfiable: DoNotSchedule, labelSelector: { matchLabels: { app: web } } }]",
    ];
    const onSpot = chosen.map((spec) => {
      const own = deployment("default/web", { replicas: 8, cpu: "900m", memory: "1Gi", spec });
      const manifest = [NODE_CLASS, nodePool("any", SPOT_AND_ON_DEMAND), own].join("\n---\n");
      const { nodes } = planOf(manifest, { knobs: { spotShare: 0.1 } }).document;
      return nodes.flatMap(({ capacityType, pods }) => (capacityType === "spot" ? pods : [])).length;
    });
    assert.deepEqual(onSpot, [8, 4]);
  });

  test("on request every family in use is priced by leaving it out", () => {
    const { document } = planOf(manifests, { priceFamilies: true });
    assert.deepEqual(
      new Set(document.knobs.map(({ name }) => name)),
      new Set(families(document.nodes).map((family) => `without family ${family}`)),
    );
    for (const { inForce, changeRatio } of document.knobs) {
      assert.equal(inForce, false);
      assert.ok(changeRatio >= -1e-9);
    }
  });

  test("searching for longer does not change what a knob costs", () => {
    const knobs = { maxVcpus: 4 };
    const search = { gear: "optimize", timeMs: 200, monotonicMs: () => performance.now() } as const;
    const { document } = planCluster(inputOf(manifests), SEOUL, { ...search, knobs });
    assert.deepEqual(document.knobs, planOf(manifests, { knobs }).document.knobs);
  });

  test("knobs that leave nothing are said so", () => {
    const { document } = planOf(manifests, { knobs: { families: ["z99"] } });
    assert.deepEqual(document.notices, ["the knobs leave no instance type for NodePool any"]);
    assert.equal(document.totals.unplacedPods, 40);
  });
});

test("a search without time is as good as the fast gear: cost and bound", () => {
  const kinds = Array.from({ length: 40 }, (_, index) =>
    deployment(`default/w${index}`, {
      replicas: 5,
      cpu: `${100 + ((index * 370) % 2900)}m`,
      memory: `${200 + ((index * 811) % 7000)}Mi`,
    }),
  );
  const input = inputOf(...kinds);
  let ms = 0;
  const monotonicMs = (): number => {
    ms += 1000;
    return ms;
  };
  const fast = planCluster(input, SEOUL, { monotonicMs }).document.totals;
  const cut = planCluster(input, SEOUL, { monotonicMs, gear: "optimize", timeMs: 1 }).document.totals;
  assert.equal(cut.unplacedPods, fast.unplacedPods);
  assert.ok(cut.usdPerHour <= fast.usdPerHour * (1 + 1e-9), `${cut.usdPerHour} instead of ${fast.usdPerHour}`);
  assert.ok(cut.lowerBoundUsdPerHour >= fast.lowerBoundUsdPerHour * (1 - 1e-9));
});
