import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { type PlanDiff, planDiff, planDiffMarkdown, planDiffTable } from "@nodeless/planner";
import { deployment, NODE_CLASS, nodePool, planOf } from "./plan-fixture.ts";
import { SMALL_CATALOG } from "./report-catalog.ts";

/** `NODELESS_UPDATE=1` rewrites the transcripts; the review reads the difference. */
const UPDATE = process.env["NODELESS_UPDATE"] === "1";
const DNS = deployment("kube-system/coredns", { replicas: 2, cpu: "100m", memory: "70Mi" });
const WEB = deployment("shop/web", { replicas: 2, cpu: "500m", memory: "1Gi" });
const MAIL = deployment("shop/mail", { cpu: "200m", memory: "256Mi" });

function diffOf(before: readonly string[], after: readonly string[]): PlanDiff {
  const plan = (manifests: readonly string[]) => planOf(manifests.join("\n---\n"), {}, SMALL_CATALOG);
  return planDiff(plan(before), plan(after));
}

describe("each workload says what happened to it", () => {
  const changeOf = (before: string, after: string, name: string): string => {
    const { workloads } = diffOf([DNS, before], [DNS, after]);
    const found = workloads.find(({ workload }) => workload === name);
    return JSON.stringify([
      found?.change,
      found?.before?.pods,
      found?.after?.pods,
      found?.after?.requests,
      found?.after?.runsOn,
    ]);
  };
  for (const { rule, before, after, name, want } of [
    {
      rule: "more replicas",
      before: WEB,
      after: WEB.replace("replicas: 2", "replicas: 5"),
      name: "Deployment/web",
      want: ["changed", 2, 5, ["500m 1Gi"], ["EC2"]],
    },
    {
      rule: "other requests",
      before: WEB,
      after: WEB.replace("500m", "700m"),
      name: "Deployment/web",
      want: ["changed", 2, 2, ["700m 1Gi"], ["EC2"]],
    },
    {
      rule: "a new workload",
      before: WEB,
      after: `${WEB}\n---\n${MAIL}`,
      name: "Deployment/mail",
      want: ["added", null, 1, ["200m 256Mi"], ["EC2"]],
    },
    {
      rule: "a workload that is gone",
      before: `${WEB}\n---\n${MAIL}`,
      after: WEB,
      name: "Deployment/mail",
      want: ["removed", 1, null, null, null],
    },
    {
      rule: "another neighbour on the node",
      before: WEB,
      after: `${WEB}\n---\n${MAIL}`,
      name: "Deployment/web",
      want: ["shared", 2, 2, ["500m 1Gi"], ["EC2"]],
    },
    {
      rule: "nothing",
      before: WEB,
      after: MAIL,
      name: "Deployment/coredns",
      want: ["unchanged", 2, 2, ["100m 70Mi"], ["Fargate 0.25vCPU 0.5GB"]],
    },
    {
      rule: "no room any more",
      before: WEB,
      after: WEB.replace("500m", "50"),
      name: "Deployment/web",
      want: ["changed", 2, 2, ["50 1Gi"], []],
    },
    {
      rule: "to Fargate",
      before: WEB,
      after: WEB.replaceAll("shop", "karpenter"),
      name: "Deployment/web",
      want: ["added", null, 2, ["500m 1Gi"], ["Fargate 0.5vCPU 2GB"]],
    },
  ])
    test(rule, () => assert.equal(changeOf(before, after, name), JSON.stringify(want)));
});

test("the changes of the workloads sum up to the change of the total", () => {
  const diff = diffOf([DNS, WEB], [DNS, WEB.replace("replicas: 2", "replicas: 9"), MAIL]);
  let sum = 0;
  for (const { usdPerHourChange } of diff.workloads) sum += usdPerHourChange;
  assert.ok(Math.abs(sum - diff.usdPerHourChange) < 1e-12);
  assert.equal(diff.usdPerHourChange, diff.after.usdPerHour - diff.before.usdPerHour);
  assert.equal(diff.changeRatio, diff.usdPerHourChange / diff.before.usdPerHour);
});

test("from nothing there is no ratio", () =>
  assert.equal(diffOf([WEB.replace("replicas: 2", "replicas: 0")], [WEB]).changeRatio, null));

describe("as it is printed", () => {
  const scenes = {
    grown: diffOf(
      [DNS, WEB, MAIL],
      [DNS, WEB.replace("replicas: 2", "replicas: 6"), MAIL, deployment("shop/giant", { cpu: "64" })],
    ),
    unchanged: diffOf([DNS, WEB], [DNS, WEB]),
    spot: diffOf([WEB], [NODE_CLASS, nodePool("spot", { "karpenter.sh/capacity-type": ["spot"] }), WEB]),
  };
  for (const [name, diff] of Object.entries(scenes))
    for (const [format, text] of [
      ["table.txt", planDiffTable(diff)],
      ["wide.txt", planDiffTable(diff, { wide: true, unicode: false })],
      ["pull-request.md", planDiffMarkdown(diff)],
    ] as const)
      test(`${name}, ${format}`, () => {
        const file = new URL(`./testdata/diff-${name}-${format}`, import.meta.url);
        if (UPDATE) writeFileSync(file, text);
        assert.equal(text, readFileSync(file, "utf8"));
        if (format === "table.txt") for (const line of text.split("\n")) assert.ok(line.length <= 80, line);
      });
});
