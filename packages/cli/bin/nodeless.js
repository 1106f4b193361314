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
if (fromSource) {
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier.startsWith("@nodeless/")
        ? next(specifier, { ...context, conditions: ["nodeless-source", ...context.conditions] })
        : next(specifier, context),
  });
}
const { main } = await import(fromSource ? source.href : built.href);
process.exitCode = await main(process.argv.slice(2));
