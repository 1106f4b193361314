import { DescribeSpotPriceHistoryCommand, type EC2Client } from "@aws-sdk/client-ec2";
import { instanceTypeFacts } from "@nodeless/catalog";
import { allPages, withAbort } from "../aws-calls.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import type { AwsCloudOptions, AwsCloudSettings } from "../options.ts";
import { listedPrices } from "./price-list.ts";

/** Source: Karpenter AWS provider, pricing refresh. */
const LIFETIME_MS = 12 * 60 * 60_000;

/** USD per hour by instance type. */
export type OnDemandPrices = ReadonlyMap<string, number>;
/** USD per hour by `type/zone`. */
export type SpotPrices = ReadonlyMap<string, number>;

/** Prices, remembered. On-demand falls back to the built-in list where the price list service is out of reach. */
export class Prices {
  readonly #options: AwsCloudOptions;
  readonly #settings: AwsCloudSettings;
  readonly #onDemand: ExpiringCache<OnDemandPrices>;
  readonly #spot: ExpiringCache<SpotPrices>;

  constructor(options: AwsCloudOptions, settings: AwsCloudSettings) {
    const { clock } = options;
    this.#options = options;
    this.#settings = settings;
    this.#onDemand = new ExpiringCache({ clock, lifetimeMs: LIFETIME_MS });
    this.#spot = new ExpiringCache({ clock, lifetimeMs: LIFETIME_MS });
  }

  onDemand(): Promise<OnDemandPrices> {
    return this.#onDemand.get("all", async () => {
      const { region, logger, clients } = this.#options;
      const builtIn = builtInPrices(region);
      if (clients.pricing === undefined || this.#settings.isolatedVpc) return builtIn;
      try {
        const listed = await listedPrices(clients.pricing, region);
        return new Map([...builtIn, ...[...listed].map(([type, { usdPerHour }]) => [type, usdPerHour] as const)]);
      } catch (error) {
        logger.warn("price list is out of reach, using built-in prices", { error });
        return builtIn;
      }
    });
  }

  spot(): Promise<SpotPrices> {
    const { clients, clock } = this.#options;
    return this.#spot.get("all", () => spotPrices(clients.ec2, clock.now()));
  }
}

/** Linux spot prices in force at a time. */
export async function spotPrices(ec2: EC2Client, at: Date, signal?: AbortSignal): Promise<SpotPrices> {
  const history = await allPages(async (NextToken) => {
    const command = new DescribeSpotPriceHistoryCommand({
      StartTime: at,
      ProductDescriptions: ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"],
      NextToken,
    });
    const answer = await withAbort(signal, (options) => ec2.send(command, options));
    return { items: answer.SpotPriceHistory, nextToken: answer.NextToken };
  });
  const newest = new Map<string, number>();
  const prices = new Map<string, number>();
  for (const { InstanceType, AvailabilityZone, SpotPrice, Timestamp } of history) {
    const key = spotKey(InstanceType ?? "", AvailabilityZone ?? "");
    const since = Timestamp?.getTime() ?? 0;
    const usd = Number(SpotPrice);
    if (!(usd > 0) || since < (newest.get(key) ?? Number.NEGATIVE_INFINITY)) continue;
    newest.set(key, since);
    prices.set(key, usd);
  }
  return prices;
}

export function spotKey(instanceType: string, zone: string): string {
  return `${instanceType}/${zone}`;
}

function builtInPrices(region: string): Map<string, number> {
  const prices = new Map<string, number>();
  for (const { name, onDemandUsdPerHour } of instanceTypeFacts(region))
    if (onDemandUsdPerHour !== undefined) prices.set(name, onDemandUsdPerHour);
  return prices;
}
