// Writes packages/cli/dist/bundle: the command as a few files instead of a thousand modules, which is what starts (docs/decisions/0012).
// Run by `npm ci`; by hand: `npm run prepare`.
import { cpSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";

const root = resolve(import.meta.dirname, "..");
const output = join(root, "packages/cli/dist/bundle");

/** Files that code reads beside itself, `new URL("../data.json", import.meta.url)`, move along. */
const assets: Plugin = {
  name: "assets",
  setup({ onLoad }) {
    onLoad({ filter: /\/packages\/[^/]+\/src\/.*\.ts$/ }, ({ path }) => {
      const contents = readFileSync(path, "utf8").replaceAll(
        /new URL\("([^"]+\.json)", import\.meta\.url\)/g,
        (_, asset: string) => {
          const file = resolve(dirname(path), asset);
          const name = `${basename(dirname(file))}-${basename(file)}`;
          cpSync(file, join(output, name));
          return `new URL("./${name}", import.meta.url)`;
        },
      );
      return { contents, loader: "ts" };
    });
  },
};

/** One class per service with a method per operation, built while loading: commands are sent by clients here, and nobody uses it. */
const withoutAggregates: Plugin = {
  name: "without-aggregates",
  setup({ onLoad }) {
    onLoad({ filter: /\/@aws-sdk\/client-[^/]+\/dist-es\/(EC2|EKS|IAM|STS|SSM|SQS|Pricing)\.js$/ }, ({ path }) => ({
      contents: `export class ${basename(path, ".js")} {}`,
    }));
  },
};

rmSync(output, { recursive: true, force: true });
mkdirSync(output, { recursive: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["packages/cli/src/main.ts", "packages/cluster/src/images/provisioner-worker.ts"],
  entryNames: "[name]",
  outdir: output,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  conditions: ["nodeless-source"],
  mainFields: ["module", "main"],
  // CommonJS packages ask for Node's own modules by `require`.
  banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  plugins: [assets, withoutAggregates],
  metafile: true,
  logLevel: "warning",
});
writeFileSync(join(output, "THIRD-PARTY-LICENSES.txt"), licenses(metafile));
// Last: a bundle without it is not whole.
writeFileSync(join(output, "inputs.json"), JSON.stringify(ownInputs(metafile)));

/** By path from here, what tells whether a source has changed: modification time in milliseconds and size in bytes. */
function ownInputs({ inputs }: Metafile): Record<string, readonly [number, number]> {
  const own = Object.keys(inputs).filter((path) => path.startsWith("packages/"));
  return Object.fromEntries(
    own.map((path) => {
      const { mtimeMs, size } = statSync(join(root, path));
      return [path, [mtimeMs, size]];
    }),
  );
}

function licenses({ inputs }: Metafile): string {
  const folders = new Set(
    Object.keys(inputs).flatMap((path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? []),
  );
  const one = (folder: string): string => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as {
      readonly name: string;
      readonly version: string;
      readonly license?: string;
    };
    return `${name} ${version}, ${license ?? "no license named"}\n\n${licenseText(join(root, folder))}`;
  };
  return [...folders]
    .sort()
    .map(one)
    .join(`\n${"-".repeat(80)}\n\n`);
}

function licenseText(folder: string): string {
  for (const name of ["LICENSE", "LICENSE.md", "LICENSE.txt", "LICENCE", "license"])
    try {
      return readFileSync(join(folder, name), "utf8");
    } catch {
      // Another spelling, or none.
    }
  return `See ${relative(root, folder)}/package.json.\n`;
}
