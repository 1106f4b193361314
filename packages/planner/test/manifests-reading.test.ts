import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, test } from "node:test";
import {
  formatManifestProblem,
  InvalidManifestsError,
  type ManifestSource,
  type PlanInput,
  planInput,
  readManifests,
} from "@nodeless/planner";

const root = mkdtempSync(join(tmpdir(), "nodeless-manifests-"));
after(() => rmSync(root, { recursive: true }));

const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { containers: [{ name: app }] }\n`;

let directories = 0;
/** A new directory with these files; paths in it are relative to it. */
function directoryWith(files: Readonly<Record<string, string>>): string {
  directories += 1;
  const directory = join(root, `d${directories}`);
  mkdirSync(directory);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
}

const read = (directory: string, ...paths: readonly string[]): readonly ManifestSource[] =>
  readManifests(paths, { directory, stdin: pod("from-stdin") });

function problems(action: () => unknown): readonly string[] {
  try {
    action();
    return [];
  } catch (error) {
    if (error instanceof InvalidManifestsError) return error.problems.map(formatManifestProblem);
    throw error;
  }
}

const podNames = ({ pods }: PlanInput): readonly string[] => pods.map(({ metadata }) => metadata.name);
const planText = (text: string): PlanInput => planInput([{ file: "a.yaml", text, found: false }]);
const notices = (input: PlanInput): readonly string[] =>
  input.notices.map(({ subject, at, message }) => `${at?.file}:${at?.line}: ${subject ?? "-"}: ${message}`);

describe("which files are read", () => {
  test("directories by name, files of three endings, nothing hidden, no node_modules", () => {
    const directory = directoryWith({
      "b/web.yml": pod("b-web"),
      "a.yaml": pod("a"),
      "c.JSON": JSON.stringify({ apiVersion: "v1", kind: "Pod", metadata: { name: "c" }, spec: { containers: [] } }),
      "README.md": "# no manifest",
      ".hidden.yaml": "broken: [",
      ".git/x.yaml": "broken: [",
      "node_modules/p/x.yaml": "broken: [",
    });
    assert.deepEqual(
      read(directory, ".").map(({ file }) => file),
      ["a.yaml", "b/web.yml", "c.JSON"],
    );
  });

  test("a file reached twice is read once, links that loop end, dead links are left out", () => {
    const directory = directoryWith({ "apps/web.yaml": pod("web") });
    symlinkSync(directory, join(directory, "apps", "loop"));
    symlinkSync(join(directory, "nowhere.yaml"), join(directory, "dead.yaml"));
    symlinkSync(join(directory, "apps", "web.yaml"), join(directory, "again.yaml"));
    assert.deepEqual(
      read(directory, "apps/web.yaml", ".", "apps").map(({ file }) => file),
      ["apps/web.yaml"],
    );
  });

  test("- is standard input, once", () => {
    assert.deepEqual(podNames(planInput(readManifests(["-", "-"], { stdin: pod("piped") }))), ["piped"]);
    assert.deepEqual(
      problems(() => planInput(readManifests(["-"], { stdin: "kind: Pod\n" }))),
      ["standard input:1: apiVersion and kind are required in every document"],
    );
  });

  test("what is no manifest in a directory is a notice, but named by the user it is an error", () => {
    const files = {
      "package.json": '{ "name": "shop" }',
      "tsconfig.json": "{ // comment\n}",
      "values.yaml": "replicas: 3\n",
      "web.yaml": pod("web"),
    };
    const directory = directoryWith(files);
    const input = planInput(read(directory, "."));
    assert.deepEqual(podNames(input), ["web"]);
    assert.deepEqual(notices(input), [
      "package.json:1: -: is not a Kubernetes manifest and is ignored",
      "tsconfig.json:1: -: is not a Kubernetes manifest and is ignored",
      "values.yaml:1: -: is not a Kubernetes manifest and is ignored",
    ]);
    assert.deepEqual(
      problems(() => planInput(read(directory, "values.yaml"))),
      ["values.yaml:1: apiVersion and kind are required in every document"],
    );
  });

  for (const { rule, files, paths, want } of [
    {
      rule: "a path that is not there",
      files: {},
      paths: ["web.yaml", "apps"],
      want: [
        "web.yaml: no such file or directory; check the path given with -f",
        "apps: no such file or directory; check the path given with -f",
      ],
    },
    {
      rule: "a directory without manifests",
      files: { "apps/README.md": "" },
      paths: ["apps"],
      want: ["apps: no manifests in this directory: expected files ending in .yaml, .yml or .json"],
    },
    {
      rule: "a directory of other things",
      files: { "a.json": "{}", "b.json": "[]" },
      paths: ["."],
      want: ["2 files: no Kubernetes object found; give manifests with apiVersion and kind"],
    },
    {
      rule: "a Helm chart",
      files: { "shop/Chart.yaml": "name: shop\n", "shop/templates/web.yaml": "{{ .Values }}", "web.yaml": pod("web") },
      paths: ["."],
      want: ["shop: a Helm chart, which has to be rendered first: helm template shop | nodeless plan -f -"],
    },
    {
      rule: "the templates of a chart",
      files: { "shop/Chart.yaml": "name: shop\n", "shop/templates/web.yaml": "{{ .Values }}" },
      paths: ["shop/templates"],
      want: ["shop: a Helm chart, which has to be rendered first: helm template shop | nodeless plan -f -"],
    },
    {
      rule: "parts of a kustomization",
      files: {
        "k/kustomization.yaml": "resources: [web.yaml]\n",
        "k/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec: { replicas: 3 }\n",
      },
      paths: ["k"],
      want: [
        "k/kustomization.yaml: a kustomization; if the other problems come from its parts, build it first: kubectl kustomize k | nodeless plan -f -",
        "k/patch.yaml:4: spec.selector: required; add it",
        "k/patch.yaml:4: spec.template: required; add it",
      ],
    },
    {
      rule: "a tree deeper than the limit",
      files: { [`${"d/".repeat(40)}web.yaml`]: pod("web") },
      paths: ["."],
      want: [`${"d/".repeat(32)}d: more than 32 directories deep; give the directory that holds the manifests`],
    },
  ])
    test(`refused: ${rule}`, () => {
      const directory = directoryWith(files as Readonly<Record<string, string>>);
      assert.deepEqual(
        problems(() => planInput(read(directory, ...paths))),
        want,
      );
    });

  test("refused unread: a file larger than the limit", () => {
    const directory = directoryWith({ "dump.json": "" });
    truncateSync(join(directory, "dump.json"), 300 * 1024 * 1024);
    assert.deepEqual(
      problems(() => read(directory, ".")),
      ["dump.json: larger than 268435456 bytes; split it"],
    );
  });

  test("refused: more files than the limit", () => {
    const directory = directoryWith({});
    for (let index = 0; index <= 10_000; index += 1) writeFileSync(join(directory, `${index}.yaml`), "");
    assert.deepEqual(
      problems(() => read(directory, ".")),
      ["9999.yaml: more than 10000 files in the input; plan a part of it"],
    );
  });

  test("refused: more objects than the limit", () => {
    const item = (_: unknown, index: number): string =>
      `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c${index}"}}`;
    const text = `{"apiVersion":"v1","kind":"List","items":[${Array.from({ length: 200_001 }, item).join(",")}]}`;
    assert.deepEqual(
      problems(() => planText(text)),
      ["a.yaml: more than 200000 objects in the input; plan a part of it"],
    );
  });
});

describe("what text may look like", () => {
  for (const { rule, text, want } of [
    {
      rule: "several documents, empty ones between",
      text: `---\n# a\n---\n${pod("a")}---\n---\n${pod("b")}...\n`,
      want: ["a", "b"],
    },
    {
      rule: "a byte order mark and Windows line ends",
      text: `\uFEFF${pod("a").replaceAll("\n", "\r\n")}`,
      want: ["a"],
    },
    {
      rule: "a List, also of Lists",
      text: JSON.stringify({
        apiVersion: "v1",
        kind: "List",
        items: [{ apiVersion: "v1", kind: "List", items: [podObject("a")] }, podObject("b")],
      }),
      want: ["a", "b"],
    },
    {
      rule: "a typed list whose items leave out their kind",
      text: JSON.stringify({ apiVersion: "v1", kind: "PodList", metadata: {}, items: [bareObject("a")] }),
      want: ["a"],
    },
    {
      rule: "an empty List beside something",
      text: `apiVersion: v1\nkind: List\nitems:\n---\n${pod("a")}`,
      want: ["a"],
    },
    {
      rule: "JSON values in a row, as jq prints them",
      text: `${JSON.stringify(podObject("a"), undefined, 2)}\n${JSON.stringify(podObject("b"))}`,
      want: ["a", "b"],
    },
    {
      rule: "anchors and merge keys",
      text: "apiVersion: v1\nkind: List\nitems:\n  - &a { apiVersion: v1, kind: Pod, metadata: { name: a }, spec: { containers: [{ name: c }] } }\n  - { <<: *a, metadata: { name: b } }\n",
      want: ["a", "b"],
    },
    {
      rule: "fields that a chart left empty",
      text: `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n  annotations: null\nspec:\n  nodeSelector:\n  tolerations: null\n  affinity: {}\n  containers:\n    - name: c\n      resources:\n`,
      want: ["a"],
    },
  ])
    test(rule, () => assert.deepEqual(podNames(planText(text)), want));

  test("helm install --dry-run: the report before and the notes behind the manifests are left out", () => {
    const text = [
      "NAME: shop",
      "LAST DEPLOYED: Sat Nov 21 08:00:00 2026",
      "STATUS: pending-install",
      "HOOKS:",
      "---",
      "# Source: shop/templates/tests/test.yaml",
      pod("shop-test"),
      "MANIFEST:",
      "---",
      "# Source: shop/templates/web.yaml",
      pod("web"),
      "NOTES:",
      "1. Get the URL: echo http://{{ oops }}",
      "",
    ].join("\n");
    const input = planText(text);
    assert.deepEqual(podNames(input), ["web"]);
    assert.deepEqual(
      input.documents.map(({ at }) => at.line),
      [15],
    );
  });

  test("templates inside quotes and block texts are text", () => {
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: rules }\ndata:\n  alert: |\n    {{ $labels.pod }}\n  short: "{{ x }}"\n---\n${pod("web")}`;
    assert.deepEqual(podNames(planText(text)), ["web"]);
  });
});

describe("a document knows its lines", () => {
  const yaml = `# first line\napiVersion: v1\nkind: List\nitems:\n  - apiVersion: v1\n    kind: Pod\n    metadata:\n      name: a\n    spec:\n      containers:\n        - name: c\n          resources:\n            requests:\n              cpu: 1\n`;
  const json = JSON.stringify(
    { apiVersion: "v1", kind: "List", items: [podObject("x"), podObject("a")] },
    undefined,
    1,
  );
  const line = (text: string, part: string, from = 0): number =>
    text.slice(0, text.indexOf(part, from)).split("\n").length;

  test("YAML: field names, list items, the nearest parent of what is absent", () => {
    const [document] = planText(yaml).documents;
    assert.equal(document?.at.line, 5);
    assert.equal(document?.lineOf(["spec", "containers", 0, "resources", "requests", "cpu"]), 14);
    assert.equal(document?.lineOf(["spec", "containers", 0]), 11);
    assert.equal(document?.lineOf(["spec", "containers", 0, "resources", "limits", "cpu"]), 12);
    assert.equal(document?.lineOf(["status", "phase"]), 5);
  });

  test("JSON: the same", () => {
    const document = planText(json).documents[1];
    const start = json.indexOf('"a"');
    assert.equal(document?.lineOf(["metadata", "name"]), line(json, '"a"'));
    assert.equal(document?.lineOf(["spec", "containers", 0, "name"]), line(json, '"c"', start));
    assert.equal(document?.lineOf(["spec", "volumes", 3]), line(json, '"spec"', start));
    assert.equal(document?.at.line, json.split("\n").lastIndexOf("  {") + 1);
  });

  test("keys such as __proto__ are ordinary keys", () => {
    const text =
      '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","labels":{"__proto__":"x"}},"spec":{"containers":[{"name":"c"}]}}';
    const [problem] = problems(() => planText(text));
    assert.match(problem ?? "", /labels\.__proto__: "__proto__" is not a label key/);
  });
});

function bareObject(name: string): object {
  return { metadata: { name }, spec: { containers: [{ name: "c" }] } };
}

function podObject(name: string): object {
  return { apiVersion: "v1", kind: "Pod", ...bareObject(name) };
}
