import { readFileSync } from "node:fs";

/** Of this package; all packages share one version. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }
).version;
