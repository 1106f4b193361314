import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { newWorld } from "./command-world.ts";

const dns = (memory: string, spec = ""): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: coredns, namespace: kube-system }
spec:
  replicas: 2
  selector: { matchLabels: { k8s-app: kube-dns } }
  template:
    metadata: { labels: { k8s-app: kube-dns } }
    spec:
      ${spec}
      containers: [{ name: dns, image: a, resources: { requests: { cpu: 500m, memory: ${memory} } } }]
`;

describe("nodeless lint", () => {
  test("a clean input: the numbers, and exit 0", async () => {
    using world = newWorld({ "dns.yaml": dns("700Mi") });
    assert.deepEqual(await world.run("lint -f ."), {
      exitCode: 0,
      stdout: "no findings in 1 file (1 object, 0 commands)\n",
      stderr: "",
    });
  });

  test("advice alone is no failure; prices are those of the region", async () => {
    using world = newWorld({ "dns.yaml": dns("1Gi") });
    assert.deepEqual(await world.run("lint -f dns.yaml --region ap-northeast-2"), {
      exitCode: 0,
      stdout: [
        "dns.yaml:12  advice  fargate-rounding  Deployment kube-system/coredns",
        "  asks for 0.5vCPU 1Gi and pays for 0.5vCPU 2GB",
        "  remedy: request memory 768Mi instead of 1Gi: 0.5vCPU 1GB saves $7.46 per month for 2 pods",
        "",
        "1 piece of advice in 1 file (1 object, 0 commands)",
        "",
      ].join("\n"),
      stderr: "",
    });
  });

  test("errors and warnings exit 2 after everything is printed; -o json and yaml are the same document", async () => {
    using world = newWorld({ "dns.yaml": dns("512Mi", "hostNetwork: true"), "run.sh": "ls // x\n" });
    const { exitCode, stdout, stderr } = await world.run("lint -f . -o json");
    const report = JSON.parse(stdout);
    assert.deepEqual([exitCode, stderr], [2, "2 errors\n"]);
    assert.deepEqual(report.findings[0], {
      rule: "fargate-host-access",
      severity: "error",
      object: "Deployment kube-system/coredns",
      file: "dns.yaml",
      line: 11,
      message: "Pod not supported on Fargate: fields not supported: HostNetwork",
      remedy: report.findings[0].remedy,
    });
    assert.deepEqual(
      [report.apiVersion, report.kind, report.summary],
      [
        "nodeless.dev/v1alpha1",
        "LintReport",
        { errors: 2, warnings: 0, advice: 0, accepted: 0, omitted: 0, files: 2, objects: 1, commands: 1 },
      ],
    );
    assert.deepEqual(parse((await world.run("lint -f . -o yaml")).stdout), report);
  });

  test("--only and --ignore choose rules", async () => {
    using world = newWorld({ "dns.yaml": dns("512Mi", "hostNetwork: true"), "run.sh": "ls // x\n" });
    assert.equal((await world.run("lint -f . --only slash-comment")).stderr, "1 error\n");
    assert.equal((await world.run("lint -f . --ignore slash-comment,fargate-host-access")).exitCode, 0);
  });

  test("standard input, and pools of a file of their own", async () => {
    using world = newWorld({
      "pool.yaml":
        "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: { name: small }\nspec: { limits: { cpu: 9 }, template: { spec: { requirements: [{ key: node.kubernetes.io/instance-type, operator: In, values: [c7i.large] }], nodeClassRef: { group: karpenter.k8s.aws, kind: EC2NodeClass, name: default } } } }\n",
    });
    const web = dns("6Gi").replaceAll("kube-system", "shop");
    assert.equal((await world.run("lint -f -", web)).exitCode, 0);
    const { exitCode, stdout } = await world.run("lint -f - --nodepool pool.yaml", web);
    assert.equal(exitCode, 2);
    assert.match(stdout, /^standard input:12 {2}error {2}no-node {2}Deployment shop\/coredns\n {2}NodePool small: /);
  });

  test("a cluster of a region without prices is checked without the rules about nodes", async () => {
    const config =
      "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: a, region: eu-north-1 }\nfargateProfiles: [{ name: a, selectors: [{ namespace: kube-system, labels: { k8s-app: kube-dns } }] }]\n---";
    using world = newWorld({ "dns.yaml": config + dns("1Gi") });
    const { exitCode, stdout, stderr } = await world.run("lint -f dns.yaml");
    assert.equal(exitCode, 0);
    assert.match(stderr, /^! rules about nodes are left out: .*eu-north-1/);
    assert.match(stdout, /saves about \$/);
    assert.equal((await world.run("lint -f dns.yaml --region eu-north-1")).exitCode, 1);
  });

  test("nodes are in the zones of the cluster, not in all of its region", async () => {
    const config = (zones: string): string =>
      `apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: a, region: us-east-1 }\navailabilityZones: [${zones}]\n---`;
    const web = dns("1Gi", "nodeSelector: { topology.kubernetes.io/zone: us-east-1c }").replaceAll(
      "kube-system",
      "shop",
    );
    using world = newWorld({ "web.yaml": config("us-east-1a, us-east-1b") + web });
    const { exitCode, stdout } = await world.run("lint -f . --only no-node");
    assert.equal(exitCode, 2);
    assert.match(stdout, /error {2}no-node {2}Deployment shop\/coredns\n {2}NodePool default: .*us-east-1c/);
    world.write("web.yaml", config("us-east-1a, us-east-1c") + web);
    assert.equal((await world.run("lint -f . --only no-node")).exitCode, 0);
    world.write("web.yaml", config("us-east-1a, us-east-1z") + web);
    for (const args of ["lint -f . --only no-node", "lint -f . --only no-node --region us-east-1"]) {
      const unusable = await world.run(args);
      assert.equal(unusable.exitCode, 0);
      assert.match(
        unusable.stderr,
        /^! availabilityZones: us-east-1z cannot be used .*; all zones of us-east-1 count\n$/,
      );
    }
  });

  test("--rules lists every rule, also as data", async () => {
    using world = newWorld();
    const { exitCode, stdout } = await world.run("lint --rules");
    assert.equal(exitCode, 0);
    assert.match(stdout, /^RULE +SEVERITY +WHAT IS WRONG\n/);
    assert.match(stdout, /^fargate-privileged +error +privileged container on Fargate$/m);
    const rules = JSON.parse((await world.run("lint --rules -o json")).stdout);
    assert.deepEqual(Object.keys(rules[0]), ["id", "severity", "title", "why", "source"]);
    assert.equal(rules.length, stdout.trimEnd().split("\n").length - 1);
  });

  for (const { rule, args, exitCode, says } of [
    { rule: "no file", args: "lint", exitCode: 64, says: /what shall be checked\? give files with -f/ },
    {
      rule: "an unknown rule",
      args: "lint -f . --only nope",
      exitCode: 64,
      says: /--only: there is no rule "nope"; list them/,
    },
    {
      rule: "an unknown output",
      args: "lint -f . -o wide",
      exitCode: 64,
      says: /Allowed choices are table, json, yaml/,
    },
    { rule: "no such path", args: "lint -f nowhere", exitCode: 1, says: /nowhere: no such file or directory/ },
    { rule: "an empty directory", args: "lint -f .", exitCode: 1, says: /nothing to check in this directory/ },
  ])
    test(`${rule}: exit ${exitCode} with what to do`, async () => {
      using world = newWorld();
      const answer = await world.run(args);
      assert.equal(answer.exitCode, exitCode);
      assert.match(answer.stderr, says);
    });
});

describe("the examples of the repository", () => {
  const cwd = fileURLToPath(new URL("../../../examples", import.meta.url));

  test("have findings only where they show old ways", async () => {
    assert.ok(readdirSync(cwd).includes("everyday"));
    using world = newWorld({}, { cwd });
    const { findings } = JSON.parse((await world.run("lint -f . -o json")).stdout);
    const found = (findings as readonly { file: string; severity: string; rule: string }[])
      .filter(({ severity }) => severity !== "advice")
      .map(({ file, rule }) => `${file} ${rule}`);
    assert.deepEqual(found, [
      "coredns-on-ec2/cluster.yaml coredns-compute-type",
      "old-karpenter-api/cluster.yaml karpenter-old-api",
      "old-karpenter-api/cluster.yaml karpenter-old-api",
    ]);
  });
});
