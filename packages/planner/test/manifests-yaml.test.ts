import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { InvalidManifestsError, planInput, type SourceDocument } from "@nodeless/planner";
import fc from "fast-check";
import { isMap, isScalar, isSeq, LineCounter, type Node, parseAllDocuments, stringify } from "yaml";

/** Objects of kinds the planner does not look into: any content is fine. */
const HEAD = { apiVersion: "example.com/v1", kind: "Thing" };

const documentsOf = (text: string): readonly SourceDocument[] =>
  planInput([{ file: "a.yaml", text, found: false }]).documents;

interface Expected {
  readonly object: unknown;
  readonly lines: ReadonlyMap<string, number>;
}

/** What the full YAML parser says: values, and the line of every field and item by path. */
function expected(text: string): readonly Expected[] {
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: counter, merge: true });
  return documents.flatMap((document): Expected[] => {
    if (!isMap(document.contents)) return [];
    const lines = new Map<string, number>();
    const visit = (node: unknown, path: readonly (string | number)[]): void => {
      if (isMap<Node, Node | null>(node))
        for (const { key, value } of node.items) {
          const inner = [...path, isScalar(key) ? String(key.value) : ""];
          lines.set(JSON.stringify(inner), counter.linePos(key.range?.[0] ?? 0).line);
          visit(value, inner);
        }
      else if (isSeq<Node>(node))
        for (const [index, item] of node.items.entries()) {
          lines.set(JSON.stringify([...path, index]), counter.linePos(item.range?.[0] ?? 0).line);
          visit(item, [...path, index]);
        }
    };
    visit(document.contents, []);
    return [{ object: document.toJS(), lines }];
  });
}

function assertSame(text: string): void {
  const found = documentsOf(text);
  const want = expected(text);
  assert.deepEqual(
    found.map(({ object }) => object),
    want.map(({ object }) => object),
    text,
  );
  for (const [index, { lines }] of want.entries())
    for (const [path, line] of lines)
      assert.equal(found[index]?.lineOf(JSON.parse(path) as (string | number)[]), line, `${path} in\n${text}`);
}

const wrap = (body: string): string =>
  `# a comment\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: x # behind a value\n${body}\n---\n# nothing here\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: "y" }\n`;

describe("text is read as the full YAML parser reads it, values and lines", () => {
  for (const body of [
    "data:\n  a: 1\n  b: 1.50\n  c: 1e3\n  d: -5\n  e: .5\n  f: +7\n  g: 0x1F\n  h: 0o17\n  i: 007\n  j: 1_000\n  k: .inf\n  l: 1.\n",
    "data:\n  a: true\n  b: False\n  c: yes\n  d: null\n  e: ~\n  f:\n  g: ''\n  h: \"\"\n  i: NULL\n",
    "data:\n  a: 'it''s'\n  b: \"tab\\there \\u00e9 \\x41\"\n  c: \"#no comment\" # a comment\n  d: a#b\n  e: a #b\n  f: 'x' # y\n",
    "data:\n  a: http://x:80/y\n  b: a:b\n  c: -x\n  d: --flag=1\n  e: 10:30\n  f: x,y\n  g: {}\n  h: []\n  i: [a, {b: c}]\n  j: {k: v}\n",
    "data:\n- a\n- b: 1\n  c: 2\n-\n  d: 3\n- - nested\n  - list\n-   e: 4\n    f:\n    - 5\n-\n",
    "data:\n  - a:\n      - b\n      - c\n    d: e\n  - f\n",
    "data:\n  a: |\n    one\n      two\n\n    # three\n  b: |-\n    x\n\n  c: |+\n    y\n\n  d: >\n    folded\n    text\n  e: |2\n      z\n  f: |\n  g: 1\n",
    "data:\n  a: |\n    one\n     \n    two\n  b: |\n\n    first is empty\n",
    "data:\n  - |\n    in a list\n  - >-\n    folded\n",
    "data:\n  a: one\n    two\n  b: 'three\n    four'\n  c: \"five\n    six\"\n",
    "data:\n  a: one two\n    - three   \n      #four\n  b: one #two\n  c: 'it''s\n    # five'\n  d: 1\n    2\n  e: one\n\n    two\n  f: 'one\n\n    two'\n",
    "data:\n  a: one\n    two\n    # three\n  b: x\n",
    "data:\n  a: one\n\n  b: 'two\n    three' # four\n  c: 'five' # six\n",
    "data:\n  - one\n    two\n  - 'three\n    four'\n  - x\n",
    "data:\n  a: &x 1\n  b: *x\n  c: !!str 2\n  d: &m { e: 1 }\n  f: { <<: *m, g: 2 }\n",
    "data:\n  \"a/b\": 1\n  'c d': 2\n  e.f/g-h: 3\n  1: 4\n  true: 5\n  1.50: 6\n  ? complex\n  : 7\n  null: 8\n",
    "data:\n\n  # comment\n  a: 1\n # less\n      # more\n  b: 2\n\n\n",
    "data:\n  __proto__: 1\n  constructor: 2\n  toString: 3\n",
    "data:\n  a : 1\n  b:   2   \n  c:    # nothing\n  d:\n    # only a comment\n  e: 3\n",
    "data:\n  tabs: a\tb\n",
    'data:\n  text: {{ "quoted" }}\n'.replace('{{ "quoted" }}', '"{{ quoted }}"'),
    "data:\n  unicode: 안녕 ✓\n  long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa bbbb\n",
  ])
    test(JSON.stringify(body), () => assertSame(wrap(body)));

  for (const text of [
    "apiVersion: example.com/v1\nkind: Thing\nmetadata: { name: a }\n...\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata: { name: b }\n",
    "%YAML 1.2\n---\napiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: a\n",
    "--- # one\napiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: a\n---   \napiVersion: example.com/v1\nkind: Thing\nmetadata:\n  name: b",
    "--- { apiVersion: example.com/v1, kind: Thing, metadata: { name: a } }\n",
    "  apiVersion: example.com/v1\n  kind: Thing\n  metadata:\n    name: a\n",
    "apiVersion: example.com/v1\r\nkind: Thing\r\nmetadata:\r\n  name: a\r\n",
  ])
    test(JSON.stringify(text), () => assertSame(text));

  test("any object, however it is written", () => {
    const text = fc.oneof(
      fc.string({ maxLength: 12 }),
      fc.string({ unit: fc.constantFrom(..."ab1.-:# \n'\"|>[]{}~eE_/\\"), maxLength: 10 }),
      fc.constantFrom(
        "true",
        "null",
        "1e5",
        "0x1",
        "~",
        "-",
        "- a",
        "a: b",
        "a #b",
        "|",
        "multi\nline\n",
        "  lead",
        "",
      ),
    );
    const key = fc
      .oneof(fc.stringMatching(/^[a-z][a-z0-9./-]{0,8}$/), text)
      .filter((one) => one !== "<<" && one !== "__proto__");
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { depthSize: "small", withCrossShrink: true },
        text,
        fc.integer(),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("tree"), { maxLength: 3 }),
        fc.dictionary(key, tie("tree"), { maxKeys: 4 }),
      ),
    }));
    const style = fc.record({
      indent: fc.constantFrom(2, 4),
      indentSeq: fc.boolean(),
      lineWidth: fc.constantFrom(0, 20),
      singleQuote: fc.constantFrom(true, false, null),
      blockQuote: fc.constantFrom(true, false, "literal" as const),
    });
    fc.assert(
      fc.property(tree, style, (data, options) =>
        assertSame(
          stringify(
            { ...HEAD, metadata: { name: "x" }, data },
            { ...options, merge: false, aliasDuplicateObjects: false },
          ),
        ),
      ),
      { numRuns: 400, seed: 7 },
    );
  });

  test("the examples", () => {
    const examples = new URL("../../../examples/", import.meta.url).pathname;
    const files = readdirSync(examples, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".yaml"));
    assert.ok(files.length >= 5);
    for (const file of files) assertSame(readFileSync(join(examples, file), "utf8"));
  });
});

test("texts of megabytes, on one line and on many", () => {
  const long = "x".repeat(10 * 2 ** 20);
  const lines = "\n    x".repeat(300);
  for (const value of [long, `"${long}"`, `'${long}'`, `'${lines}'`, `y${lines}`]) {
    const [document] = documentsOf(`apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata:\n  k: ${value}\n`);
    assert.equal(document?.lineOf(["data", "k"]), 6);
  }
  const text = JSON.stringify(
    { apiVersion: "v1", kind: "Secret", metadata: { name: "a" }, data: { j: long, k: 1 } },
    undefined,
    1,
  );
  assert.equal(documentsOf(text)[0]?.lineOf(["data", "k"]), 9);
  assert.equal(documentsOf(`${text}\n${text.replace('"a"', '"b"')}`)[1]?.lineOf(["data", "k"]), 20);
});

test("a text that only the full parser may judge is judged by it", () => {
  for (const [body, want] of [
    ["data:\n  a: 1\n  a: 2\n", /a\.yaml:9:3: not valid YAML: Map keys must be unique/],
    ["data:\n  a: b: c\n", /a\.yaml:8:6: not valid YAML: Nested mappings/],
    ["data:\n  a: 1\n   b: 2\n", /a\.yaml:8:6: not valid YAML/],
    ["data:\n  a: 'open\n", /a\.yaml:\d+:\d+: not valid YAML: Missing closing 'quote/],
    ["data:\n  a: |\n    x\n   y\n", /not valid YAML/],
    ["data:\n  a: @x\n", /a\.yaml:8:6: not valid YAML: Plain value cannot start with reserved character @/],
    ["data:\n\ta: x\n", /not valid YAML: Tabs/],
    ["data:\n  a: -\n", /a\.yaml:8:6: not valid YAML: Unexpected block-seq-ind on same line with key/],
  ] as const)
    assert.throws(
      () => documentsOf(wrap(body)),
      (error) => error instanceof InvalidManifestsError && want.test(error.message),
      body,
    );
});
