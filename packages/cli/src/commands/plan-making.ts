import { systemClock } from "@nodeless/environment";
import {
  InvalidManifestsError,
  type ManifestSource,
  type PlanInput,
  type PlanOptions,
  type PlanOutcome,
  planCluster,
  planInput,
  readManifests,
  type TableOptions,
} from "@nodeless/planner";
import { CommandError, UsageError } from "../exit-codes.ts";
import type { Terminal } from "../terminal.ts";
import { chosenCatalog, regionOf } from "./catalog-choice.ts";
import { type CommonPlanFlags, planKnobs, searchLimits } from "./plan-flags.ts";

/** What a command line says about planning, checked before anything is read. */
export interface PlanRequest {
  readonly options: PlanOptions;
  readonly flags: CommonPlanFlags;
}

/** Throws UsageError. */
export function planRequest(flags: CommonPlanFlags, options: Partial<PlanOptions> = {}): PlanRequest {
  return {
    flags,
    options: {
      ...searchLimits(flags),
      knobs: planKnobs(flags),
      ...(flags.preferencePolicy === undefined ? {} : { preferences: flags.preferencePolicy }),
      ...options,
      monotonicMs: () => systemClock.monotonicMs(),
    },
  };
}

/** Manifests of paths and of standard input. Throws CommandError with every problem. */
export async function readSources(terminal: Terminal, paths: readonly string[]): Promise<readonly ManifestSource[]> {
  const stdin = paths.includes("-") ? { stdin: await terminal.readInput() } : {};
  return orCommandError(() => readManifests(paths, { ...stdin, directory: terminal.cwd }));
}

/** Reads pools, and makes the input of a plan. Throws CommandError with every problem. */
export async function inputOf(
  terminal: Terminal,
  sources: readonly ManifestSource[],
  { nodepool, region, catalog, addonDaemonsets }: CommonPlanFlags,
): Promise<PlanInput> {
  const pools = nodepool.length === 0 ? undefined : await readSources(terminal, nodepool);
  return orCommandError(() =>
    planInput(sources, {
      ...(pools === undefined ? {} : { poolSources: pools }),
      ...(region === undefined ? {} : { region }),
      // What a catalogue of one's own says about overhead is taken as it stands.
      addonDaemonSets: addonDaemonsets && catalog === undefined,
    }),
  );
}

/** Plans with the catalogue of the input's region. Throws CommandError. */
export async function makePlan(terminal: Terminal, input: PlanInput, request: PlanRequest): Promise<PlanOutcome> {
  const { flags, options } = request;
  const region = regionOf(terminal, flags.region ?? input.region);
  const catalog = await chosenCatalog(terminal, {
    region,
    file: flags.catalog,
    ...(input.availabilityZones === undefined ? {} : { availabilityZones: input.availabilityZones }),
  });
  if (flags.region !== undefined && flags.region !== catalog.region)
    throw new UsageError(`--region ${flags.region}: the catalogue ${catalog.source} is of ${catalog.region}`);
  return orCommandError(() => planCluster(input, catalog, { ...options, catalogSource: catalog.source }));
}

/** Errors whose message is for the user as it stands. */
const FOR_USERS: ReadonlySet<string> = new Set(["InvalidManifestsError"]);

function orCommandError<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof Error) || !FOR_USERS.has(cause.name)) throw cause;
    const several = cause instanceof InvalidManifestsError && cause.problems.length > 1;
    throw new CommandError(
      several ? `the manifests have ${cause.problems.length} problems:\n${cause.message}` : cause.message,
      {
        cause,
      },
    );
  }
}

/** How tables are printed on this terminal's standard output. */
export function tableOptions(terminal: Terminal, output: string): TableOptions {
  const { environment, outputColours = false, columns } = terminal;
  return {
    wide: output === "wide",
    color: outputColours,
    unicode: showsUnicode(environment),
    ...(columns === undefined ? {} : { width: columns }),
  };
}

/** The locale decides, as it does for every program: the first of these that is set. */
function showsUnicode(environment: Terminal["environment"]): boolean {
  const locale = [environment["LC_ALL"], environment["LC_CTYPE"], environment["LANG"]].find(
    (value) => (value ?? "") !== "",
  );
  return /utf-?8/i.test(locale ?? "");
}
