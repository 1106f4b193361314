import type { RunInstancesCommandInput, RunInstancesCommandOutput } from "@aws-sdk/client-ec2";
import type { Answer } from "../wire/handlers.ts";
import { type Ec2Core, existing, type Operations } from "./ec2-core.ts";
import { idempotencyMismatch, invalidParameter, required } from "./ec2-error.ts";
import { newReservationId } from "./instance-life.ts";
import { reservationView } from "./instance-view.ts";
import { abandonInstance, type LaunchData, type LaunchTags, launchInstance } from "./launch.ts";
import { findTemplate, versionOf } from "./launch-templates.ts";
import type { LaunchTemplateRecord, LaunchTemplateVersionRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";

export const RUN_INSTANCES_OPERATIONS: Operations = { RunInstances: runInstances };

/** More in one call than any account may run. */
const INSTANCES_MAX = 1000;

/** All `MinCount` or none, up to `MaxCount`. */
function runInstances(core: Ec2Core, input: RunInstancesCommandInput): Answer<RunInstancesCommandOutput> {
  const ids = core.state.tokens.once(
    { operation: "RunInstances", token: input.ClientToken, input },
    () => launchAll(core, input),
    idempotencyMismatch,
  );
  const records = ids.map((id) => existing(core.launchedInstances, "instance", id));
  return reservationView(core, records);
}

function launchAll(core: Ec2Core, input: RunInstancesCommandInput): string[] {
  const most = required(input.MaxCount, "MaxCount");
  const least = required(input.MinCount, "MinCount");
  if (least < 1 || most < least || most > INSTANCES_MAX)
    throw invalidParameter(`Invalid value for instance counts: minimum ${least}, maximum ${most}`);
  const template = input.LaunchTemplate === undefined ? undefined : findTemplate(core, input.LaunchTemplate);
  const version = template && versionOf(template, input.LaunchTemplate?.Version);
  const data = mergedData(input, version);
  const market =
    input.InstanceMarketOptions ??
    (version?.data as { InstanceMarketOptions?: unknown } | undefined)?.InstanceMarketOptions;
  const spot = (market as RunInstancesCommandInput["InstanceMarketOptions"])?.MarketType === "spot";
  const maxPrice = input.InstanceMarketOptions?.SpotOptions?.MaxPrice;
  const reservationId = newReservationId(core);
  const ids: string[] = [];
  for (let count = 0; count < most; count += 1) {
    // A partial launch above the minimum is success; below it, the first refusal is the answer.
    try {
      const instance = launchInstance(core, {
        data,
        instanceType: data.InstanceType ?? "m1.small",
        capacityType: spot ? "spot" : "on-demand",
        subnetId: input.SubnetId,
        zone: input.Placement?.AvailabilityZone,
        maxPriceUsd: maxPrice === undefined ? undefined : Number(maxPrice),
        reservationId,
        clientToken: input.ClientToken,
        tags: launchTags(input.TagSpecifications, template, version),
      });
      ids.push(instance.id);
    } catch (error) {
      if (ids.length >= least) return ids;
      for (const id of ids) abandonInstance(core, id);
      throw error;
    }
  }
  return ids;
}

/** The template's data with the request's members over it. */
export function mergedData(given: object, version: LaunchTemplateVersionRecord | undefined): LaunchData {
  const own = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...version?.data, ...Object.fromEntries(own) } as LaunchData;
}

const TAGGED_BY_LAUNCH = [
  "instance",
  "volume",
  "network-interface",
  "spot-instances-request",
  "elastic-gpu",
  "fleet",
  "launch-template",
];

/** Tags of the template and of the request, and those EC2 adds to say which template it was. */
export function launchTags(
  specifications: RunInstancesCommandInput["TagSpecifications"],
  template: LaunchTemplateRecord | undefined,
  version: LaunchTemplateVersionRecord | undefined,
): LaunchTags {
  const fromTemplate = version?.data["TagSpecifications"] as RunInstancesCommandInput["TagSpecifications"];
  const of = (type: string): [string, string][] => [
    ...specifiedTags(fromTemplate, type, TAGGED_BY_LAUNCH),
    ...specifiedTags(specifications, type, TAGGED_BY_LAUNCH),
  ];
  const system: [string, string][] =
    template === undefined || version === undefined
      ? []
      : [
          ["aws:ec2launchtemplate:id", template.id],
          ["aws:ec2launchtemplate:version", String(version.version)],
        ];
  return { instance: of("instance"), volume: of("volume"), networkInterface: of("network-interface"), system };
}
