import type { InstanceTypeInfo } from "@aws-sdk/client-ec2";
import type { InstanceType } from "@nodeless/scheduling";
import { imageFor } from "../node-class/image-choice.ts";
import type { ResolvedNodeClass } from "../node-class/resolved-node-class.ts";
import type { AwsCloudSettings } from "../options.ts";
import type { UnavailableOfferings } from "../unavailable-offerings.ts";
import { buildInstanceType } from "./instance-type.ts";
import type { OnDemandPrices, SpotPrices } from "./prices.ts";

/** What EC2 said; each part keeps its identity until it is asked again. */
export interface MarketData {
  readonly infos: readonly InstanceTypeInfo[];
  readonly zones: ReadonlyMap<string, readonly string[]>;
  readonly onDemand: OnDemandPrices;
  readonly spot: SpotPrices;
}

interface BuiltList {
  readonly data: MarketData;
  readonly revision: number;
  readonly nodeClass: string;
  readonly types: readonly InstanceType[];
}

/** Instance types per node class: the same list again while nothing it is made of has changed, so that callers may index it. */
export class InstanceTypeLists {
  readonly #region: string;
  readonly #settings: AwsCloudSettings;
  readonly #unavailable: UnavailableOfferings;
  readonly #built = new Map<string, BuiltList>();

  constructor(region: string, settings: AwsCloudSettings, unavailable: UnavailableOfferings) {
    this.#region = region;
    this.#settings = settings;
    this.#unavailable = unavailable;
  }

  /** Types that some image of the class can boot and some zone of its subnets offers. */
  get(resolved: ResolvedNodeClass, data: MarketData): readonly InstanceType[] {
    const { name } = resolved.nodeClass.metadata;
    const { revision } = this.#unavailable;
    const zones = new Map(
      resolved.status.subnets
        .map((subnet) => [subnet.zone, subnet.zoneID] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    );
    const nodeClass = JSON.stringify([resolved.nodeClass.spec, resolved.family, resolved.images, [...zones]]);
    const known = this.#built.get(name);
    if (known?.revision === revision && known.nodeClass === nodeClass && sameData(known.data, data)) return known.types;
    const market = { ...data, subnetZones: zones, unavailable: this.#unavailable };
    const context = {
      region: this.#region,
      settings: this.#settings,
      nodeClass: { ...resolved.nodeClass.spec, family: resolved.family },
    };
    const types = data.infos
      .map((info) => buildInstanceType(info, market, context))
      .filter((type) => type !== undefined)
      .filter((type) => imageFor(type, resolved.images) !== undefined);
    this.#built.set(name, { data, revision, nodeClass, types });
    return types;
  }

  forget(nodeClass: string): void {
    this.#built.delete(nodeClass);
  }
}

function sameData(a: MarketData, b: MarketData): boolean {
  return a.infos === b.infos && a.zones === b.zones && a.onDemand === b.onDemand && a.spot === b.spot;
}
