import {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  RunInstancesCommand,
  type TagSpecification,
} from "@aws-sdk/client-ec2";
import type { EC2NodeClass } from "@nodeless/api";
import { awsErrorCode, isUnauthorized } from "../aws-errors.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import { nodeClassTags } from "../node-tags.ts";
import type { AwsCloudOptions, AwsCloudSettings } from "../options.ts";

/** Source: Karpenter AWS provider, validation cache. */
const LIFETIME_MS = 30 * 60_000;
/** Well-formed names of things that do not exist: a dry run stops at the permission check. */
const NO_TEMPLATE = "lt-00000000000000000";
const NO_IMAGE = "ami-00000000000000000";

export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** Asks AWS by dry runs whether we may launch with the node class's tags. */
export class LaunchPermissions {
  readonly #options: AwsCloudOptions;
  readonly #settings: AwsCloudSettings;
  readonly #answers: ExpiringCache<Refusal | undefined>;

  constructor(options: AwsCloudOptions, settings: AwsCloudSettings) {
    this.#options = options;
    this.#settings = settings;
    this.#answers = new ExpiringCache({ clock: options.clock, lifetimeMs: LIFETIME_MS });
  }

  /** The first refusal, or undefined when everything is allowed. Refusals are asked again next time. */
  async check(nodeClass: EC2NodeClass): Promise<Refusal | undefined> {
    if (this.#settings.disableDryRun) return undefined;
    const key = JSON.stringify([nodeClass.metadata.name, nodeClass.spec.tags ?? {}]);
    return this.#answers.get(
      key,
      () => this.#ask(nodeClass),
      (refusal) => refusal === undefined,
    );
  }

  async #ask(nodeClass: EC2NodeClass): Promise<Refusal | undefined> {
    const { ec2 } = this.#options.clients;
    const Tags = [...nodeClassTags(this.#options.clusterName, nodeClass)].map(([Key, Value]) => ({ Key, Value }));
    const tagged = (...types: NonNullable<TagSpecification["ResourceType"]>[]): TagSpecification[] =>
      types.map((ResourceType) => ({ ResourceType, Tags }));
    const asks: readonly (readonly [reason: string, ask: () => Promise<unknown>])[] = [
      [
        "CreateFleetAuthCheckFailed",
        () =>
          ec2.send(
            new CreateFleetCommand({
              DryRun: true,
              Type: "instant",
              LaunchTemplateConfigs: [
                { LaunchTemplateSpecification: { LaunchTemplateId: NO_TEMPLATE, Version: "$Latest" } },
              ],
              TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: "on-demand" },
              TagSpecifications: tagged("fleet", "instance", "volume"),
            }),
          ),
      ],
      [
        "CreateLaunchTemplateAuthCheckFailed",
        () =>
          ec2.send(
            new CreateLaunchTemplateCommand({
              DryRun: true,
              LaunchTemplateName: "karpenter.k8s.aws/dry-run",
              LaunchTemplateData: { ImageId: NO_IMAGE },
              TagSpecifications: tagged("launch-template"),
            }),
          ),
      ],
      [
        "RunInstancesAuthCheckFailed",
        () =>
          ec2.send(
            new RunInstancesCommand({
              DryRun: true,
              MinCount: 1,
              MaxCount: 1,
              ImageId: NO_IMAGE,
              InstanceType: "m5.large",
              TagSpecifications: tagged("instance", "volume"),
            }),
          ),
      ],
    ];
    for (const [reason, ask] of asks) {
      const refusal = await refusalOf(ask);
      if (refusal !== undefined) return { reason, message: refusal };
    }
    return undefined;
  }
}

/** A dry run always fails; only the kind of failure counts. */
async function refusalOf(ask: () => Promise<unknown>): Promise<string | undefined> {
  try {
    await ask();
  } catch (error) {
    if (isUnauthorized(error)) return error instanceof Error ? error.message : String(error);
    // Refusals of the made-up names come after the permission check; a call that did not get through says nothing.
    if (awsErrorCode(error) === undefined) throw error;
  }
  return undefined;
}
