import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type PlanInput, type PlanOptions, planInput, planTable, type TableOptions } from "@nodeless/planner";
import { AGENT, deployment, inputOf, NODE, NODE_CLASS, nodePool, planOf } from "./plan-fixture.ts";
import { SMALL_CATALOG } from "./report-catalog.ts";

/** `NODELESS_UPDATE=1` rewrites the transcripts; the review reads the difference. */
const UPDATE = process.env["NODELESS_UPDATE"] === "1";
const PROFILE = `
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: { name: demo, region: ap-northeast-2 }
fargateProfiles:
  - name: system
    selectors: [{ namespace: kube-system }, { namespace: karpenter }]`;
const SHOP = [
  PROFILE,
  deployment("kube-system/coredns", { replicas: 2, cpu: "100m", memory: "70Mi" }),
  deployment("karpenter/karpenter", { replicas: 2, cpu: "500m", memory: "1Gi" }),
  deployment("shop/web", { replicas: 3, cpu: "500m", memory: "1Gi" }),
  deployment("shop/search", { cpu: "2", memory: "3Gi" }),
];

interface Scene {
  readonly name: string;
  readonly manifests: readonly string[];
  readonly plan?: Partial<PlanOptions>;
  readonly table?: TableOptions;
}

const SCENES: readonly Scene[] = [
  { name: "shop", manifests: SHOP },
  { name: "shop-wide", manifests: SHOP, plan: { priceFamilies: true, knobs: { maxVcpus: 4 } }, table: { wide: true } },
  { name: "shop-ascii", manifests: SHOP, table: { unicode: false, width: 72 } },
  {
    name: "refusals",
    manifests: [
      PROFILE,
      deployment("kube-system/agent", { replicas: 3, spec: "hostNetwork: true" }),
      deployment("shop/giant", { replicas: 2, cpu: "64" }),
      deployment("shop/web", { cpu: "500m", memory: "512Mi" }),
    ],
  },
  {
    name: "existing-and-daemons",
    manifests: [NODE, AGENT, deployment("shop/web", { replicas: 9, cpu: "700m", memory: "1Gi" })],
  },
  {
    name: "spot",
    manifests: [
      NODE_CLASS,
      nodePool("spot", { "karpenter.sh/capacity-type": ["spot"] }),
      deployment("shop/a-service-with-a-very-long-name-that-nobody-can-shorten", { replicas: 120, cpu: "1900m" }),
    ],
  },
  {
    name: "preferences",
    manifests: [
      deployment("cache/redis", {
        replicas: 3,
        cpu: "500m",
        memory: "1Gi",
        spec: `affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm:
        { topologyKey: kubernetes.io/hostname, labelSelector: { matchLabels: { app: redis } } } }] } }`,
      }),
    ],
  },
  { name: "nothing", manifests: [PROFILE] },
];

describe("the table, as it is printed", () => {
  for (const { name, manifests, plan, table } of SCENES)
    test(name, () => {
      const text = planTable(planOf(manifests.join("\n---\n"), plan, SMALL_CATALOG), table);
      const file = new URL(`./testdata/report-${name}.txt`, import.meta.url);
      if (UPDATE) writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
});

describe("DaemonSets of the cluster's add-ons", () => {
  const lineOf = (addonDaemonSets: PlanInput["addonDaemonSets"] & object, text: string): string | undefined =>
    /^.* of the cluster's add-ons .*(?:\n {2}.*)?$/m
      .exec(planTable(planOf({ ...inputOf(text), addonDaemonSets }, {}, SMALL_CATALOG)))?.[0]
      .replaceAll(/\s+/g, " ");
  const web = deployment("shop/web", { cpu: "500m" });
  const { addonDaemonSets: both = [] } = planInput([{ file: "a", text: web, found: false }], { addonDaemonSets: true });

  for (const { rule, counted, text, want } of [
    {
      rule: "a line says what they take",
      counted: both,
      text: web,
      want: "aws-node and kube-proxy of the cluster's add-ons take 125m cpu of each node; --no-addon-daemonsets leaves them out",
    },
    {
      rule: "also of one",
      counted: both.slice(1),
      text: web,
      want: "kube-proxy of the cluster's add-ons takes 100m cpu of each node; --no-addon-daemonsets leaves it out",
    },
    { rule: "none, no line", counted: [], text: web, want: undefined },
    { rule: "no node, no line", counted: both, text: deployment("kube-system/dns"), want: undefined },
  ])
    test(rule, () => assert.equal(lineOf(counted, text), want));
});

describe("on any terminal", () => {
  const outcome = planOf(SHOP.join("\n---\n"), {}, SMALL_CATALOG);

  for (const width of [72, 80, 100])
    test(`no line is longer than ${width} columns`, () => {
      for (const { manifests } of SCENES) {
        const text = planTable(planOf(manifests.join("\n---\n"), {}, SMALL_CATALOG), { width });
        for (const line of text.split("\n")) assert.ok(line.length <= width, line);
      }
    });

  test("without colours there is no escape, with colours only those change", () => {
    const plain = planTable(outcome);
    const coloured = planTable(outcome, { color: true });
    assert.ok(!plain.includes("\u001b"));
    assert.ok(coloured.includes("\u001b["));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
    assert.equal(coloured.replaceAll(/\u001b\[\d+m/g, ""), plain);
  });

  test("ASCII only when the terminal knows no more", () => {
    for (const { manifests } of SCENES) {
      const text = planTable(planOf(manifests.join("\n---\n"), {}, SMALL_CATALOG), { unicode: false });
      assert.match(text, /^[\n -~]*$/);
    }
  });
});
