import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  type EC2Client,
  type InstanceTypeInfo,
} from "@aws-sdk/client-ec2";
import { allPages, withAbort } from "../aws-calls.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import type { AwsCloudOptions } from "../options.ts";

/** Types appear a few times a year; zones of a type change more often. Source: upstream's refresh intervals. */
const TYPES_LIFETIME_MS = 12 * 60 * 60_000;
const OFFERINGS_LIFETIME_MS = 5 * 60_000;

/** What EC2 says about its types, remembered. */
export class Ec2InstanceTypes {
  readonly #ec2: EC2Client;
  readonly #types: ExpiringCache<readonly InstanceTypeInfo[]>;
  readonly #zones: ExpiringCache<ReadonlyMap<string, readonly string[]>>;

  constructor({ clients, clock }: Pick<AwsCloudOptions, "clients" | "clock">) {
    this.#ec2 = clients.ec2;
    this.#types = new ExpiringCache({ clock, lifetimeMs: TYPES_LIFETIME_MS });
    this.#zones = new ExpiringCache({ clock, lifetimeMs: OFFERINGS_LIFETIME_MS });
  }

  /** {@link describeTypes} */
  types(): Promise<readonly InstanceTypeInfo[]> {
    return this.#types.get("all", () => describeTypes(this.#ec2));
  }

  /** {@link describeTypeZones} */
  zones(): Promise<ReadonlyMap<string, readonly string[]>> {
    return this.#zones.get("all", () => describeTypeZones(this.#ec2));
  }
}

/** All hvm types of the region that nodes can run on, by name. */
export async function describeTypes(ec2: EC2Client, signal?: AbortSignal): Promise<readonly InstanceTypeInfo[]> {
  const Filters = [
    { Name: "supported-virtualization-type", Values: ["hvm"] },
    { Name: "processor-info.supported-architecture", Values: ["x86_64", "arm64"] },
  ];
  const all = await allPages(async (NextToken) => {
    const command = new DescribeInstanceTypesCommand({ Filters, MaxResults: 100, NextToken });
    const answer = await withAbort(signal, (options) => ec2.send(command, options));
    return { items: answer.InstanceTypes, nextToken: answer.NextToken };
  });
  return all.sort((a, b) => ((a.InstanceType ?? "") < (b.InstanceType ?? "") ? -1 : 1));
}

/** Zones offering each type. */
export async function describeTypeZones(
  ec2: EC2Client,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const offerings = await allPages(async (NextToken) => {
    const command = new DescribeInstanceTypeOfferingsCommand({
      LocationType: "availability-zone",
      MaxResults: 1000,
      NextToken,
    });
    const answer = await withAbort(signal, (options) => ec2.send(command, options));
    return { items: answer.InstanceTypeOfferings, nextToken: answer.NextToken };
  });
  const zones = new Map<string, string[]>();
  for (const { InstanceType: type = "", Location: zone = "" } of offerings) {
    const known = zones.get(type);
    if (known === undefined) zones.set(type, [zone]);
    else known.push(zone);
  }
  return zones;
}
