import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { LINT_RULES, type LintFinding, type LintFormat, lint, lintProjects } from "@nodeless/planner";
import { config, onFargate, onNodes, PROFILES, pool, type Row } from "./lint-rows.ts";
import { CLUSTER_ROWS } from "./lint-rows-cluster.ts";
import { COMMAND_ROWS } from "./lint-rows-commands.ts";
import { FARGATE_ROWS } from "./lint-rows-fargate.ts";
import { SEOUL } from "./plan-fixture.ts";

const ROWS: readonly Row[] = [...FARGATE_ROWS, ...CLUSTER_ROWS, ...COMMAND_ROWS];

/** Before a continuation too. */
const MARK = / ?<<(?=\\?$)/;

function findings(text: string, format: LintFormat = "manifest"): readonly LintFinding[] {
  const sources = [{ file: "in", text, format, found: false }];
  return lint(lintProjects(sources), { catalogOf: () => SEOUL }).findings;
}

function linesOf(rule: string, text: string, format: LintFormat | undefined): readonly number[] {
  return findings(text, format)
    .filter((finding) => finding.rule === rule)
    .map(({ line }) => line);
}

describe("every rule finds its mistake where it stands, and nothing without it", () => {
  for (const [index, { rule, format, bad, good }] of ROWS.entries())
    test(`${rule} (${index})`, () => {
      const lines = bad.split("\n");
      const marked = lines.flatMap((line, at) => (MARK.test(line) ? [at + 1] : []));
      assert.equal(marked.length, 1, "the row marks one line");
      assert.deepEqual(linesOf(rule, lines.map((line) => line.replace(MARK, "")).join("\n"), format), marked);
      assert.deepEqual(linesOf(rule, good, format), []);
    });

  test("the table has a row for every rule", () => {
    assert.deepEqual(
      LINT_RULES.map(({ id }) => id).filter((id) => !ROWS.some(({ rule }) => rule === id)),
      [],
    );
  });

  test("clean manifests are clean under all rules", () => {
    for (const good of [onNodes({}), onFargate({}), pool("  limits: { cpu: 10 }"), config(PROFILES)])
      assert.deepEqual(findings(good), []);
  });
});

describe("the table of rules", () => {
  test("ids are unique, plain and told apart by their titles", () => {
    const ids = LINT_RULES.map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(
      ids.filter((id) => !/^[a-z]+(-[a-z0-9]+)*$/.test(id)),
      [],
    );
    assert.equal(new Set(LINT_RULES.map(({ title }) => title)).size, ids.length);
  });

  test("docs/lint-rules.md lists them as they are", () => {
    const text = readFileSync(new URL("../../../docs/lint-rules.md", import.meta.url), "utf8");
    const listed = text.split("\n").filter((line) => line.startsWith("| `"));
    assert.deepEqual(
      listed,
      LINT_RULES.map(
        ({ id, severity, title, why, source }) => `| \`${id}\` | ${severity} | ${title} | ${why} | ${source} |`,
      ),
    );
  });
});
