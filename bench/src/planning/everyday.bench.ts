import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import type { PlanDocument } from "@nodeless/planner";

const BIN = new URL("../../../packages/cli/bin/nodeless.js", import.meta.url).pathname;
const MANIFESTS = new URL("../../../examples/everyday/", import.meta.url).pathname;

const SEARCH = ["--optimize", "--time", "1s"] as const;

/** One file planned through the command line, as a user would. */
export interface EverydayPlan {
  readonly file: string;
  readonly fast: PlanDocument["totals"];
  readonly optimized: PlanDocument["totals"];
  /** Searched without what pods only prefer: the bound does not know preferences either. */
  readonly withoutPreferences: PlanDocument["totals"];
}

/** Plans every manifest in both gears and prints a row for each. */
export function measureEveryday(): readonly EverydayPlan[] {
  const write = (text: string): void => void process.stdout.write(`${text}\n`);
  write("everyday manifests, planned with `nodeless plan`\n");
  write(
    "file                      pods   nodes   Fargate   fast $/h   ÷ bound   solve s   optimized $/h   ÷ bound   preferences ignored $/h   ÷ bound",
  );
  const results = readdirSync(MANIFESTS)
    .filter((file) => file.endsWith(".yaml"))
    .sort()
    .map(
      (file): EverydayPlan => ({
        file,
        fast: totalsOf(file),
        optimized: totalsOf(file, ...SEARCH),
        withoutPreferences: totalsOf(file, ...SEARCH, "--preference-policy", "Ignore"),
      }),
    );
  for (const { file, fast, optimized, withoutPreferences } of results)
    write(
      `${file.padEnd(26)}${String(fast.pods).padEnd(7)}${String(fast.nodes).padEnd(8)}${String(fast.fargatePods).padEnd(10)}${fast.usdPerHour.toFixed(4).padEnd(11)}${(1 + (fast.gapRatio ?? 0)).toFixed(3).padEnd(10)}${fast.solveSeconds.toFixed(3).padEnd(10)}${optimized.usdPerHour.toFixed(4).padEnd(16)}${(1 + (optimized.gapRatio ?? 0)).toFixed(3).padEnd(10)}${withoutPreferences.usdPerHour.toFixed(4).padEnd(26)}${(1 + (withoutPreferences.gapRatio ?? 0)).toFixed(3)}`,
    );
  write("");
  return results;
}

function totalsOf(file: string, ...flags: readonly string[]): PlanDocument["totals"] {
  const text = execFileSync(process.execPath, [BIN, "plan", "-f", `${MANIFESTS}${file}`, "-o", "json", ...flags], {
    encoding: "utf8",
    maxBuffer: 64 * 2 ** 20,
  });
  return (JSON.parse(text) as PlanDocument).totals;
}
