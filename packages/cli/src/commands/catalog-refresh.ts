import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { askCatalog, createCatalogClients } from "@nodeless/aws";
import { systemClock } from "@nodeless/environment";
import { type Catalog, catalogDocument, formatCatalogDocument } from "@nodeless/instance-types";
import { CommandError } from "../exit-codes.ts";
import { progressLine, slowNotice } from "../output/progress.ts";
import type { Terminal } from "../terminal.ts";
import type { CatalogRefreshFlags } from "./catalog.ts";
import { forgetRefreshed, regionOf, storeRefreshed } from "./catalog-choice.ts";
import { interruptible } from "./interruption.ts";

/** `nodeless catalog refresh`. Throws UsageError, CommandError. */
export async function refreshCatalog(terminal: Terminal, flags: CatalogRefreshFlags): Promise<void> {
  if (flags.reset) return forget(terminal, flags.region);
  const region = regionOf(terminal, flags.region);
  const said = terminal.environment["AWS_ENDPOINT_URL"] ?? "";
  const target = { region, endpoint: said === "" ? undefined : said };
  using interruption = interruptible();
  const { signal } = interruption;
  await sayWhoAsks(terminal, target, signal);
  const catalog = await ask(terminal, target, signal);
  const path = await storeRefreshed(terminal, { region, text: formatCatalogDocument(catalogDocument(catalog)) });
  terminal.err(
    `${catalog.instanceTypes.length} instance types of ${region} are stored in ${path}; plan and catalog show use them until \`${terminal.command} catalog refresh --reset\`\n`,
  );
}

interface Target {
  readonly region: string;
  /** Undefined: the real AWS. */
  readonly endpoint: string | undefined;
}

async function sayWhoAsks(terminal: Terminal, { region, endpoint }: Target, signal: AbortSignal): Promise<void> {
  const sts = new STSClient({ region, ...(endpoint !== undefined && { endpoint }) });
  try {
    const { Account } = await sts.send(new GetCallerIdentityCommand({}), { abortSignal: signal });
    terminal.err(`AWS account ${Account}, region ${region}${endpoint === undefined ? "" : `, endpoint ${endpoint}`}\n`);
  } catch (cause) {
    signal.throwIfAborted();
    throw new CommandError(
      `AWS does not know who you are: ${(cause as Error).message}; set up credentials, or use the built-in catalogue`,
      { cause },
    );
  } finally {
    sts.destroy();
  }
}

async function ask(terminal: Terminal, { region, endpoint }: Target, signal: AbortSignal): Promise<Catalog> {
  using clients = createCatalogClients({ region, endpoint });
  using _slow = slowNotice(terminal, "catalogue", "the price list takes its time");
  const startedMs = systemClock.monotonicMs();
  try {
    const catalog = await askCatalog(
      {
        clients,
        region,
        at: systemClock.now(),
        endpoint,
        onProgress: ({ question, answers }) =>
          progressLine(terminal, question, String(answers), systemClock.monotonicMs() - startedMs),
      },
      signal,
    );
    if (catalog.instanceTypes.length > 0) return catalog;
  } catch (cause) {
    signal.throwIfAborted();
    throw new CommandError(`cannot refresh the catalogue of ${region}: ${whatAwsSaid(cause as Error)}`, { cause });
  }
  throw new CommandError(`AWS lists nothing that is sold in ${region} at a known price: the catalogue stays as it is`);
}

const NEEDED =
  "ec2:DescribeInstanceTypes, ec2:DescribeInstanceTypeOfferings, ec2:DescribeAvailabilityZones, ec2:DescribeSpotPriceHistory and pricing:GetProducts";

/** AWS's own words, which stand in the cause of what wraps them. */
function whatAwsSaid(error: Error): string {
  const { message, name } = error.cause instanceof Error ? error.cause : error;
  return /denied|unauthori[sz]ed/i.test(name) ? `${message}; it needs ${NEEDED}` : message;
}

async function forget(terminal: Terminal, region: string | undefined): Promise<void> {
  const regions = await forgetRefreshed(terminal, region);
  terminal.err(
    regions.length === 0
      ? `nothing was refreshed${region === undefined ? "" : ` for ${region}`}: the built-in catalogue is in use\n`
      : `forgotten for ${regions.join(", ")}: the built-in catalogue is in use again\n`,
  );
}
