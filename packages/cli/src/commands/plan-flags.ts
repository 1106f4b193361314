import type { PlanKnobs } from "@nodeless/planner";
import { type Command, Option } from "commander";
import { UsageError } from "../exit-codes.ts";

/** What `plan` and `plan diff` have in common. */
export interface CommonPlanFlags {
  readonly file: readonly string[];
  readonly optimize: boolean;
  readonly time?: string;
  readonly seed?: string;
  readonly region?: string;
  readonly nodepool: readonly string[];
  readonly catalog?: string;
  readonly addonDaemonsets: boolean;
  readonly budget?: string;
  readonly maxNodeShare?: string;
  readonly maxVcpus?: string;
  readonly generations?: string;
  readonly families?: string;
  readonly excludeFamilies?: string;
  readonly spotShare?: string;
  readonly preferencePolicy?: "Respect" | "Ignore";
}

export interface PlanFlags extends CommonPlanFlags {
  readonly output: "table" | "wide" | "json" | "yaml";
}

export interface PlanDiffFlags extends CommonPlanFlags {
  readonly output: "table" | "wide" | "json" | "yaml" | "markdown";
}

const gather = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Adds the options of {@link CommonPlanFlags}. */
export function withPlanOptions(command: Command): Command {
  return command
    .option("-f, --file <path>", "manifests: a file, a directory, or - for standard input; may be repeated", gather, [])
    .option("--optimize", "search for the cheapest placement instead of planning as the provisioner does", false)
    .option("--time <duration>", "how long --optimize searches: 500ms, 1s, 1m (default: 1s)")
    .option("--seed <number>", "seed of the search (default: 1)")
    .option(
      "--region <region>",
      "AWS region of the prices (default: that of a ClusterConfig, AWS_REGION, ap-northeast-2)",
    )
    .option("--nodepool <file>", "NodePools to use instead of those of the manifests; may be repeated", gather, [])
    .option("--catalog <file>", "instance types and prices from a JSON file (see `nodeless catalog show -o json`)")
    .option("--no-addon-daemonsets", "do not count aws-node and kube-proxy on nodes; with --catalog they never count")
    .option("--budget <amount>", "exit 2 above it: 500/month or 0.7/hour")
    .option("--max-node-share <percent>", "no node has more than this share of all requested cpu: 2%")
    .option("--max-vcpus <number>", "no node has more vCPUs")
    .option("--generations <list>", "only instance types of these generations: 6,7 or 6+")
    .option("--families <list>", "only these instance families: c7g,m7g")
    .option("--exclude-families <list>", "never these instance families: t3,t3a")
    .option("--spot-share <percent>", "at most this share of the pods on spot capacity: 70%")
    .addOption(
      new Option(
        "--preference-policy <policy>",
        "what pods only prefer (affinity, spread): Respect or Ignore it (default: Respect)",
      ).choices(["Respect", "Ignore"]),
    );
}

/** Restrictions as the planner takes them. Throws UsageError. */
export function planKnobs(flags: CommonPlanFlags): PlanKnobs {
  const { maxNodeShare, maxVcpus, generations, families, excludeFamilies, spotShare } = flags;
  return {
    ...(maxNodeShare === undefined ? {} : { maxNodeShare: share(maxNodeShare, "--max-node-share", { zero: false }) }),
    ...(maxVcpus === undefined ? {} : { maxVcpus: wholeNumber(maxVcpus, "--max-vcpus", 1) }),
    ...(generations === undefined ? {} : { generations: generationList(generations) }),
    ...(families === undefined ? {} : { families: words(families, "--families") }),
    ...(excludeFamilies === undefined ? {} : { excludedFamilies: words(excludeFamilies, "--exclude-families") }),
    ...(spotShare === undefined ? {} : { spotShare: share(spotShare, "--spot-share", { zero: true }) }),
  };
}

/** How the search is limited. Throws UsageError. */
export function searchLimits({ optimize, time, seed }: CommonPlanFlags): {
  readonly gear: "fast" | "optimize";
  readonly timeMs?: number;
  readonly seed?: number;
} {
  if (!optimize && time !== undefined) throw new UsageError("--time is the time of --optimize: give both or none");
  if (!optimize && seed !== undefined) throw new UsageError("--seed is the seed of --optimize: give both or none");
  return {
    gear: optimize ? "optimize" : "fast",
    ...(time === undefined ? {} : { timeMs: durationMs(time) }),
    ...(seed === undefined ? {} : { seed: wholeNumber(seed, "--seed", 0) }),
  };
}

/** An amount of money for a time. */
export interface Budget {
  readonly usd: number;
  readonly per: "hour" | "month";
}

/** Throws UsageError. */
export function parseBudget(text: string | undefined): Budget | undefined {
  if (text === undefined) return undefined;
  const match = /^\$?(\d+(?:\.\d+)?)\/(month|mo|hour|h)$/.exec(text.replaceAll(",", ""));
  const [, amount = "", per = ""] = match ?? [];
  if (match === null)
    throw new UsageError(`--budget: ${JSON.stringify(text)} is no budget: write 500/month or 0.7/hour`);
  return { usd: Number(amount), per: per.startsWith("h") ? "hour" : "month" };
}

/** A sentence when the total is above the budget. */
export function overBudget(
  budget: Budget | undefined,
  { usdPerHour, usdPerMonth }: { readonly usdPerHour: number; readonly usdPerMonth: number },
): string | undefined {
  if (budget === undefined) return undefined;
  const cost = budget.per === "hour" ? usdPerHour : usdPerMonth;
  if (cost <= budget.usd) return undefined;
  const digits = budget.per === "hour" ? 4 : 2;
  return `above the budget: $${cost.toFixed(digits)} of $${budget.usd} per ${budget.per}`;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };
/** A search that runs longer finds nothing more. */
const TIME_MAX_MS = 600_000;

function durationMs(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text);
  const ms = Number(match?.[1]) * (UNIT_MS[match?.[2] ?? ""] ?? Number.NaN);
  if (!(ms > 0 && ms <= TIME_MAX_MS))
    throw new UsageError(`--time: ${JSON.stringify(text)} is no duration up to 10m: write 500ms, 1s or 1m`);
  return ms;
}

function share(text: string, option: string, { zero }: { readonly zero: boolean }): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const value = Number(match?.[1]) / (match?.[2] === "%" ? 100 : 1);
  if (!(value <= 1 && (value > 0 || (zero && value === 0))))
    throw new UsageError(`${option}: ${JSON.stringify(text)} is no share: write 2% or 0.02`);
  return value;
}

function wholeNumber(text: string, option: string, least: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || !Number.isSafeInteger(value))
    throw new UsageError(`${option}: ${JSON.stringify(text)} is no whole number of at least ${least}`);
  return value;
}

function words(text: string, option: string): readonly string[] {
  const list = text.split(",").map((word) => word.trim().toLowerCase());
  const wrong = list.find((word) => !/^[a-z0-9-]+$/.test(word));
  if (wrong !== undefined)
    throw new UsageError(`${option}: ${JSON.stringify(wrong)} is no instance family: write them as c7g,m7g`);
  return [...new Set(list)].sort();
}

/** `6+` has no end in practice. */
const GENERATION_MAX = 99;

function generationList(text: string): readonly number[] {
  const open = /^(\d{1,2})\+$/.exec(text);
  if (open !== null) {
    const first = Number(open[1]);
    return Array.from({ length: GENERATION_MAX - first + 1 }, (_, index) => first + index);
  }
  const list = text.split(",").map((word) => word.trim());
  if (list.some((word) => !/^\d{1,2}$/.test(word)))
    throw new UsageError(`--generations: ${JSON.stringify(text)} names no generations: write 6,7 or 6+`);
  return [...new Set(list.map(Number))].sort((a, b) => a - b);
}
