import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type LintFormat, type LintProject, lint, lintProjects } from "@nodeless/planner";

function projectOf(text: string, format: LintFormat = "shell"): LintProject {
  const [project] = lintProjects([{ file: "run.sh", text, format, found: false }]);
  assert.ok(project !== undefined);
  return project;
}

/** Each command with its line; words apart by `|`, assignments before. */
function commands(text: string, format?: LintFormat): readonly string[] {
  return projectOf(text, format).scripts.flatMap((script) =>
    script.commands.map(({ line, words, assignments }) =>
      [
        `${line}:`,
        ...assignments.map(({ name, value }) => `${name}=${value}`),
        words.map(({ text: word }) => word).join("|"),
      ]
        .filter((part) => part !== "")
        .join(" "),
    ),
  );
}

describe("commands of a shell text", () => {
  for (const [rule, text, want] of [
    ["words are split at blanks", "aws eks  list-clusters", ["1: aws|eks|list-clusters"]],
    ["single quotes keep everything", `echo 'a "b" $C \\d'`, [`1: echo|a "b" $C \\d`]],
    ["double quotes keep blanks and drop escapes", `echo "a \\"b\\" c"`, [`1: echo|a "b" c`]],
    ["quotes within a word join it", `a='b'"c"d`, ["1: a=bcd"]],
    ["a backslash before a line break continues", "aws eks \\\n  wait \\\n  x\nls", ["1: aws|eks|wait|x", "4: ls"]],
    ["lines may end as on Windows", "aws eks \\\r\n  wait\r\nls\r\n", ["1: aws|eks|wait", "3: ls"]],
    ["comments end at the line", "a # b; c\nd#e", ["1: a", "2: d#e"]],
    [
      "lists and pipes are commands of their own",
      "a && b || c; d | e &\nf",
      ["1: a", "1: b", "1: c", "1: d", "1: e", "2: f"],
    ],
    ["assignments stand before the command", "A=1 B='2 3' run x=y", ["1: A=1 B=2 3 run|x=y"]],
    [
      "commands within $( ) and backticks count",
      'X="$(a b | c)" Y=`d e`',
      ["1: X=$(a b | c) Y=`d e`", "1: a|b", "1: c", "1: d|e"],
    ],
    [
      "keywords are skipped",
      "if a; then b; else c; fi\nfor x in 1 2; do d; done",
      ["1: a", "1: b", "1: c", "2: for|x|in|1|2", "2: d"],
    ],
    ["redirections are no words", "a > out 2>&1 < in &> all\nb 2>/dev/null x", ["1: a", "2: b|x"]],
    ["here-documents are no commands", "cat <<EOF > f\nx y\nEOF\nls", ["1: cat", "4: ls"]],
    ["here-documents may be indented and quoted", "cat <<-'END'\n\tx\n\tEND\nls", ["1: cat", "4: ls"]],
    ["variables stay as written", `a \${B:-c d} "$E" \${F#*//}`, [`1: a|\${B:-c d}|$E|\${F#*//}`]],
    ["an open quote ends with the text", "a 'b", ["1: a|b"]],
    ["nothing is nothing", "\n# only\n\n", []],
  ] as const)
    test(rule, () => assert.deepEqual(commands(text), want));
});

describe("commands of texts", () => {
  test("Markdown: shell blocks, prompts, blocks without a language only where lines look like commands", () => {
    const text = [
      "Run `helm install x y/z` first.",
      "```bash",
      "$ kubectl get pods",
      "kubectl apply -f a.yaml",
      "```",
      "```",
      "NAME   READY",
      "web    1/1",
      "# eksctl create cluster",
      "aws eks list-clusters \\",
      "  --region x",
      "```",
      "```yaml",
      "kubectl: no",
      "```",
      "~~~sh",
      "ls",
      "~~~",
    ].join("\n");
    assert.deepEqual(commands(text, "markdown"), [
      "3: kubectl|get|pods",
      "4: kubectl|apply|-f|a.yaml",
      "9: eksctl|create|cluster",
      "10: aws|eks|list-clusters|--region|x",
      "17: ls",
    ]);
  });

  test("a post: lines that look like commands, as long as they go on, and JSON between sentences", () => {
    const text = `First a role.
{
  "Statement": [{ "Effect": "Allow", "Principal": { "Service": "eks-fargate-pods.amazonaws.com" }, "Action": "sts:AssumeRole" }]
}
NAME=x // the name
cat << EOF > a.txt
anything
EOF
echo '{
  "a": 1
}' > b.json
The end.`;
    assert.deepEqual(commands(text, "post"), ["5: NAME=x //|the|name", "6: cat", '9: echo|{\n  "a": 1\n}']);
    assert.deepEqual(
      lint([projectOf(text, "post")]).findings.map(({ rule, line }) => [rule, line]),
      [
        ["trust-source-arn", 3],
        ["slash-comment", 5],
      ],
    );
  });

  test("policies of here-documents and of quoted words are read at their lines", () => {
    const statement = `{ "Effect": "Allow", "Principal": { "Service": "eks-fargate-pods.amazonaws.com" }, "Action": "sts:AssumeRole" }`;
    const text = `cat << EOF > trust.json\n{\n  "Statement": [\n    ${statement}\n  ]\n}\nEOF\necho '{\n"Statement": ${statement} }' > b.json\naws iam create-role --assume-role-policy-document '{"Statement": [${statement}]}'`;
    const found = lint([projectOf(text)]).findings.filter(({ rule }) => rule === "trust-source-arn");
    assert.deepEqual(
      found.map(({ line }) => line),
      [4, 9, 10],
    );
  });

  test("manifests of here-documents are checked, except where a variable stands", () => {
    const manifest = (replicas: string): string =>
      `cat << EOF > web.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: { name: web }\nspec:\n  replicas: ${replicas}\n  selector: { matchLabels: { app: web } }\n  template:\n    metadata: { labels: { app: web } }\n    spec:\n      containers:\n        - { name: main, image: a, resources: { requests: { cpu: 1, memory: 1Gi } } }\nEOF\n`;
    const rules = (text: string): readonly unknown[] =>
      lint([projectOf(text)]).findings.map(({ rule, line }) => [rule, line]);
    assert.deepEqual(rules(manifest('"3"')), [["manifest-invalid", 6]]);
    assert.deepEqual(rules(manifest("$REPLICAS")), []);
    assert.deepEqual(rules(manifest("3").replace("{ requests: { cpu: 1, memory: 1Gi } }", "{}")), [
      ["requests-missing", 12],
    ]);
  });
});

describe("variables that are never set", () => {
  const unset = (...texts: readonly string[]): readonly string[] =>
    lint(lintProjects(texts.map((text, index) => ({ file: `${index}.sh`, text, format: "shell", found: true }))))
      .findings.filter(({ rule }) => rule === "variable-unset")
      .map(({ file, line, object }) => `${file}:${line} ${object}`);

  for (const [rule, texts, want] of [
    ["one of several is a mistake", ["A=1\nB=2\necho $A $B $C"], ["0.sh:3 variable C"]],
    ["a fragment that sets none counts on others", ["echo $A $B"], []],
    ["a fragment that sets few of them too", ["A=1\necho $A $B $C"], []],
    ["what another file sets is set", ["A=1\necho $A $B", "B=2"], []],
    ["a sourced file may set it", [". ./env\nA=1\necho $A $B"], []],
    ["defaults, single quotes and escapes read nothing", [`A=1\necho $A \${B:-} '$C' \\$D \${E:?}`], []],
    [
      "here-documents read, unless they are quoted",
      ["A=1\ncat <<X\n$A\n$B\nX", "C=1\ncat <<'X'\n$D\nX"],
      ["0.sh:4 variable B"],
    ],
    [
      "loops, read and declarations set",
      [`for A in 1; do read -r B; local C=1; done; declare -A D; D[a]=1; echo $A $B $C \${D[a]}`],
      [],
    ],
  ] as const)
    test(rule, () => assert.deepEqual(unset(...texts), want));
});

const MANY = 40_000;
const CPU_MICROSECONDS_MAX = 5_000_000;

describe("texts that nobody should write end soon", () => {
  for (const [name, text] of [
    ["open quotes", "echo 'a\n".repeat(MANY)],
    ["open substitutions", "$(".repeat(MANY)],
    ["backticks in substitutions", "`a $(b `c $(d ".repeat(MANY)],
    ["open here-documents", "cat <<A <<B\n".repeat(MANY)],
    ["open braces", "{\n".repeat(MANY)],
    ["nested variables", `\${a:-`.repeat(MANY)],
    ["one word", "a".repeat(MANY * 10)],
    ["signs", ";|&<>()".repeat(MANY)],
    ["variables of a here-document", `cat <<E\n${"$a $b\n".repeat(MANY)}E\n`],
    ["account ids", "arn:aws:iam::1:role/a\n".repeat(MANY)],
  ] as const)
    test(name, () => {
      for (const format of ["shell", "markdown", "post"] as const) {
        const before = process.cpuUsage().user;
        lint(lintProjects([{ file: "a", text, format, found: true }]));
        assert.ok(process.cpuUsage().user - before < CPU_MICROSECONDS_MAX, format);
      }
    });
});
