import { readFile } from "node:fs/promises";

/** Text of a file below examples/: what the end-to-end tests run is what a reader copies. */
export function example(path: string): Promise<string> {
  return readFile(new URL(`../../examples/${path}`, import.meta.url), "utf8");
}
