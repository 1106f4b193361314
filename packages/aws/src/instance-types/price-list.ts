import { type Filter, GetProductsCommand, type PricingClient } from "@aws-sdk/client-pricing";
import { allPages, withAbort } from "../aws-calls.ts";

/** One entry of the price list. */
export interface ListedPrice {
  readonly usdPerHour: number;
  /** A local AWS repeats the built-in catalogue, and says which of its prices nobody published. */
  readonly isEstimate: boolean;
}

/** On-demand Linux prices by instance type. Bare metal is listed apart, as dedicated. Source: Karpenter AWS provider, pricing. */
export async function listedPrices(
  pricing: PricingClient,
  region: string,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, ListedPrice>> {
  const products = (tenancy: string, productFamily: string): Promise<readonly string[]> =>
    allPages(async (NextToken) => {
      const command = new GetProductsCommand({
        ServiceCode: "AmazonEC2",
        Filters: [
          match("regionCode", region),
          match("operatingSystem", "Linux"),
          match("preInstalledSw", "NA"),
          match("capacitystatus", "Used"),
          match("marketoption", "OnDemand"),
          match("tenancy", tenancy),
          match("productFamily", productFamily),
        ],
        NextToken,
      });
      const answer = await withAbort(signal, (options) => pricing.send(command, options));
      return { items: answer.PriceList as readonly string[] | undefined, nextToken: answer.NextToken };
    });
  const [shared, metal] = await Promise.all([
    products("Shared", "Compute Instance"),
    products("Dedicated", "Compute Instance (bare metal)"),
  ]);
  return new Map([...metal, ...shared].map(parseProduct).filter((price) => price !== undefined));
}

function match(Field: string, Value: string): Filter {
  return { Type: "TERM_MATCH", Field, Value };
}

interface Product {
  readonly product?: { readonly attributes?: { readonly instanceType?: string } };
  readonly terms?: {
    readonly OnDemand?: Readonly<Record<string, { readonly priceDimensions?: Readonly<Record<string, Dimension>> }>>;
  };
}

interface Dimension {
  readonly description?: string;
  readonly pricePerUnit?: { readonly USD?: string };
}

/** One line of the price list; undefined when it has no positive hourly price. */
function parseProduct(line: string): [instanceType: string, price: ListedPrice] | undefined {
  const { product, terms } = JSON.parse(line) as Product;
  const instanceType = product?.attributes?.instanceType;
  for (const term of Object.values(terms?.OnDemand ?? {}))
    for (const { description = "", pricePerUnit } of Object.values(term.priceDimensions ?? {})) {
      const usdPerHour = Number(pricePerUnit?.USD);
      if (instanceType !== undefined && usdPerHour > 0)
        return [instanceType, { usdPerHour, isEstimate: description.endsWith("(estimate)") }];
    }
  return undefined;
}
