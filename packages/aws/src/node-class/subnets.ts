import { DescribeSubnetsCommand, type Filter } from "@aws-sdk/client-ec2";
import type { SubnetSelectorTerm } from "@nodeless/api";
import { allPages } from "../aws-calls.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import type { AwsCloudOptions } from "../options.ts";
import { tagFilters } from "./selector-filters.ts";

/** Free addresses change with every launch; upstream asks once a minute and counts its own launches in between, as we do. */
const LIFETIME_MS = 60_000;

/** A subnet that nodes may be launched into. */
export interface NodeSubnet {
  readonly id: string;
  readonly zone: string;
  readonly zoneId: string | undefined;
  readonly availableIps: number;
}

/** Subnets of selectors, remembered for a minute. */
export class NodeSubnets {
  readonly #options: AwsCloudOptions;
  readonly #cache: ExpiringCache<readonly NodeSubnet[]>;
  /** Addresses given to launches since the subnet was described. */
  #launched = new Map<string, number>();

  constructor(options: AwsCloudOptions) {
    this.#options = options;
    this.#cache = new ExpiringCache({ clock: options.clock, lifetimeMs: LIFETIME_MS });
  }

  /** Subnets matching any term, most free addresses first, ties by id. */
  async select(terms: readonly SubnetSelectorTerm[]): Promise<readonly NodeSubnet[]> {
    const load = (): Promise<readonly NodeSubnet[]> => this.#describe(terms);
    const described = await this.#cache.get(JSON.stringify(terms), load, (subnets) => subnets.length > 0);
    return described
      .map((subnet) => ({ ...subnet, availableIps: subnet.availableIps - (this.#launched.get(subnet.id) ?? 0) }))
      .sort((a, b) => b.availableIps - a.availableIps || (a.id < b.id ? -1 : 1));
  }

  /** A launch took an address. */
  debit(subnetId: string): void {
    this.#launched.set(subnetId, (this.#launched.get(subnetId) ?? 0) + 1);
  }

  async #describe(terms: readonly SubnetSelectorTerm[]): Promise<readonly NodeSubnet[]> {
    const found = new Map<string, NodeSubnet>();
    for (const Filters of filterSets(terms)) {
      const subnets = await allPages(async (token) => {
        const answer = await this.#options.clients.ec2.send(new DescribeSubnetsCommand({ Filters, NextToken: token }));
        return { items: answer.Subnets, nextToken: answer.NextToken };
      });
      for (const subnet of subnets) {
        const id = subnet.SubnetId ?? "";
        this.#launched.delete(id);
        found.set(id, {
          id,
          zone: subnet.AvailabilityZone ?? "",
          zoneId: subnet.AvailabilityZoneId,
          availableIps: subnet.AvailableIpAddressCount ?? 0,
        });
      }
    }
    return [...found.values()];
  }
}

/** One call for all ids, one per tag term. */
function filterSets(terms: readonly SubnetSelectorTerm[]): Filter[][] {
  const ids = terms.flatMap((term) => (term.id === undefined ? [] : [term.id]));
  const sets = terms.filter((term) => term.id === undefined).map((term) => tagFilters(term.tags));
  return ids.length === 0 ? sets : [[{ Name: "subnet-id", Values: ids }], ...sets];
}
