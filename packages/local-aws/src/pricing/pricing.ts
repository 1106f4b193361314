import type { Filter, GetProductsCommandInput, GetProductsCommandOutput } from "@aws-sdk/client-pricing";
import { catalogInfo, type InstanceTypeFacts, instanceTypeFacts } from "@nodeless/catalog";
import { pageOf } from "../state/pages.ts";
import { AwsError } from "../wire/aws-error.ts";
import type { Handler, HandlerMap } from "../wire/handlers.ts";

const PAGE_SIZE_MAX = 100;

/**
 * On-demand Linux prices of EC2 from the built-in catalog, in the shape of the real price list: every product is one JSON string. Other
 * service codes have no products here.
 */
export function createPricing(): { readonly handlers: HandlerMap } {
  const getProducts: Handler<GetProductsCommandInput, GetProductsCommandOutput> = (input) => {
    const filters = input.Filters ?? [];
    const products = input.ServiceCode === "AmazonEC2" ? productsFor(filters) : [];
    const page = pageOf(products, {
      key: ({ sku }) => sku,
      token: input.NextToken,
      size: Math.min(input.MaxResults ?? PAGE_SIZE_MAX, PAGE_SIZE_MAX),
      query: [input.ServiceCode, filters],
      invalidToken: () =>
        new AwsError(
          "InvalidNextTokenException",
          "The pagination token is invalid. Try again without a pagination token.",
        ),
    });
    return { FormatVersion: "aws_v1", PriceList: page.items.map(({ json }) => json()), NextToken: page.nextToken };
  };
  return { handlers: { GetProducts: getProducts } };
}

interface Product {
  readonly sku: string;
  json(): string;
}

function productsFor(filters: readonly Filter[]): readonly Product[] {
  const regions = filters.find(({ Field }) => Field === "regionCode")?.Value;
  const wanted = regions === undefined ? catalogInfo().regions : [regions];
  return wanted.flatMap((region) =>
    instanceTypeFacts(region)
      .filter((facts) => facts.onDemandUsdPerHour !== undefined)
      .map((facts) => ({ facts, attributes: attributesOf(facts) }))
      .filter(({ facts, attributes }) =>
        filters.every(
          ({ Field = "", Value }) =>
            Field === "ServiceCode" || (Field === "productFamily" ? productFamily(facts) : attributes[Field]) === Value,
        ),
      )
      .map(({ facts, attributes }) => product(facts, attributes)),
  );
}

function productFamily({ bareMetal }: InstanceTypeFacts): string {
  return bareMetal ? "Compute Instance (bare metal)" : "Compute Instance";
}

function attributesOf(facts: InstanceTypeFacts): Readonly<Record<string, string>> {
  return {
    regionCode: facts.region,
    serviceCode: "AmazonEC2",
    servicecode: "AmazonEC2",
    instanceType: facts.name,
    instanceFamily: facts.family,
    vcpu: String(facts.vcpus),
    memory: `${facts.memoryMiB / 1024} GiB`,
    operatingSystem: "Linux",
    // Bare metal belongs to one customer.
    tenancy: facts.bareMetal ? "Dedicated" : "Shared",
    preInstalledSw: "NA",
    capacitystatus: "Used",
    marketoption: "OnDemand",
    licenseModel: "No License required",
    operation: "RunInstances",
    locationType: "AWS Region",
  };
}

/** Codes of the on-demand term and of its hourly rate in the real list. */
const OFFER_TERM_CODE = "JRTCKXETXF";
const RATE_CODE = "6YS6EN2CT7";

function product(facts: InstanceTypeFacts, attributes: Readonly<Record<string, string>>): Product {
  const sku = `${facts.region}.${facts.name}`;
  const term = `${sku}.${OFFER_TERM_CODE}`;
  return {
    sku,
    json: () =>
      JSON.stringify({
        product: {
          productFamily: productFamily(facts),
          attributes,
          sku,
        },
        serviceCode: "AmazonEC2",
        terms: {
          OnDemand: {
            [term]: {
              sku,
              offerTermCode: OFFER_TERM_CODE,
              effectiveDate: catalogInfo().date,
              termAttributes: {},
              priceDimensions: {
                [`${term}.${RATE_CODE}`]: {
                  unit: "Hrs",
                  beginRange: "0",
                  endRange: "Inf",
                  appliesTo: [],
                  rateCode: `${term}.${RATE_CODE}`,
                  description: `$${facts.onDemandUsdPerHour} per On Demand Linux ${facts.name} Instance Hour${facts.priceIsEstimate ? " (estimate)" : ""}`,
                  pricePerUnit: { USD: (facts.onDemandUsdPerHour ?? 0).toFixed(10) },
                },
              },
            },
          },
        },
        version: catalogInfo().date,
        publicationDate: catalogInfo().date,
      }),
  };
}
