import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { parse } from "yaml";
import type { Terminal } from "../src/terminal.ts";
import { newWorld, type World } from "./command-world.ts";

const web = (replicas = 2, cpu = "500m", memory = "512Mi"): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: main, image: nginx, resources: { requests: { cpu: ${cpu}, memory: ${memory} } } }] }
`;
const dns = (spec = "") =>
  web()
    .replace("name: web", "name: coredns, namespace: kube-system")
    .replace("spec: { containers", `spec: { ${spec} containers`);

/** A catalogue of one type. */
const catalogOf = (name: string, capacity: Readonly<Record<string, string>>) => ({
  date: "2026-01-01",
  region: "here",
  instanceTypes: [
    {
      name,
      labels: {
        "kubernetes.io/arch": "amd64",
        "kubernetes.io/os": "linux",
        "karpenter.k8s.aws/instance-category": "m",
        "karpenter.k8s.aws/instance-generation": "9",
      },
      capacity,
      overhead: {},
      offerings: [
        { zone: "here-1", capacityType: "on-demand", usdPerHour: 0.5, available: true },
        { zone: "here-1", capacityType: "spot", usdPerHour: 0.25, available: true },
      ],
    },
  ],
});

describe("nodeless plan", () => {
  test("prints pods, nodes, roundings, totals and where the prices come from", async () => {
    using world = newWorld({ "m/web.yaml": web(), "m/dns.yaml": dns() });
    const { exitCode, stdout, stderr } = await world.run("plan -f m");
    assert.deepEqual([exitCode, stderr], [0, ""]);
    for (const part of [
      /^PODS +RUN ON +ASK FOR +\$\/HOUR +\$\/MONTH$/m,
      /^default\/web ×2 +default-0 +500m 512Mi /m,
      /^kube-system\/coredns ×2 +Fargate 0\.5vCPU 1GB +500m 512Mi +0\.0568 +41\.45$/m,
      /^default-0 .*█.*%/m,
      /^FARGATE +ASKED +SOLD +UNUSED +ISOLATION$/m,
      /^TOTAL +\$/m,
      /^BOUND +no placement of these pods costs less than \$/m,
      /^GAP +[\d.]+ %/m,
      /^prices: built-in catalogue of \d{4}-\d\d-\d\d, ap-northeast-2/m,
    ])
      assert.match(stdout, part);
  });

  test("reads standard input; -o json and yaml are the same document", async () => {
    using world = newWorld();
    const json = JSON.parse((await world.run("plan -f - -o json", web())).stdout);
    assert.deepEqual([json.apiVersion, json.kind, json.totals.pods], ["nodeless.dev/v1alpha1", "Plan", 2]);
    const yaml = parse((await world.run("plan -f - -o yaml", web())).stdout);
    const timeless = ({ totals, ...rest }: typeof json) => ({ ...rest, totals: { ...totals, solveSeconds: 0 } });
    assert.deepEqual(timeless(yaml), timeless(json));
    assert.ok(json.totals.solveSeconds > 0);
  });

  test("several -f are one input", async () => {
    using world = newWorld({ "a.yaml": web(3), "b.yaml": dns() });
    const { totals } = JSON.parse((await world.run("plan -f a.yaml -f b.yaml -o json")).stdout);
    assert.equal(totals.pods, 5);
  });

  test("refused pods are said in a section of their own and do not fail the command", async () => {
    using world = newWorld({ "m.yaml": dns("hostNetwork: true,") });
    const { exitCode, stdout } = await world.run("plan -f m.yaml");
    assert.equal(exitCode, 0);
    assert.match(
      stdout,
      /^REFUSED\nkube-system\/coredns ×2\n {2}Fargate profile kube-system \(unsupported\): (.*\n)*? +remedy: /m,
    );
    assert.match(stdout, /^REFUSED +2 pods would stay Pending/m);
  });

  test("region: the flag before the ClusterConfig before AWS_REGION", async () => {
    const config = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: x, region: eu-west-1 }\n---";
    using world = newWorld(
      { "plain.yaml": web(), "config.yaml": `${config}${web()}` },
      { environment: { AWS_REGION: "us-west-2", NODELESS_HOME: "/nonexistent/x" } },
    );
    const region = async (args: string): Promise<string> =>
      JSON.parse((await world.run(`plan -o json ${args}`)).stdout).catalog.region;
    assert.equal(await region("-f plain.yaml"), "us-west-2");
    assert.equal(await region("-f config.yaml"), "eu-west-1");
    assert.equal(await region("-f config.yaml --region us-east-1"), "us-east-1");
  });

  test("--nodepool replaces the pools, --catalog the types and prices", async () => {
    using world = newWorld({
      "web.yaml": web(),
      "pool.yaml": `
apiVersion: karpenter.sh/v1
kind: NodePool
metadata: { name: mine }
spec: { template: { spec: { requirements: [{ key: karpenter.sh/capacity-type, operator: In, values: [spot] }], nodeClassRef: { group: karpenter.k8s.aws, kind: EC2NodeClass, name: default } } } }`,
      "catalog.json": JSON.stringify(catalogOf("big", { cpu: "8", memory: "16Gi", pods: "10" })),
    });
    const { stdout } = await world.run("plan -f web.yaml --nodepool pool.yaml --catalog catalog.json -o json");
    const { nodes, totals, catalog } = JSON.parse(stdout);
    assert.deepEqual(
      nodes.map((node: Record<string, unknown>) => [
        node["name"],
        node["instanceType"],
        node["usdPerHour"],
        node["zone"],
      ]),
      [["mine-0", "big", 0.25, "here-1"]],
    );
    assert.equal(totals.usdPerHour, 0.25);
    assert.deepEqual(catalog, { date: "2026-01-01", region: "here", source: "catalog.json", zones: ["here-1"] });
  });

  test("DaemonSets of the cluster's add-ons count, unless told otherwise or the catalogue is one's own", async () => {
    using world = newWorld({
      "web.yaml": web(),
      "catalog.json": JSON.stringify(catalogOf("big", { cpu: "8", memory: "16Gi", pods: "10" })),
      "own.yaml": `${web()}---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: aws-node, namespace: kube-system }
spec:
  selector: { matchLabels: { a: b } }
  template: { metadata: { labels: { a: b } }, spec: { containers: [{ name: a, resources: { requests: { cpu: 50m } } }] } }`,
    });
    const overhead = async (args: string): Promise<unknown> => {
      const { nodes, addonDaemonSets } = JSON.parse((await world.run(`plan -o json ${args}`)).stdout);
      return [nodes[0].daemonOverhead.cpu, addonDaemonSets.map((one: { daemonSet: string }) => one.daemonSet)];
    };
    const [agent, proxy] = ["kube-system/aws-node", "kube-system/kube-proxy"];
    assert.deepEqual(await overhead("-f web.yaml"), ["125m", [agent, proxy]]);
    assert.deepEqual(await overhead("-f own.yaml"), ["150m", [proxy]]);
    assert.deepEqual(await overhead("-f web.yaml --no-addon-daemonsets"), [undefined, []]);
    assert.deepEqual(await overhead("-f web.yaml --catalog catalog.json"), [undefined, []]);
    const line =
      /^aws-node and kube-proxy of the cluster's add-ons take 125m cpu of each node;\s+--no-addon-daemonsets leaves/m;
    assert.match((await world.run("plan -f web.yaml")).stdout, line);
    for (const args of ["-f web.yaml --no-addon-daemonsets", "-f -"])
      assert.doesNotMatch((await world.run(`plan ${args}`, dns())).stdout, /add-ons/);
  });

  test("differences and budgets count the add-ons' DaemonSets as the plan does", async () => {
    using world = newWorld({ "old/web.yaml": web(1, "100m"), "new/web.yaml": web(1, "1850m") });
    const without = "--no-addon-daemonsets";
    const usdPerHour = async (flags: string): Promise<number> =>
      JSON.parse((await world.run(`plan -f new -o json${flags}`)).stdout).totals.usdPerHour;
    const [all, less] = [await usdPerHour(""), await usdPerHour(` ${without}`)];
    assert.ok(all > less, "the pod is so tight that the daemons make its node larger");
    const after = async (flags: string): Promise<number> =>
      JSON.parse((await world.run(`plan diff old new -o json${flags}`)).stdout).after.usdPerHour;
    assert.deepEqual([await after(""), await after(` ${without}`)], [all, less]);
    const budget = `plan -f new --budget ${(all + less) / 2}/hour`;
    assert.deepEqual([(await world.run(budget)).exitCode, (await world.run(`${budget} ${without}`)).exitCode], [2, 0]);
  });

  test("--optimize searches for as long as it is told and is never dearer", async () => {
    using world = newWorld({ "web.yaml": `${web(30, "700m", "900Mi")}---${dns()}` });
    const totals = async (args: string) =>
      JSON.parse((await world.run(`plan -f web.yaml -o json${args}`)).stdout).totals;
    const fast = await totals("");
    const best = await totals(" --optimize --time 200ms --seed 7");
    assert.deepEqual([fast.gear, best.gear], ["fast", "optimize"]);
    assert.ok(best.usdPerHour <= fast.usdPerHour);
    assert.ok(best.lowerBoundUsdPerHour >= fast.lowerBoundUsdPerHour * (1 - 1e-9));
    assert.ok(best.solveSeconds < 2, String(best.solveSeconds));
  });

  test("knobs reach the plan", async () => {
    using world = newWorld({ "web.yaml": web(20, "900m", "1Gi") });
    const { stdout } = await world.run(
      "plan -f web.yaml -o json --max-vcpus 16 --max-node-share 50% --generations 5+ --exclude-families t3,t3a --spot-share 70%",
    );
    assert.deepEqual(
      JSON.parse(stdout).knobs.map(({ name }: { name: string }) => name),
      [
        "largest node 50 % of all cpu",
        "largest node 16 vCPU",
        "generations 5+",
        "without families t3, t3a",
        "spot share 70 %",
      ],
    );
  });

  test("-o wide also prices every family in use", async () => {
    using world = newWorld({ "web.yaml": web(20) });
    assert.match((await world.run("plan -f web.yaml -o wide")).stdout, /^without family \w+ .*\+/m);
  });

  test("the table is plain without a terminal, ASCII without UTF-8, coloured on one", async () => {
    const print = async (terminal: Partial<Terminal>): Promise<string> => {
      using world = newWorld({ "web.yaml": web() }, terminal);
      return (await world.run("plan -f web.yaml")).stdout;
    };
    assert.match(await print({ environment: { LC_ALL: "C", LANG: "C.UTF-8" } }), /^[\n -~]*$/);
    const escapeStart = "\u001b[";
    assert.ok(!(await print({})).includes(escapeStart));
    assert.ok((await print({ outputColours: true })).includes(escapeStart));
  });
});

describe("a budget", () => {
  for (const { budget, exitCode, message } of [
    { budget: "10000/month", exitCode: 0, message: /^$/ },
    { budget: "$10,000/month", exitCode: 0, message: /^$/ },
    { budget: "1/month", exitCode: 2, message: /^above the budget: \$\d+\.\d\d of \$1 per month\n$/ },
    { budget: "0.001/hour", exitCode: 2, message: /^above the budget: \$0\.\d{4} of \$0\.001 per hour\n$/ },
    { budget: "500", exitCode: 64, message: /--budget: "500" is no budget: write 500\/month or 0\.7\/hour/ },
  ])
    test(`${budget} exits ${exitCode}`, async () => {
      using world = newWorld({ "web.yaml": web() });
      const answer = await world.run(`plan -f web.yaml -o json --budget ${budget}`);
      assert.equal(answer.exitCode, exitCode);
      assert.match(answer.stderr, message);
      if (exitCode !== 64) assert.equal(JSON.parse(answer.stdout).kind, "Plan");
    });
});

describe("a wrong command line is refused before anything is read", () => {
  for (const { args, message } of [
    { args: "plan", message: /what shall be planned\? give manifests with -f/ },
    { args: "plan -f x --time 1s", message: /--time is the time of --optimize/ },
    { args: "plan -f x --seed 1", message: /--seed is the seed of --optimize/ },
    { args: "plan -f x --optimize --time 1", message: /--time: "1" is no duration up to 10m: write 500ms, 1s or 1m/ },
    { args: "plan -f x --optimize --time 1000m", message: /is no duration up to 10m/ },
    { args: "plan -f x --max-node-share 200%", message: /--max-node-share: "200%" is no share: write 2% or 0\.02/ },
    { args: "plan -f x --max-node-share 0%", message: /is no share/ },
    { args: "plan -f x --max-vcpus many", message: /--max-vcpus: "many" is no whole number of at least 1/ },
    { args: "plan -f x --generations new", message: /--generations: "new" names no generations: write 6,7 or 6\+/ },
    { args: "plan -f x --families c7g.large", message: /--families: "c7g\.large" is no instance family/ },
    { args: "plan -f x -o xml", message: /Allowed choices are table, wide, json, yaml/ },
    { args: "plan x", message: /too many arguments|unknown command/ },
    { args: "plan diff x", message: /what is NEW\?/ },
    { args: "plan diff HEAD -f -", message: /-f - has no revisions/ },
  ])
    test(args, async () => {
      using world = newWorld();
      const answer = await world.run(args);
      assert.deepEqual([answer.exitCode, answer.stdout], [64, ""]);
      assert.match(answer.stderr, message);
    });
});

describe("input that cannot be planned", () => {
  for (const { rule, files, args, message } of [
    { rule: "no such file", files: {}, args: "-f nowhere", message: /error: nowhere: no such file or directory/ },
    { rule: "broken YAML", files: { "a.yaml": "a: [" }, args: "-f a.yaml", message: /error: a\.yaml:\d+/ },
    {
      rule: "every problem at once",
      files: { "a.yaml": `${web().replace("500m", "-1")}---${web().replace("replicas: 2", "replicas: two")}` },
      args: "-f a.yaml",
      message: /error: the manifests have \d+ problems:\na\.yaml:\d+: /,
    },
    {
      rule: "an unknown region",
      files: { "a.yaml": web() },
      args: "-f a.yaml --region mars-1",
      message: /mars-1.*known are .*ap-northeast-2/,
    },
    {
      rule: "a catalogue of another region",
      files: { "a.yaml": web(), "c.json": '{"date":"2026-01-01","region":"b","instanceTypes":[]}' },
      args: "-f a.yaml --region a --catalog c.json",
      message: /--region a: the catalogue c\.json is of b/,
    },
  ])
    test(rule, async () => {
      using world = newWorld(files);
      const answer = await world.run(`plan ${args}`);
      assert.ok([1, 64].includes(answer.exitCode));
      assert.equal(answer.stdout, "");
      assert.match(answer.stderr, message);
    });
});

describe("nodeless plan diff", () => {
  const git = (world: World, ...args: readonly string[]): void =>
    void execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: world.directory,
      stdio: "ignore",
    });
  function repository(): World {
    const world = newWorld({ "deploy/web.yaml": web(), "deploy/kustomization.yaml": "resources: [web.yaml]\n" });
    git(world, "init", "-q");
    git(world, "add", ".");
    git(world, "commit", "-qm", "first");
    world.write("deploy/web.yaml", web(6));
    git(world, "commit", "-qam", "second");
    world.write("deploy/web.yaml", web(9));
    return world;
  }

  test("two directories", async () => {
    using world = newWorld({ "old/web.yaml": web(), "new/web.yaml": web(5) });
    const { exitCode, stdout } = await world.run("plan diff old new");
    assert.equal(exitCode, 0);
    assert.match(stdout, /^~ +default\/web +pods 2 → 5 /m);
    assert.match(stdout, /^TOTAL +\$[\d.]+ → \$[\d.]+ a month: \+/m);
  });

  test("two revisions of a path, or one and the working tree, from the root or below", async () => {
    using world = repository();
    const pods = async (args: string): Promise<string> => {
      const { stdout } = await world.run(`plan diff ${args} -o json`);
      const { before, after } = JSON.parse(stdout);
      return `${before.pods} -> ${after.pods}`;
    };
    assert.equal(await pods("HEAD~1 HEAD -f deploy"), "2 -> 6");
    assert.equal(await pods("HEAD~1 HEAD -f deploy/web.yaml"), "2 -> 6");
    assert.equal(await pods("HEAD -f deploy"), "6 -> 9");
    assert.equal(await pods("HEAD~1 HEAD -f ."), "2 -> 6");
    assert.equal(await pods(`HEAD~1 HEAD -f ${world.directory}/deploy`), "2 -> 6");
  });

  test("a path that did not exist before starts from nothing", async () => {
    using world = repository();
    world.write("more/web.yaml", web(1));
    git(world, "add", ".");
    git(world, "commit", "-qm", "third");
    const { stdout } = await world.run("plan diff HEAD~1 HEAD -f more");
    assert.match(stdout, /^\+ +default\/web +added: 1 pod, 500m 512Mi, EC2 /m);
  });

  test("a Markdown table for a pull request, and exit 2 above the budget", async () => {
    using world = repository();
    const { exitCode, stdout, stderr } = await world.run(
      "plan diff HEAD~1 HEAD -f deploy -o markdown --budget 1/month",
    );
    assert.equal(exitCode, 2);
    assert.match(stderr, /^above the budget: /);
    const [header, rule, row, total] = stdout.split("\n");
    assert.equal(header, "| workload | what changes | before $/month | after $/month | change |");
    assert.equal(rule, "| --- | --- | ---: | ---: | ---: |");
    assert.match(row ?? "", /^\| `default\/web` \| pods 2 → 6 \| [\d.]+ \| [\d.]+ \| \+[\d.]+ \|$/);
    assert.match(total ?? "", /^\| \*\*total\*\* \|/);
  });

  for (const { rule, args, message } of [
    { rule: "an unknown revision", args: "v9 HEAD -f deploy", message: /"v9" is no revision of this git repository/ },
    { rule: "a revision that is an option", args: "--output=/tmp/x HEAD -f deploy", message: /Allowed choices are/ },
    {
      rule: "no manifests at the newer revision",
      args: "HEAD~1 HEAD -f nothing",
      message: /HEAD has no manifests at nothing/,
    },
    {
      rule: "a path outside of the repository",
      args: "HEAD~1 HEAD -f ../x",
      message: /\.\.\/x is outside of the git repository/,
    },
    { rule: "revisions without -f", args: "HEAD~1 HEAD", message: /HEAD~1: no such file or directory/ },
  ])
    test(rule, async () => {
      using world = repository();
      const { exitCode, stderr } = await world.run(`plan diff ${args}`);
      assert.ok(exitCode === 1 || exitCode === 64);
      assert.match(stderr, message);
    });

  test("outside of a repository", async () => {
    using world = newWorld({ "web.yaml": web() });
    const { exitCode, stderr } = await world.run("plan diff HEAD -f web.yaml");
    assert.equal(exitCode, 1);
    assert.match(stderr, /is in no git repository/);
  });
});
