import { DescribeSecurityGroupsCommand, type Filter } from "@aws-sdk/client-ec2";
import type { SecurityGroupSelectorTerm } from "@nodeless/api";
import { allPages } from "../aws-calls.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import type { AwsCloudOptions } from "../options.ts";
import { tagFilters } from "./selector-filters.ts";

/** Source: Karpenter AWS provider, security group cache. */
const LIFETIME_MS = 5 * 60_000;

export interface NodeSecurityGroup {
  readonly id: string;
  readonly name: string;
}

/** Security groups of selectors, remembered for five minutes. */
export class NodeSecurityGroups {
  readonly #options: AwsCloudOptions;
  readonly #cache: ExpiringCache<readonly NodeSecurityGroup[]>;

  constructor(options: AwsCloudOptions) {
    this.#options = options;
    this.#cache = new ExpiringCache({ clock: options.clock, lifetimeMs: LIFETIME_MS });
  }

  /** Groups matching any term, by id. */
  select(terms: readonly SecurityGroupSelectorTerm[]): Promise<readonly NodeSecurityGroup[]> {
    return this.#cache.get(
      JSON.stringify(terms),
      () => this.#describe(terms),
      (groups) => groups.length > 0,
    );
  }

  async #describe(terms: readonly SecurityGroupSelectorTerm[]): Promise<readonly NodeSecurityGroup[]> {
    const found = new Map<string, NodeSecurityGroup>();
    for (const Filters of filterSets(terms)) {
      const groups = await allPages(async (token) => {
        const command = new DescribeSecurityGroupsCommand({ Filters, NextToken: token });
        const answer = await this.#options.clients.ec2.send(command);
        return { items: answer.SecurityGroups, nextToken: answer.NextToken };
      });
      for (const { GroupId: id = "", GroupName: name = "" } of groups) found.set(id, { id, name });
    }
    return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  }
}

function filterSets(terms: readonly SecurityGroupSelectorTerm[]): Filter[][] {
  const ids = terms.flatMap((term) => (term.id === undefined ? [] : [term.id]));
  const names = terms.flatMap((term) => (term.name === undefined ? [] : [term.name]));
  const sets = terms
    .filter((term) => term.id === undefined && term.name === undefined)
    .map((term) => tagFilters(term.tags));
  if (ids.length > 0) sets.unshift([{ Name: "group-id", Values: ids }]);
  if (names.length > 0) sets.unshift([{ Name: "group-name", Values: names }]);
  return sets;
}
