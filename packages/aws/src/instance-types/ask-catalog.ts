import { DescribeAvailabilityZonesCommand, EC2Client } from "@aws-sdk/client-ec2";
import { PricingClient } from "@aws-sdk/client-pricing";
import { findInstanceType } from "@nodeless/catalog";
import { CloudError } from "@nodeless/cloud";
import { type Catalog, imageFamilyBoots } from "@nodeless/instance-types";
import { attempt, withAbort } from "../aws-calls.ts";
import { DEFAULT_AWS_CLOUD_SETTINGS } from "../options.ts";
import { describeTypes, describeTypeZones } from "./ec2-instance-types.ts";
import { buildInstanceType } from "./instance-type.ts";
import { machineFacts } from "./machine-facts.ts";
import { type ListedPrice, listedPrices } from "./price-list.ts";
import { spotPrices } from "./prices.ts";

/** What {@link askCatalog} asks. */
export interface CatalogClients {
  readonly ec2: EC2Client;
  readonly pricing: PricingClient;
}

/** The price list service answers in few regions; the first is this one. */
const PRICING_REGION = "us-east-1";

/** Clients with the SDK's own credentials. `endpoint`: another AWS than the real one. */
export function createCatalogClients(options: {
  readonly region: string;
  readonly endpoint?: string | undefined;
}): CatalogClients & Disposable {
  const endpoint = options.endpoint === undefined ? {} : { endpoint: options.endpoint };
  const ec2 = new EC2Client({ region: options.region, ...endpoint });
  const pricing = new PricingClient({ region: PRICING_REGION, ...endpoint });
  return {
    ec2,
    pricing,
    [Symbol.dispose]() {
      ec2.destroy();
      pricing.destroy();
    },
  };
}

/** One question and how many answers came. */
export interface CatalogProgress {
  readonly question: "zones" | "instance types" | "zones of types" | "on-demand prices" | "spot prices";
  readonly answers: number;
}

export interface AskCatalogOptions {
  readonly clients: CatalogClients;
  readonly region: string;
  /** When it is asked. */
  readonly at: Date;
  /** Where the answers come from when it is not AWS itself. Its spot prices are then estimates. */
  readonly endpoint?: string | undefined;
  readonly onProgress?: (progress: CatalogProgress) => void;
}

const IMAGE_FAMILY = "AL2023";

/**
 * What AWS sells in a region now, as a catalogue for Amazon Linux 2023 without any setting. A type that the price list does not name has its
 * built-in price as an estimate. Nothing is changed anywhere; after an abort neither. Throws CloudError.
 */
export function askCatalog(options: AskCatalogOptions, signal?: AbortSignal): Promise<Catalog> {
  return attempt(`ask for the catalogue of ${options.region}`, async () => {
    const { region } = options;
    const { infos, typeZones, zones, listed, spot } = await ask(options, signal);
    const prices = new Map(
      infos.flatMap(({ InstanceType: name = "" }): [string, ListedPrice][] => {
        const price = listed.get(name) ?? builtInPrice(region, name);
        return price === undefined ? [] : [[name, price]];
      }),
    );
    const market = {
      zones: typeZones,
      subnetZones: zones,
      onDemand: new Map([...prices].map(([name, { usdPerHour }]) => [name, usdPerHour])),
      spot,
      unavailable: { has: () => false },
    };
    const context = { region, nodeClass: { family: IMAGE_FAMILY }, settings: DEFAULT_AWS_CLOUD_SETTINGS };
    const instanceTypes = infos
      .filter((info) => imageFamilyBoots(IMAGE_FAMILY, machineFacts(info, region)))
      .map((info) => buildInstanceType(info, market, context))
      .filter((type) => type !== undefined);
    return {
      date: options.at.toISOString(),
      region,
      instanceTypes,
      exactness: exactness(options, instanceTypes.filter(({ name }) => !listed.has(name)).length),
      isEstimate: (name, capacityType) =>
        capacityType === "spot" ? options.endpoint !== undefined : prices.get(name)?.isEstimate === true,
    };
  });
}

async function ask({ clients, region, at, onProgress }: AskCatalogOptions, signal: AbortSignal | undefined) {
  const told = async <T extends { readonly length: number } | { readonly size: number }>(
    question: CatalogProgress["question"],
    answer: Promise<T>,
  ): Promise<T> => {
    const value = await answer;
    onProgress?.({ question, answers: "length" in value ? value.length : value.size });
    return value;
  };
  const { ec2, pricing } = clients;
  const [zones, infos, typeZones, listed, spot] = await Promise.all([
    told("zones", describeZones(ec2, region, signal)),
    told("instance types", describeTypes(ec2, signal)),
    told("zones of types", describeTypeZones(ec2, signal)),
    told("on-demand prices", listedPrices(pricing, region, signal)),
    told("spot prices", spotPrices(ec2, at, signal)),
  ]);
  return { zones, infos, typeZones, listed, spot };
}

/**
 * Zones of the region itself, without local and wavelength zones, with their ids. A local AWS is of one region, whatever region it is
 * asked for: its answers must not be taken for another's.
 */
async function describeZones(
  ec2: EC2Client,
  region: string,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string | undefined>> {
  const command = new DescribeAvailabilityZonesCommand({
    Filters: [{ Name: "zone-type", Values: ["availability-zone"] }],
  });
  const { AvailabilityZones = [] } = await withAbort(signal, (options) => ec2.send(command, options));
  const other = AvailabilityZones.find(({ RegionName = region }) => RegionName !== region);
  if (other !== undefined)
    throw new CloudError("OtherRegion", `asked for ${region}, but the answers are those of ${other.RegionName}`);
  return new Map(AvailabilityZones.map(({ ZoneName = "", ZoneId }) => [ZoneName, ZoneId]));
}

function builtInPrice(region: string, name: string): ListedPrice | undefined {
  const usdPerHour = findInstanceType(region, name)?.onDemandUsdPerHour;
  return usdPerHour === undefined ? undefined : { usdPerHour, isEstimate: true };
}

function exactness({ at, endpoint }: AskCatalogOptions, unlisted: number): readonly string[] {
  return [
    endpoint === undefined
      ? `types, zones and prices: as AWS said at ${at.toISOString()}; spot prices are those of that moment`
      : `types, zones and prices: as ${endpoint} said at ${at.toISOString()}; a local AWS repeats the built-in catalogue`,
    ...(unlisted > 0
      ? [`${unlisted} types have no price in the price list: their on-demand prices are the built-in ones`]
      : []),
  ];
}
