#!/usr/bin/env node
// Runs the bundle; in a checkout whose sources have changed since, the sources: Node strips the types, and the workspaces resolve to their sources too.
import { existsSync } from "node:fs";

const source = new URL("../src/main.ts", import.meta.url);
const built = new URL("../dist/main.js", import.meta.url);
const isCheckout = existsSync(source);

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 24 || (major === 24 && minor < 12)) {
  process.stderr.write(
    `nodeless needs Node 24.12 or newer, this is ${process.version}; in a checkout run it as \`npx nodeless\`, which brings its own\n`,
  );
  process.exit(1);
}
// Older ones do not have these: a static import would fail before the sentence above.
const { enableCompileCache, registerHooks } = await import("node:module");
const { currentBundle } = await import("./bundle.js");
enableCompileCache();
const bundle = currentBundle(
  new URL("../dist/bundle/", import.meta.url),
  isCheckout ? new URL("../../../", import.meta.url) : undefined,
);
const workspaces = new Map();
if (bundle === undefined && isCheckout) registerHooks({ resolve: resolveSource });
const { main, processTerminal } = await import((bundle ?? (isCheckout ? source : built)).href);
process.exitCode = await main(process.argv.slice(2), processTerminal(isCheckout ? "npx nodeless" : "nodeless"));

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
