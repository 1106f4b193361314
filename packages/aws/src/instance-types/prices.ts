import { DescribeSpotPriceHistoryCommand } from "@aws-sdk/client-ec2";
import { type Filter, GetProductsCommand } from "@aws-sdk/client-pricing";
import { instanceTypeFacts } from "@nodeless/catalog";
import { allPages } from "../aws-calls.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import type { AwsCloudOptions, AwsCloudSettings } from "../options.ts";

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
      const listed = builtInPrices(this.#options.region);
      const { pricing } = this.#options.clients;
      if (pricing === undefined || this.#settings.isolatedVpc) return listed;
      try {
        const [shared, metal] = await Promise.all([
          this.#products([match("tenancy", "Shared"), match("productFamily", "Compute Instance")]),
          this.#products([match("tenancy", "Dedicated"), match("productFamily", "Compute Instance (bare metal)")]),
        ]);
        return new Map([...listed, ...metal, ...shared]);
      } catch (error) {
        this.#options.logger.warn("price list is out of reach, using built-in prices", { error });
        return listed;
      }
    });
  }

  spot(): Promise<SpotPrices> {
    return this.#spot.get("all", async () => {
      const { clients, clock } = this.#options;
      const history = await allPages(async (token) => {
        const answer = await clients.ec2.send(
          new DescribeSpotPriceHistoryCommand({
            StartTime: clock.now(),
            ProductDescriptions: ["Linux/UNIX", "Linux/UNIX (Amazon VPC)"],
            NextToken: token,
          }),
        );
        return { items: answer.SpotPriceHistory, nextToken: answer.NextToken };
      });
      const newest = new Map<string, number>();
      const prices = new Map<string, number>();
      for (const { InstanceType, AvailabilityZone, SpotPrice, Timestamp } of history) {
        const key = spotKey(InstanceType ?? "", AvailabilityZone ?? "");
        const at = Timestamp?.getTime() ?? 0;
        const usd = Number(SpotPrice);
        if (!(usd > 0) || at < (newest.get(key) ?? Number.NEGATIVE_INFINITY)) continue;
        newest.set(key, at);
        prices.set(key, usd);
      }
      return prices;
    });
  }

  async #products(filters: readonly Filter[]): Promise<Map<string, number>> {
    const { pricing } = this.#options.clients;
    if (pricing === undefined) return new Map();
    const lines = await allPages(async (token) => {
      const answer = await pricing.send(
        new GetProductsCommand({
          ServiceCode: "AmazonEC2",
          Filters: [
            match("regionCode", this.#options.region),
            match("operatingSystem", "Linux"),
            match("preInstalledSw", "NA"),
            match("capacitystatus", "Used"),
            match("marketoption", "OnDemand"),
            ...filters,
          ],
          NextToken: token,
        }),
      );
      return { items: answer.PriceList as readonly string[] | undefined, nextToken: answer.NextToken };
    });
    return new Map(lines.map(parseProduct).filter((price) => price !== undefined));
  }
}

export function spotKey(instanceType: string, zone: string): string {
  return `${instanceType}/${zone}`;
}

function match(Field: string, Value: string): Filter {
  return { Type: "TERM_MATCH", Field, Value };
}

function builtInPrices(region: string): Map<string, number> {
  const prices = new Map<string, number>();
  for (const { name, onDemandUsdPerHour } of instanceTypeFacts(region))
    if (onDemandUsdPerHour !== undefined) prices.set(name, onDemandUsdPerHour);
  return prices;
}

interface Product {
  readonly product?: { readonly attributes?: { readonly instanceType?: string } };
  readonly terms?: {
    readonly OnDemand?: Readonly<
      Record<
        string,
        { readonly priceDimensions?: Readonly<Record<string, { readonly pricePerUnit?: { readonly USD?: string } }>> }
      >
    >;
  };
}

/** One line of the price list; undefined when it has no positive hourly price. */
function parseProduct(line: string): [instanceType: string, usdPerHour: number] | undefined {
  const { product, terms } = JSON.parse(line) as Product;
  const instanceType = product?.attributes?.instanceType;
  for (const term of Object.values(terms?.OnDemand ?? {}))
    for (const dimension of Object.values(term.priceDimensions ?? {})) {
      const usd = Number(dimension.pricePerUnit?.USD);
      if (instanceType !== undefined && usd > 0) return [instanceType, usd];
    }
  return undefined;
}
