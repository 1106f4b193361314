import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import {
  type Explanation,
  explainNode,
  explainPod,
  explanationText,
  nearNames,
  type PlanOutcome,
  type TypeChoice,
} from "@nodeless/planner";
import { deployment, planOf, SEOUL } from "./plan-fixture.ts";
import { SMALL_CATALOG } from "./report-catalog.ts";
import { SCENES, type Scene } from "./why-scenes.ts";

/** `NODELESS_UPDATE=1` rewrites the transcripts; the review reads the difference. */
const UPDATE = process.env["NODELESS_UPDATE"] === "1";

function explained({ manifests, pod, node }: Scene): Explanation {
  const outcome = planOf(manifests.join("\n---\n"), {}, SMALL_CATALOG);
  const explanation = pod === undefined ? explainNode(outcome, node ?? "") : explainPod(outcome, pod);
  assert.ok(explanation, pod ?? node);
  return explanation;
}

describe("the explanation, as it is printed", () => {
  for (const scene of SCENES)
    test(scene.name, () => {
      const text = explanationText(explained(scene));
      const file = new URL(`./testdata/why-${scene.name}.txt`, import.meta.url);
      if (UPDATE) writeFileSync(file, text);
      assert.equal(text, readFileSync(file, "utf8"));
    });
});

describe("on any terminal", () => {
  for (const width of [72, 80, 100])
    test(`no line is longer than ${width} columns or ends in spaces`, () => {
      for (const scene of SCENES)
        for (const line of explanationText(explained(scene), { width }).split("\n")) {
          assert.ok(line.length <= width, line);
          assert.doesNotMatch(line, / $/);
        }
    });

  test("colours add escapes only, and without Unicode all is ASCII", () => {
    for (const scene of SCENES) {
      const explanation = explained(scene);
      const coloured = explanationText(explanation, { color: true });
      assert.ok(coloured.includes("\u001b["));
      // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes are what is looked for
      assert.equal(coloured.replaceAll(/\u001b\[\d+m/g, ""), explanationText(explanation));
      assert.match(explanationText(explanation, { unicode: false }), /^[\n -~]*$/);
    }
  });
});

/** What somebody finds wrong who reads the choice against the plan's own prices. */
function objections(choice: TypeChoice, usdPerHour: number): readonly string[] {
  const found: string[] = [];
  const out = choice.rejected.reduce((sum, { types }) => sum + types, 0);
  if (out + choice.fittingTypes !== choice.considered) found.push("some type is neither out nor fits");
  const chosen = choice.fitting.filter((one) => one.chosen);
  if (chosen.length !== 1) found.push(`${chosen.length} purchases are chosen`);
  if (chosen[0]?.usdPerHour !== usdPerHour) found.push("the chosen purchase has another price than the node");
  if (choice.fitting.some((one) => one.usdPerHour < usdPerHour)) found.push("something that fits is cheaper");
  if (choice.fitting.some((one) => one.cpuFill > 1 || one.memoryFill > 1))
    found.push("something that fits is too small");
  if ((choice.runnerUp?.dearerUsdPerHour ?? 0) < 0) found.push("the runner-up is cheaper");
  return found;
}

const MIX: readonly string[] = [
  deployment("shop/web", { replicas: 40, cpu: "700m", memory: "1500Mi" }),
  deployment("shop/cache", { replicas: 9, cpu: "250m", memory: "6Gi" }),
  deployment("shop/arm", { replicas: 5, cpu: "2", memory: "2Gi", spec: "nodeSelector: { kubernetes.io/arch: amd64 }" }),
  deployment("shop/pinned", {
    replicas: 7,
    cpu: "900m",
    memory: "1Gi",
    spec: "nodeSelector: { topology.kubernetes.io/zone: ap-northeast-2c }",
  }),
];

describe("explanations agree with the plan", () => {
  const plans: readonly (readonly [string, PlanOutcome])[] = [
    ["fast gear", planOf(MIX.join("\n---\n"), {}, SEOUL)],
    ["optimize", planOf(MIX.join("\n---\n"), { gear: "optimize", triesMax: 200 }, SEOUL)],
  ];
  for (const [gear, outcome] of plans) {
    test(`${gear}: of every node, type and price are those of the cheapest that fits`, () => {
      for (const { name, usdPerHour } of outcome.document.nodes) {
        const explanation = explainNode(outcome, name);
        assert.ok(explanation?.choice, name);
        assert.deepEqual(objections(explanation.choice, usdPerHour), [], name);
      }
    });

    test(`${gear}: what the nodes waste is the whole gap between cost and fair prices`, () => {
      let waste = 0;
      for (const { name } of outcome.document.nodes)
        waste += explainNode(outcome, name)?.node.wasteUsdPerHour ?? Number.NaN;
      let fair = 0;
      for (const { ec2UsdPerHour = 0 } of outcome.document.pods) fair += ec2UsdPerHour;
      assert.ok(Math.abs(waste - (outcome.document.totals.usdPerHour - fair)) < 1e-6, String(waste));
    });

    test(`${gear}: every pod is on the node that is marked, and full nodes say what is missing`, () => {
      for (const { metadata } of outcome.input.pods.filter((_, index) => index % 9 === 0)) {
        const key = `${metadata.namespace}/${metadata.name}`;
        const explanation = explainPod(outcome, key);
        const node = outcome.document.nodes.find(({ pods }) => pods.includes(key));
        assert.deepEqual(
          explanation?.candidates.filter(({ chosen }) => chosen).map(({ name }) => name),
          [node?.name, node?.nodePool],
        );
        for (const { fits, rule, message } of explanation?.candidates ?? [])
          assert.ok(fits || (rule !== undefined && message !== ""), key);
      }
    });
  }

  test("what the plan does not have is not explained", () => {
    const [, outcome] = plans[0] ?? assert.fail();
    assert.equal(explainPod(outcome, "shop/nobody"), undefined);
    assert.equal(explainNode(outcome, "nobody"), undefined);
  });
});

describe("names that may be meant", () => {
  const names = ["shop/web-0", "shop/web-1", "shop/search-0", "kube-system/coredns-0", "prod/web-0"];
  for (const { wanted, near } of [
    { wanted: "shop/web", near: ["shop/web-0", "shop/web-1", "prod/web-0"] },
    { wanted: "default/search-0", near: ["shop/search-0"] },
    { wanted: "shop/serach-0", near: ["shop/search-0"] },
    { wanted: "default/web-0", near: ["prod/web-0", "shop/web-0", "shop/web-1"] },
    { wanted: "shop/nginx-12345", near: [] },
  ])
    test(`${wanted}: ${near.join(", ") || "none"}`, () => assert.deepEqual(nearNames(wanted, names), near));
});
