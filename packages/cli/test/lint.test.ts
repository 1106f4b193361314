import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { main } from "nodeless";
import { parse } from "yaml";

interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function run(
  args: string,
  { cwd, input = "" }: { readonly cwd: string; readonly input?: string },
): Promise<Answer> {
  let stdout = "";
  let stderr = "";
  const exitCode = await main(args.split(" "), {
    out: (text) => {
      stdout += text;
    },
    err: (text) => {
      stderr += text;
    },
    environment: { NODELESS_HOME: join(cwd, ".state"), LANG: "C.UTF-8" },
    colours: false,
    cwd,
    command: "nodeless",
    readInput: async () => input,
  });
  return { exitCode, stdout, stderr };
}

function newDirectory(files: Readonly<Record<string, string>>): Disposable & { readonly cwd: string } {
  const cwd = mkdtempSync(join(tmpdir(), "nodeless-lint-"));
  for (const [file, text] of Object.entries(files)) writeFileSync(join(cwd, file), text);
  return { cwd, [Symbol.dispose]: () => rmSync(cwd, { recursive: true }) };
}

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
    using world = newDirectory({ "dns.yaml": dns("700Mi") });
    assert.deepEqual(await run("lint -f .", world), {
      exitCode: 0,
      stdout: "no findings in 1 file (1 object, 0 commands)\n",
      stderr: "",
    });
  });

  test("advice alone is no failure; prices are those of the region", async () => {
    using world = newDirectory({ "dns.yaml": dns("1Gi") });
    assert.deepEqual(await run("lint -f dns.yaml --region ap-northeast-2", world), {
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
    using world = newDirectory({ "dns.yaml": dns("512Mi", "hostNetwork: true"), "run.sh": "ls // x\n" });
    const { exitCode, stdout, stderr } = await run("lint -f . -o json", world);
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
    assert.deepEqual(parse((await run("lint -f . -o yaml", world)).stdout), report);
  });

  test("--only and --ignore choose rules", async () => {
    using world = newDirectory({ "dns.yaml": dns("512Mi", "hostNetwork: true"), "run.sh": "ls // x\n" });
    assert.equal((await run("lint -f . --only slash-comment", world)).stderr, "1 error\n");
    assert.equal((await run("lint -f . --ignore slash-comment,fargate-host-access", world)).exitCode, 0);
  });

  test("standard input, and pools of a file of their own", async () => {
    using world = newDirectory({
      "pool.yaml":
        "apiVersion: karpenter.sh/v1\nkind: NodePool\nmetadata: { name: small }\nspec: { limits: { cpu: 9 }, template: { spec: { requirements: [{ key: node.kubernetes.io/instance-type, operator: In, values: [c7i.large] }], nodeClassRef: { group: karpenter.k8s.aws, kind: EC2NodeClass, name: default } } } }\n",
    });
    const web = dns("6Gi").replaceAll("kube-system", "shop");
    assert.equal((await run("lint -f -", { ...world, input: web })).exitCode, 0);
    const { exitCode, stdout } = await run("lint -f - --nodepool pool.yaml", { ...world, input: web });
    assert.equal(exitCode, 2);
    assert.match(stdout, /^standard input:12 {2}error {2}no-node {2}Deployment shop\/coredns\n {2}NodePool small: /);
  });

  test("a cluster of a region without prices is checked without the rules about nodes", async () => {
    const config =
      "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: { name: a, region: eu-north-1 }\nfargateProfiles: [{ name: a, selectors: [{ namespace: kube-system, labels: { k8s-app: kube-dns } }] }]\n---";
    using world = newDirectory({ "dns.yaml": config + dns("1Gi") });
    const { exitCode, stdout, stderr } = await run("lint -f dns.yaml", world);
    assert.equal(exitCode, 0);
    assert.match(stderr, /^! rules about nodes are left out: .*eu-north-1/);
    assert.match(stdout, /saves about \$/);
    assert.equal((await run("lint -f dns.yaml --region eu-north-1", world)).exitCode, 1);
  });

  test("--rules lists every rule, also as data", async () => {
    using world = newDirectory({});
    const { exitCode, stdout } = await run("lint --rules", world);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^RULE +SEVERITY +WHAT IS WRONG\n/);
    assert.match(stdout, /^fargate-privileged +error +privileged container on Fargate$/m);
    const rules = JSON.parse((await run("lint --rules -o json", world)).stdout);
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
      using world = newDirectory({});
      const answer = await run(args, world);
      assert.equal(answer.exitCode, exitCode);
      assert.match(answer.stderr, says);
    });
});

describe("the examples of the repository", () => {
  const cwd = fileURLToPath(new URL("../../../examples", import.meta.url));

  test("have findings only where they show old ways", async () => {
    assert.ok(readdirSync(cwd).includes("everyday"));
    const { findings } = JSON.parse((await run("lint -f . -o json", { cwd })).stdout);
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
