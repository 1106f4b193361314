import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "@nodeless/cluster";
import { DEFAULT_REGION } from "@nodeless/eks/spec";
import { InvalidCatalogError } from "@nodeless/instance-types";
import {
  type CatalogText,
  planCatalog,
  type SourcedPlanCatalog,
  UnknownRegionError,
  UnknownZoneError,
} from "@nodeless/planner";
import { CommandError, UsageError } from "../exit-codes.ts";
import { inputName, readInputFile } from "../input-file.ts";
import type { Terminal } from "../terminal.ts";
import { stateHome } from "./local-state.ts";

/** A region as it may stand in a file name. */
const REGION = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** What was said, else AWS_REGION, AWS_DEFAULT_REGION, and the default region. Throws UsageError. */
export function regionOf(terminal: Pick<Terminal, "environment">, said: string | undefined): string {
  const { AWS_REGION: own = "", AWS_DEFAULT_REGION: general = "" } = terminal.environment;
  const region = said ?? [own, general].find((one) => one !== "") ?? DEFAULT_REGION;
  if (!REGION.test(region)) throw new UsageError(`${JSON.stringify(region)} is not a region such as ${DEFAULT_REGION}`);
  return region;
}

/**
 * The catalogue that prices are taken from: the file, else what `catalog refresh` stored for the region, else the built-in one; its `source`
 * says which. Throws CommandError.
 */
export async function chosenCatalog(
  terminal: Terminal,
  {
    region,
    file,
    availabilityZones,
  }: {
    readonly region: string;
    readonly file?: string | undefined;
    /** Zones of the cluster (see PlanCatalogOptions). Default: all of the region. */
    readonly availabilityZones?: readonly string[];
  },
): Promise<SourcedPlanCatalog> {
  const given = file === undefined ? undefined : { name: inputName(file), text: await readInputFile(terminal, file) };
  const refreshed = given === undefined ? await readRefreshed(terminal, region) : undefined;
  try {
    return planCatalog({ region, file: given, refreshed, availabilityZones });
  } catch (error) {
    if (error instanceof UnknownRegionError || error instanceof UnknownZoneError)
      throw new CommandError(error.message, { cause: error });
    if (!(error instanceof InvalidCatalogError)) throw error;
    const remedy = refreshed === undefined ? "" : "\nforget what was refreshed with `nodeless catalog refresh --reset`";
    throw new CommandError(`${error.message}${remedy}`, { cause: error });
  }
}

/** Not a name of a local cluster, whose directories stand beside it. */
function directoryOf(terminal: Pick<Terminal, "environment">): string {
  return join(stateHome(terminal), ".catalog");
}

/** Where the refreshed catalogue of a region stands. */
function refreshedPath(terminal: Pick<Terminal, "environment">, region: string): string {
  return join(directoryOf(terminal), `${region}.json`);
}

async function readRefreshed(
  terminal: Pick<Terminal, "environment">,
  region: string,
): Promise<CatalogText | undefined> {
  if (!REGION.test(region)) return undefined;
  const name = refreshedPath(terminal, region);
  try {
    return { name, text: await readFile(name, "utf8") };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Stores the refreshed catalogue of a region, whole or not at all; returns its path. */
export async function storeRefreshed(
  terminal: Pick<Terminal, "environment">,
  { region, text }: { readonly region: string; readonly text: string },
): Promise<string> {
  const path = refreshedPath(terminal, region);
  await writeFileAtomically(path, text);
  return path;
}

/** Forgets refreshed catalogues, of one region or of all; returns the regions that had one. */
export async function forgetRefreshed(
  terminal: Pick<Terminal, "environment">,
  region: string | undefined,
): Promise<readonly string[]> {
  const files = await readdir(directoryOf(terminal)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const regions = files
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.slice(0, -".json".length))
    .filter((one) => region === undefined || one === region);
  for (const one of regions) await rm(refreshedPath(terminal, one), { force: true });
  return regions.sort();
}
