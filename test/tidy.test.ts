import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const ROOT = new URL("..", import.meta.url).pathname;

/** Rows of the import table in docs/ARCHITECTURE.md: package → packages it may import. */
function importTable(): ReadonlyMap<string, ReadonlySet<string>> {
  const text = readFileSync(join(ROOT, "docs/ARCHITECTURE.md"), "utf8");
  const section = text.slice(text.indexOf("| package | may import |"));
  const rows = section.split("\n").slice(2);
  const table = new Map<string, ReadonlySet<string>>();
  for (const row of rows) {
    if (!row.startsWith("|")) break;
    const [name = "", allowed = ""] = row
      .split("|")
      .slice(1)
      .map((cell) => cell.trim());
    table.set(name, new Set(allowed === "—" ? [] : allowed.split(",").map((word) => word.trim())));
  }
  return table;
}

function sourcesOf(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.includes("node_modules") && !path.includes("dist/"))
    .map((path) => join(directory, path));
}

interface Import {
  readonly file: string;
  readonly specifier: string;
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(file, "utf8");
  const pattern = /(?:^|\n)\s*(?:import|export)\s[^;]*?from\s+"([^"]+)"|import\(\s*"([^"]+)"\s*\)/g;
  return [...text.matchAll(pattern)].map((match) => ({ file, specifier: match[1] ?? match[2] ?? "" }));
}

const packages = readdirSync(join(ROOT, "packages"));
const sources = packages.map((name) => ({
  name,
  imports: sourcesOf(join(ROOT, "packages", name, "src")).flatMap(importsOf),
}));

test("the import table names every package, and the scan sees imports", () => {
  assert.deepEqual([...importTable().keys()].sort(), [...packages].sort());
  assert.ok(sources.flatMap(({ imports }) => imports).length > 500, "the scan found too few imports to be true");
});

test("packages import only what their row of docs/ARCHITECTURE.md lists", () => {
  const table = importTable();
  const wrong = sources.flatMap(({ name, imports }) =>
    imports
      .map(({ file, specifier }) => ({ file, target: /^@nodeless\/([^/]+)/.exec(specifier)?.[1] }))
      .filter(({ target }) => target !== undefined && target !== name && table.get(name)?.has(target) !== true)
      .map(
        ({ file, target }) => `${file.slice(ROOT.length)} imports ${target}: ${name} may not (docs/ARCHITECTURE.md)`,
      ),
  );
  assert.deepEqual(wrong, []);
});

test("package.json declares exactly the workspaces and third parties that the sources import", () => {
  const wrong = sources.flatMap(({ name, imports }) => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "packages", name, "package.json"), "utf8")) as {
      dependencies?: Record<string, string>;
    };
    const declared = new Set(Object.keys(manifest.dependencies ?? {}));
    const used = new Set(
      imports.map(({ specifier }) => packageName(specifier)).filter((specifier) => specifier !== undefined),
    );
    return [
      ...[...used]
        .filter((dependency) => !declared.has(dependency))
        .map((dependency) => `${name} imports ${dependency} without declaring it`),
      ...[...declared]
        .filter((dependency) => !used.has(dependency))
        .map((dependency) => `${name} declares ${dependency} and never imports it`),
    ];
  });
  assert.deepEqual(wrong, []);
});

function packageName(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
  const [scope = "", name = ""] = specifier.split("/");
  return specifier.startsWith("@") ? `${scope}/${name}` : scope;
}

test("every run-time dependency has its line in docs/dependencies.md", () => {
  const text = readFileSync(join(ROOT, "docs/dependencies.md"), "utf8");
  const missing = sources
    .flatMap(({ imports }) => imports.map(({ specifier }) => packageName(specifier)))
    .filter((dependency) => dependency !== undefined && !dependency.startsWith("@nodeless/"))
    .filter((dependency) => !text.includes(dependency?.replace(/^@aws-sdk\/client-/, "-") ?? ""));
  assert.deepEqual([...new Set(missing)], []);
});

test("time and randomness come from the environment package", () => {
  const banned: readonly (readonly [RegExp, string])[] = [
    [/\bDate\.now\(\)/, "Date.now(): use Clock.now()"],
    [/\bnew Date\(\)/, "new Date(): use Clock.now()"],
    [/\bMath\.random\(\)/, "Math.random(): use Random"],
    [/(?<![.\w])setTimeout\(/, "setTimeout: use Clock.setTimer or Clock.sleep"],
    [/(?<![.\w])setInterval\(/, "setInterval: use Clock.setTimer"],
  ];
  const wrong = packages
    .filter((name) => name !== "environment" && name !== "cli")
    .flatMap((name) => sourcesOf(join(ROOT, "packages", name, "src")))
    .flatMap((file) => {
      const code = readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      return banned
        .filter(([pattern]) => pattern.test(code))
        .map(([, reason]) => `${file.slice(ROOT.length)}: ${reason}`);
    });
  assert.deepEqual(wrong, []);
});

test("process.env is read only in cli and cluster", () => {
  const wrong = packages
    .filter((name) => name !== "cli" && name !== "cluster")
    .flatMap((name) => sourcesOf(join(ROOT, "packages", name, "src")))
    .filter((file) => /\bprocess\.env\b/.test(readFileSync(file, "utf8").replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "")))
    .map((file) => file.slice(ROOT.length));
  assert.deepEqual(wrong, []);
});

test("no source file has more than 600 lines", () => {
  const long = packages
    .flatMap((name) => sourcesOf(join(ROOT, "packages", name)))
    .filter((file) => !file.includes("/generated/"))
    .filter((file) => readFileSync(file, "utf8").split("\n").length > 600)
    .map((file) => file.slice(ROOT.length));
  assert.deepEqual(long, []);
});
