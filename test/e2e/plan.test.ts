import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { tinyCase } from "../support/brute-force.ts";
import { example } from "../support/example.ts";
import { helmPath, kubectlPath } from "../support/kubectl.ts";
import { flatten, type Manifest } from "../support/manifest-pods.ts";
import { type CommandResult, dispose, newHome, runNodeless, startNodeless } from "../support/nodeless.ts";
import { benchmarkCatalog, benchmarkPods, everythingPool, list, pod } from "../support/plan-cases.ts";
import { type CatalogJson, type PlanJson, planObjections } from "../support/plan-checker.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).pathname;
const SEOUL = "ap-northeast-2";

let home = "";
const builtIn = new Map<string, CatalogJson>();
before(async () => {
  home = await newHome();
  for (const region of [SEOUL, "us-east-1"]) {
    const { stdout } = await nodeless(["catalog", "show", "-o", "json", "--region", region]);
    builtIn.set(region, JSON.parse(stdout) as CatalogJson);
  }
});
after(() => rm(home, { recursive: true, force: true }));

const nodeless = (args: readonly string[], input?: string, environment = {}): Promise<CommandResult> =>
  runNodeless(home, args, input, environment);

function manifestsOf(text: string): readonly Manifest[] {
  return parseAllDocuments(text).flatMap((document) => (document.toJS() as Manifest | null) ?? []);
}

interface Planned {
  readonly plan: PlanJson;
  readonly manifests: readonly Manifest[];
  readonly catalog?: CatalogJson;
}

/** Runs the command with manifests on standard input and lets the checker go over what it says. */
async function checkedPlan(
  text: string,
  { args = [], catalog }: { readonly args?: readonly string[]; readonly catalog?: CatalogJson } = {},
): Promise<PlanJson> {
  const manifests = manifestsOf(text);
  const file = catalog === undefined ? [] : ["--catalog", await fileOf("catalog.json", JSON.stringify(catalog))];
  const { stdout, stderr, exitCode } = await nodeless(["plan", "-f", "-", "-o", "json", ...file, ...args], text);
  assert.equal(exitCode, 0, stderr);
  const plan = JSON.parse(stdout) as PlanJson;
  assertRight({ plan, manifests, ...(catalog === undefined ? {} : { catalog }) });
  return plan;
}

function assertRight({ plan, manifests, catalog }: Planned): void {
  const prices = catalog ?? builtIn.get(plan.catalog.region);
  assert.ok(prices, plan.catalog.region);
  const daemons = catalog === undefined ? ADDONS : [];
  assert.deepEqual(planObjections({ plan, manifests: [...manifests, ...daemons], catalog: prices }).slice(0, 10), []);
}

/** What every cluster runs on its nodes, and a plan counts unless the catalogue is of the user's own. */
const ADDONS: readonly Manifest[] = [
  ["aws-node", "25m"],
  ["kube-proxy", "100m"],
].map(([name = "", cpu = ""]) => ({
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  metadata: { namespace: "kube-system", name },
  spec: {
    selector: { matchLabels: { "k8s-app": name } },
    template: {
      metadata: { labels: { "k8s-app": name } },
      spec: {
        tolerations: [{ operator: "Exists" }],
        containers: [{ name, image: name, resources: { requests: { cpu } } }],
      },
    },
  },
}));

let files = 0;
async function fileOf(name: string, text: string): Promise<string> {
  files += 1;
  const directory = join(home, String(files));
  await mkdir(directory);
  await writeFile(join(directory, name), text);
  return join(directory, name);
}

/** Two at a time. */
async function inTwos<T>(items: Iterator<T>, run: (item: T) => Promise<void>): Promise<void> {
  const worker = async (): Promise<void> => {
    for (let next = items.next(); next.done !== true; next = items.next()) await run(next.value);
  };
  await Promise.all([worker(), worker()]);
}

const json = (...manifests: readonly Manifest[]): string => JSON.stringify(list(...manifests));

describe("everyday manifests", () => {
  test("each file alone, in Seoul and in Virginia", async () => {
    const names = await readdir(`${EXAMPLES}everyday`);
    assert.ok(names.length >= 10);
    await inTwos(names.entries(), async ([index, name]) => {
      const region = index % 2 === 0 ? SEOUL : "us-east-1";
      const plan = await checkedPlan(await example(`everyday/${name}`), { args: ["--region", region] });
      assert.equal(plan.catalog.region, region);
      assert.deepEqual(plan.unplaced, [], name);
      assert.ok(plan.totals.pods > 0, name);
    });
  });

  test("all of them at once, optimized: not dearer, and the bound is not lower", async () => {
    const names = (await readdir(`${EXAMPLES}everyday`)).filter((name) => name !== "inference.yaml");
    const text = (await Promise.all(names.map((name) => example(`everyday/${name}`)))).join("\n---\n");
    const fast = await checkedPlan(text);
    const best = await checkedPlan(text, { args: ["--optimize", "--time", "0.5s"] });
    assert.equal(best.totals.gear, "optimize");
    assert.ok(best.totals.usdPerHour <= fast.totals.usdPerHour);
    assert.ok(best.totals.lowerBoundUsdPerHour >= fast.totals.lowerBoundUsdPerHour - 1e-9);
  });
});

describe("the workloads of the examples", () => {
  test("pods that a profile selects get the documented sizes and Seoul prices", async () => {
    const cluster = await example("fargate-profiles/cluster.yaml");
    const web = await checkedPlan(`${cluster}\n---\n${await example("fargate-profiles/web.yaml")}`);
    const dns = await checkedPlan(json(pod("dns", { cpu: "100m", memory: "70Mi" }, { namespace: "kube-system" })));
    const scaled = (await example("scale-out/deployment.yaml")).replace("replicas: 1", "replicas: 10");
    const out = await checkedPlan(`${await example("scale-out/fargateprofile.yaml")}\n---\n${scaled}`);
    for (const [plan, pods, profile, vcpu, memoryGb, usdPerMonth] of [
      [web, 2, "apps-fargate-profile", 0.25, 1, 12.23],
      [dns, 1, "kube-system", 0.25, 0.5, 10.36],
      [out, 10, "skills-fargates", 0.5, 1, 20.72],
    ] as const) {
      assert.equal(plan.fargate.length, pods);
      for (const row of plan.fargate)
        assert.deepEqual(
          [row.profile, row.vcpu, row.memoryGb, Number((row.usdPerHour * 730).toFixed(2))],
          [profile, vcpu, memoryGb, usdPerMonth],
        );
    }
  });

  test("the old Karpenter API buys spot capacity", async () => {
    const pods = json(...["a", "b", "c"].map((name) => pod(name, { cpu: "1500m", memory: "2Gi" })));
    const { nodes, catalog } = await checkedPlan(`${await example("old-karpenter-api/cluster.yaml")}\n---\n${pods}`);
    assert.ok(nodes.length > 0);
    assert.ok(nodes.every(({ capacityType }) => capacityType === "spot"));
    assert.deepEqual(
      catalog.zones,
      ["a", "b", "c"].map((letter) => `${SEOUL}${letter}`),
    );
  });
});

const skip = (await kubectlPath()) === undefined;

test("nodes are bought in the zones in which `nodeless up` makes subnets", { skip }, async () => {
  const up = await startNodeless({ name: "zones" });
  try {
    const { status } = await up.json<{ status: { subnets: readonly { zone: string }[] } }>("get ec2nodeclass default");
    const { catalog } = await checkedPlan(json(pod("one", { cpu: "1" })));
    assert.deepEqual([...new Set(status.subnets.map(({ zone }) => zone))].sort(), catalog.zones);
  } finally {
    await dispose(up);
  }
});

describe("a catalogue of one's own", () => {
  test("Karpenter's benchmark mix: 500 pods on 40 fake types", async () => {
    const catalog = benchmarkCatalog(40);
    const text = json(...everythingPool(), ...benchmarkPods(500, 42));
    const fast = await checkedPlan(text, { catalog });
    assert.deepEqual([fast.totals.pods, fast.totals.unplacedPods, fast.totals.nodes], [500, 0, 100]);
    const best = await checkedPlan(text, { catalog, args: ["--optimize", "--time", "0.5s"] });
    assert.ok(best.totals.usdPerHour <= fast.totals.usdPerHour);
    assert.ok(best.totals.lowerBoundUsdPerHour >= fast.totals.lowerBoundUsdPerHour - 1e-9);
  });

  test("nodes that exist are filled first and cost nothing", async () => {
    const node = (name: string, zone: string, taints: readonly object[] = []): Manifest => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name, labels: { "topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": name } },
      spec: { taints },
      status: { allocatable: { cpu: "3900m", memory: "7Gi", pods: "10" } },
    });
    const plan = await checkedPlan(
      json(
        ...everythingPool(),
        node("one", "test-zone-1"),
        node("two", "test-zone-2", [{ key: "for", value: "others", effect: "NoSchedule" }]),
        pod("there", { cpu: "1900m", memory: "1Gi" }, { nodeName: "one" }),
        ...["a", "b", "c"].map((name) => pod(name, { cpu: "1", memory: "1Gi" })),
      ),
      { catalog: benchmarkCatalog(8) },
    );
    const [one, two, ...fresh] = plan.nodes;
    assert.deepEqual([one?.name, one?.existing, one?.pods.length, one?.usdPerHour], ["one", true, 2, 0]);
    assert.deepEqual([two?.name, two?.pods], ["two", []]);
    assert.deepEqual([fresh.length, plan.totals.pods, plan.totals.nodes], [1, 3, 1]);
  });

  test("outside AWS there is no Fargate and none of its prices", async () => {
    const dns = pod("dns", { cpu: "100m" }, { namespace: "kube-system" });
    const plan = await checkedPlan(json(...everythingPool(), dns), { catalog: benchmarkCatalog(2) });
    assert.deepEqual([plan.totals.nodes, plan.fargate, plan.pods[0]?.fargateUsdPerHour], [1, [], undefined]);
    assert.match(plan.notices.join(), /there is no Fargate in test/);
  });
});

describe("brute force", () => {
  test("bound ≤ optimum ≤ cost on thirty tiny cases", async (context) => {
    const missed: string[] = [];
    const seeds = Array.from({ length: 30 }, (_, index) => index + 1);
    await inTwos(seeds.values(), async (seed) => {
      const { manifests, catalog, optimumUsdPerHour: optimum } = tinyCase(seed);
      const args = ["--optimize", "--time", "0.4s"];
      const { totals } = await checkedPlan(JSON.stringify(manifests), { catalog, args });
      const { usdPerHour, lowerBoundUsdPerHour, unplacedPods } = totals;
      assert.equal(unplacedPods > 0, optimum === Number.POSITIVE_INFINITY, `case ${seed}`);
      if (unplacedPods > 0) return;
      assert.ok(lowerBoundUsdPerHour <= optimum + ROUNDING, `case ${seed}: the bound is above ${optimum}`);
      assert.ok(usdPerHour >= optimum - ROUNDING, `case ${seed}: cheaper than ${optimum}`);
      if (usdPerHour > optimum + ROUNDING) missed.push(`case ${seed}: ${usdPerHour} instead of ${optimum}`);
    });
    context.diagnostic(`--optimize found the optimum ${30 - missed.length} times of 30; missed: ${missed.join("; ")}`);
    assert.ok(missed.length <= 3, missed.join("\n"));
  });
});

const ROUNDING = 1e-9;

describe("where manifests come from", () => {
  test("a here-document of a shell, printed as a table or YAML", async () => {
    const { stdout } = await nodeless(["plan", "-f", "-"], await example("everyday/web-shop.yaml"));
    assert.match(stdout, /^PODS +RUN ON/);
    assert.match(stdout, /^shop\/frontend x6 /m);
    assert.match(stdout, /ap-northeast-2 zones a, b, c/);
    const yaml = await nodeless(["plan", "-f", "-", "-o", "yaml"], await example("everyday/web-shop.yaml"));
    const [plan] = manifestsOf(yaml.stdout) as unknown as readonly PlanJson[];
    assert.ok(plan);
    assertRight({ plan, manifests: manifestsOf(await example("everyday/web-shop.yaml")) });
  });

  test("helm template of a chart", async (context) => {
    const helm = await helmPath();
    if (helm === undefined) return context.skip("no helm here");
    const chart = join(home, "chart");
    await mkdir(join(chart, "templates"), { recursive: true });
    await writeFile(join(chart, "Chart.yaml"), "apiVersion: v2\nname: tiny\nversion: 1.0.0\n");
    await writeFile(join(chart, "values.yaml"), "replicas: 3\n");
    await writeFile(join(chart, "templates", "web.yaml"), CHART_TEMPLATE);
    const { stdout } = await promisify(execFile)(helm, ["template", "shop", chart, "--set", "replicas=5"], {
      env: { PATH: process.env["PATH"], HOME: home },
    });
    assert.equal((await checkedPlan(stdout)).totals.pods, 5);
  });

  test("two directories: what a change costs, and a budget that it exceeds", async () => {
    const text = await example("everyday/web-shop.yaml");
    const old = await fileOf("shop.yaml", text);
    const fresh = await fileOf("shop.yaml", text.replace("replicas: 6", "replicas: 60"));
    const args = ["plan", "diff", old, fresh, "-o", "json", "--budget", "1/month"];
    const { stdout, stderr, exitCode } = await nodeless(args);
    assert.equal(exitCode, 2);
    assert.match(stderr, /above the budget: \$[\d.]+ of \$1 per month/);
    const diff = JSON.parse(stdout);
    assert.equal(diff.after.pods - diff.before.pods, 54);
    assert.ok(Math.abs(diff.after.usdPerHour - diff.before.usdPerHour - diff.usdPerHourChange) < ROUNDING);
    const within = await nodeless(["plan", "diff", old, old, "--budget", "10000/month"]);
    assert.equal(within.exitCode, 0, within.stderr);
  });
});

const CHART_TEMPLATE = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }} }
spec:
  replicas: {{ .Values.replicas }}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: nginx, resources: { requests: { cpu: 250m, memory: 256Mi } } }] }
`;

describe("input that cannot be planned: one clear message, nothing on standard output", { concurrency: 2 }, () => {
  const many = JSON.stringify({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "many" },
    spec: {
      replicas: 1_000_000,
      selector: { matchLabels: { app: "many" } },
      template: { metadata: { labels: { app: "many" } }, spec: { containers: [{ name: "m", image: "i" }] } },
    },
  });
  const one = JSON.stringify(pod("one", { cpu: "1" }));
  for (const { rule, args = [], text, exitCode = 1, message } of [
    { rule: "no YAML", text: "a: [1, 2", message: /stdin|standard input|-:/ },
    { rule: "cyclic aliases", text: "a: &a { b: *a }", message: /nested deeper than/ },
    { rule: "an impossible quantity", text: one.replace('"1"', '"lots"'), message: /lots/ },
    { rule: "a name twice", text: `${one}\n---\n${one}`, message: /already at/ },
    { rule: "a million replicas", text: many, message: /at most \d+ are planned at once/ },
    { rule: "nothing at all", text: "", message: /no Kubernetes object/ },
    { rule: "an unknown region", text: one, args: ["--region", "mars-1"], message: /no prices are built in.*mars-1/ },
    { rule: "a catalogue that is none", text: one, args: ["--catalog", "/dev/null"], message: /not JSON/ },
    { rule: "--time without --optimize", text: one, args: ["--time", "1s"], exitCode: 64, message: /--optimize/ },
    { rule: "no time at all", text: one, args: ["--optimize", "--time", "0"], exitCode: 64, message: /--time/ },
  ])
    test(rule, async () => {
      const result = await nodeless(["plan", "-f", "-", ...args], text);
      assert.deepEqual([result.exitCode, result.stdout], [exitCode, ""], result.stderr);
      assert.match(result.stderr, message);
      assert.match(result.stderr, /^error: /);
      assert.doesNotMatch(result.stderr, /\n {4}at /, "a stack trace");
    });
});

test("the checker finds what is wrong with a plan", async () => {
  const text = await example("everyday/kafka.yaml");
  const right = await checkedPlan(text);
  const manifests = flatten([...manifestsOf(text), ...ADDONS]);
  const catalog = builtIn.get(SEOUL);
  assert.ok(catalog);
  type Draft = { -readonly [K in keyof PlanJson]: PlanJson[K] };
  const objectionsTo = (change: (plan: Draft) => void): string => {
    const plan = structuredClone(right) as Draft;
    change(plan);
    return planObjections({ plan, manifests, catalog }).join("\n");
  };
  const nodes = (plan: Draft, change: (node: PlanJson["nodes"][number]) => object): void => {
    plan.nodes = plan.nodes.map((node) => ({ ...node, ...change(node) }));
  };
  const wrong: readonly (readonly [change: (plan: Draft) => void, objection: RegExp])[] = [
    [(plan) => nodes(plan, ({ pods }) => ({ pods: pods.slice(1) })), /in 0 places[\s\S]*requested cpu is not the sum/],
    [(plan) => nodes(plan, () => ({ usdPerHour: 0.01 })), /usdPerHour says[\s\S]*nothing offers it/],
    [(plan) => nodes(plan, () => ({ zone: "ap-northeast-2a" })), /broker-\d and its like: \d in ap-northeast-2a, 0/],
    [(plan) => nodes(plan, () => ({ allocatable: { cpu: "1", memory: "99Gi", pods: "9" } })), /more cpu than alloc/],
    [(plan) => nodes(plan, () => ({ instanceType: "t9.large" })), /the catalogue has no t9.large/],
    [(plan) => nodes(plan, () => ({ daemonOverhead: {} })), /DaemonSets take another amount of cpu/],
    [(plan) => (plan.totals = { ...plan.totals, gapRatio: 0 }), /gapRatio says 0/],
    [(plan) => (plan.unplaced = [{ pod: "streaming/broker-0", reasons: [] }]), /in 2 places[\s\S]*without a reason/],
    [(plan) => nodes(plan, () => ({ existing: true, usdPerHour: 0 })), /exists or not/],
    [
      (plan) => nodes(plan, ({ name }) => (name === plan.nodes[0]?.name ? { pods: allPods(plan) } : { pods: [] })),
      /are both in default-0 and must not be/,
    ],
  ];
  for (const [change, objection] of wrong) assert.match(objectionsTo(change), objection);
});

const allPods = (plan: PlanJson): readonly string[] => plan.nodes.flatMap(({ pods }) => pods);
