import { execFileSync } from "node:child_process";
import { cpus, totalmem } from "node:os";

/** Where and on what a result was measured. */
export interface Circumstances {
  readonly date: string;
  readonly commit: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
}

/** Of this run. */
export function circumstances(): Circumstances {
  return {
    date: new Date().toISOString(),
    commit: commit(),
    node: process.version,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
  };
}

function commit(): string {
  try {
    const head = execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
    return execFileSync("git", ["status", "--porcelain"], { encoding: "utf8" }).trim() === ""
      ? head
      : `${head} with changes`;
  } catch {
    return "unknown";
  }
}
