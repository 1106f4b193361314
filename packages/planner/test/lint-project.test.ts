import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import {
  InvalidManifestsError,
  type LintReport,
  lint,
  lintProjects,
  lintText,
  readLintSources,
} from "@nodeless/planner";
import { SEOUL } from "./plan-fixture.ts";

interface World extends Disposable {
  readonly directory: string;
  report(...paths: readonly string[]): LintReport;
}

function newWorld(files: Readonly<Record<string, string>>): World {
  const directory = mkdtempSync(join(tmpdir(), "nodeless-lint-"));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, file)), { recursive: true });
    writeFileSync(join(directory, file), text);
  }
  return {
    directory,
    report: (...paths) => {
      const { sources } = readLintSources(paths.length === 0 ? ["."] : paths, { directory });
      return lint(lintProjects(sources), { catalogOf: () => SEOUL });
    },
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  };
}

const places = ({ findings }: LintReport): readonly string[] =>
  findings.map(({ file, line, rule }) => `${file}:${line} ${rule}`);

const deployment = (
  name: string,
  { namespace = "shop", annotations = "", resources = "{}", replicas = "1" } = {},
): string =>
  `apiVersion: apps/v1
kind: Deployment
metadata: { name: ${name}, namespace: ${namespace}, annotations: { ${annotations} } }
spec:
  replicas: ${replicas}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} } }
    spec:
      containers:
        - { name: main, image: a, resources: ${resources} }
`;
const REQUESTS_LINE = 11;
const config = (name: string, namespace: string): string =>
  `apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: { name: ${name}, region: eu-west-1 }
fargateProfiles:
  - name: apps
    selectors: [{ namespace: ${namespace} }]
`;

describe("what is checked although something is broken", () => {
  test("a document with problems is a finding, and the others are still checked", () => {
    using world = newWorld({
      "a.yaml": [deployment("one"), deployment("two", { replicas: '"2"' }), deployment("three")].join("---\n"),
    });
    assert.deepEqual(places(world.report()), [
      `a.yaml:${REQUESTS_LINE} requests-missing`,
      "a.yaml:17 manifest-invalid",
      "a.yaml:35 requests-missing",
    ]);
  });

  test("broken YAML hides its own document only", () => {
    using world = newWorld({ "a.yaml": `${deployment("one")}---\nkind: [\n---\n${deployment("two")}` });
    assert.deepEqual(
      places(world.report()).filter((place) => place.endsWith("requests-missing")),
      ["a.yaml:11 requests-missing", "a.yaml:25 requests-missing"],
    );
  });

  test("profiles of a ClusterConfig with unknown fields still count", () => {
    using world = newWorld({
      "a.yaml": `${config("c", "shop")}managedNodeGroups: []\n---\n${deployment("one").replace("spec:\n      con", "spec:\n      hostNetwork: true\n      con")}`,
    });
    assert.deepEqual(places(world.report()), [
      "a.yaml:7 cluster-config-unsupported",
      "a.yaml:18 fargate-host-access",
      "a.yaml:20 requests-missing",
    ]);
  });

  test("patches of a kustomization are no manifests", () => {
    using world = newWorld({
      "base/web.yaml": deployment("web"),
      "prod/kustomization.yaml":
        "resources: [../base]\npatches:\n  - path: replicas.yaml\n  - target: { kind: Service }\n    patch: x\n",
      "prod/replicas.yaml":
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web, namespace: shop }\nspec: { replicas: 5 }\n",
    });
    assert.deepEqual(places(world.report()), ["base/web.yaml:11 requests-missing"]);
  });

  test("files beside manifests are passed over", () => {
    using world = newWorld({ "package.json": "{}", "run.sh": "ls // x\n" });
    assert.deepEqual(places(world.report()), ["run.sh:1 slash-comment"]);
  });
});

describe("clusters of one repository", () => {
  test("a file belongs to the nearest ClusterConfig above it", () => {
    const privileged = deployment("web").replace("name: main,", "name: main, securityContext: { privileged: true },");
    using world = newWorld({
      "a/cluster.yaml": config("a", "shop"),
      "a/apps/web.yaml": privileged,
      "b/cluster.yaml": config("b", "other"),
      "b/web.yaml": privileged,
      "web.yaml": privileged,
    });
    assert.deepEqual(
      places(world.report()).filter((place) => place.includes("fargate")),
      ["a/apps/web.yaml:11 fargate-privileged"],
    );
  });

  test("two ClusterConfigs of one directory are two clusters", () => {
    using world = newWorld({ "dev.yaml": config("a", "shop"), "prod.yaml": config("b", "shop") });
    assert.deepEqual(places(world.report()), []);
  });
});

describe("findings that are accepted", () => {
  for (const [where, text] of [
    ["an annotation", deployment("a", { annotations: '"nodeless.dev/lint-ignore": "no-node, requests-missing"' })],
    ["a comment before the object", `# nodeless.dev/lint-ignore: requests-missing\n${deployment("a")}`],
    [
      "a comment before the line",
      deployment("a").replace("        - {", "        # nodeless.dev/lint-ignore: requests-missing\n        - {"),
    ],
    [
      "a comment on the line",
      deployment("a").replace("{} }\n", "{} } # nodeless.dev/lint-ignore: requests-missing (a sketch)\n"),
    ],
    ["all rules", deployment("a", { annotations: '"nodeless.dev/lint-ignore": "*"' })],
  ] as const)
    test(`by ${where}`, () => {
      using world = newWorld({ "a.yaml": text });
      const { summary, findings } = world.report();
      assert.deepEqual([findings, summary.warnings, summary.accepted], [[], 0, 1]);
    });

  test("no further than the object", () => {
    const accepted = deployment("a", { annotations: '"nodeless.dev/lint-ignore": "requests-missing"' });
    using world = newWorld({ "a.yaml": `${accepted}---\n${deployment("b")}` });
    assert.deepEqual(places(world.report()), ["a.yaml:23 requests-missing"]);
  });

  test("in scripts and in Markdown", () => {
    using world = newWorld({
      "a.sh": "# nodeless.dev/lint-ignore: slash-comment\nls // a\nls // b\n",
      "b.md": "<!-- nodeless.dev/lint-ignore: slash-comment -->\n```sh\nls // a\nls // b\n```\n",
    });
    assert.deepEqual(places(world.report()), ["a.sh:3 slash-comment", "b.md:4 slash-comment"]);
  });
});

describe("what is found once", () => {
  test("pods of one controller that is not in the input stand for each other", () => {
    const pod = (name: string): string =>
      `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name}, namespace: shop, ownerReferences: [{ apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: u, controller: true }] }\nspec: { containers: [{ name: main, image: a }] }\n`;
    using world = newWorld({ "a.yaml": [pod("web-1"), pod("web-2")].join("---\n") });
    assert.deepEqual(places(world.report()), ["a.yaml:4 requests-missing"]);
  });

  test("more findings of a rule than anyone reads are counted", () => {
    const many = Array.from({ length: 250 }, (_, index) => deployment(`a${index}`)).join("---\n");
    using world = newWorld({ "a.yaml": many });
    const { findings, summary } = world.report();
    assert.deepEqual([findings.length, summary.warnings, summary.omitted], [200, 250, 50]);
    assert.match(
      lintText(world.report()),
      /^250 warnings in 1 file \(250 objects, 0 commands\); 50 findings not shown$/m,
    );
  });
});

describe("reading", () => {
  test("directories by name; charts, hidden files and other endings are left out, links read once", () => {
    using world = newWorld({
      "b.sh": "ls // b",
      "a/c.md": "```sh\nls // c\n```",
      ".hidden.sh": "ls // x",
      "notes.txt": "ls // x",
      "chart/Chart.yaml": "name: x",
      "chart/templates/a.yaml": "{{ x }}",
      "large.md": " ".repeat(4 * 1024 * 1024 + 1),
    });
    symlinkSync(join(world.directory, "a"), join(world.directory, "z"));
    symlinkSync(world.directory, join(world.directory, "a", "loop"));
    assert.deepEqual(places(world.report()), ["a/c.md:2 slash-comment", "b.sh:1 slash-comment"]);
    const { notices } = readLintSources(["."], { directory: world.directory });
    assert.deepEqual(notices, [
      "chart is a Helm chart and is left out; render it: helm template chart | nodeless lint -f -",
      "large.md is larger than 4194304 bytes and is left out",
    ]);
    assert.deepEqual(readLintSources(["chart/templates"], { directory: world.directory }).sources, []);
  });

  test("what cannot be read is said with the remedy", () => {
    using world = newWorld({ "empty/x.png": "", "large.md": " ".repeat(4 * 1024 * 1024 + 1) });
    const refused = (path: string): string => {
      try {
        readLintSources([path], { directory: world.directory });
      } catch (error) {
        assert.ok(error instanceof InvalidManifestsError);
        return error.message;
      }
      return "";
    };
    assert.match(refused("nowhere"), /^nowhere: no such file or directory; check the path given with -f$/);
    assert.match(refused("empty"), /^empty: nothing to check in this directory; lint reads \.yaml/);
    assert.match(refused("large.md"), /^large\.md: larger than 4194304 bytes; split it$/);
    assert.match(refused("-"), /^-: standard input cannot be read here; give a file$/);
  });

  test("YAML blocks of a text are not checked, which is said when it is named", () => {
    const block = "```yaml\nkind: [\n```\n";
    using world = newWorld({ "a.md": block, "b.md": block + block });
    assert.deepEqual(places(world.report()), []);
    const noticesOf = (path: string) => readLintSources([path], { directory: world.directory }).notices;
    const rest = "not checked; put manifests into files, or pipe them to nodeless lint -f -";
    assert.deepEqual(noticesOf("."), []);
    assert.deepEqual(noticesOf("a.md"), [`a.md: its YAML block is ${rest}`]);
    assert.deepEqual(noticesOf("b.md"), [`b.md: its 2 YAML blocks are ${rest}`]);
  });

  test("standard input is manifests, or a script that says so", () => {
    const lintStdin = (stdin: string): readonly string[] =>
      places(lint(lintProjects(readLintSources(["-"], { stdin }).sources)));
    assert.deepEqual(lintStdin("#!/bin/sh\nls // a\n"), ["standard input:2 slash-comment"]);
    assert.deepEqual(lintStdin(deployment("a")), ["standard input:11 requests-missing"]);
  });
});
