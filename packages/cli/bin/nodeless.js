#!/usr/bin/env node
// Runs the built command, or, in a checkout, the sources: Node strips the types, and the workspaces resolve to their sources too.
import { existsSync } from "node:fs";

const source = new URL("../src/main.ts", import.meta.url);
const built = new URL("../dist/main.js", import.meta.url);
const fromSource = existsSync(source);

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `nodeless needs Node 24.12 or newer, this is ${process.version}; in a checkout run it as \`npx nodeless\`, which brings its own\n`,
  );
  process.exit(1);
}
// Older ones do not have these: a static import would fail before the sentence above.
const { enableCompileCache, registerHooks } = await import("node:module");
enableCompileCache();
const workspaces = new Map();
if (fromSource) {
  registerHooks({ resolve: resolveSource });
}
const { main } = await import(fromSource ? source.href : built.href);
process.exitCode = await main(process.argv.slice(2));

/** Workspaces to their sources. Their own modules name each other in full, so that nothing has to be looked for: a tenth of a second of every start. */
function resolveSource(specifier, context, next) {
  const { parentURL = "" } = context;
  if (specifier.startsWith(".") && specifier.endsWith(".ts") && parentURL.endsWith(".ts"))
    return { url: new URL(specifier, parentURL).href, format: "module-typescript", shortCircuit: true };
  if (!specifier.startsWith("@nodeless/")) return saidToBeCommonJs(next(specifier, context));
  let resolved = workspaces.get(specifier);
  if (resolved === undefined) {
    resolved = {
      ...next(specifier, { ...context, conditions: ["nodeless-source", ...context.conditions] }),
      shortCircuit: true,
    };
    workspaces.set(specifier, resolved);
  }
  return resolved;
}

/** The AWS SDK does not say that it is CommonJS: Node would parse megabytes to find out. */
function saidToBeCommonJs(resolved) {
  return resolved.format == null && resolved.url.includes("/dist-cjs/")
    ? { ...resolved, format: "commonjs" }
    : resolved;
}
