import type { EC2NodeClass } from "@nodeless/api";
import type { NodeClassStatus } from "@nodeless/cloud";
import { imageFamily } from "@nodeless/instance-types";
import { awsErrorCode, isNotFound } from "../aws-errors.ts";
import type { ClusterFacts } from "../cluster-facts.ts";
import type { AwsCloudOptions, AwsCloudSettings } from "../options.ts";
import { NodeImages } from "./images.ts";
import { InstanceProfiles } from "./instance-profiles.ts";
import { LaunchPermissions } from "./launch-permissions.ts";
import type { ResolvedNodeClass } from "./resolved-node-class.ts";
import { NodeSecurityGroups } from "./security-groups.ts";
import { NodeSubnets } from "./subnets.ts";

type Condition = NodeClassStatus["conditions"][number];

/** Resolves node classes; conditions and their order as in karpenter.md §1.6. */
export class NodeClassReconciler {
  readonly subnets: NodeSubnets;
  readonly profiles: InstanceProfiles;
  readonly #images: NodeImages;
  readonly #securityGroups: NodeSecurityGroups;
  readonly #permissions: LaunchPermissions;
  readonly #cluster: () => Promise<ClusterFacts>;

  constructor(options: AwsCloudOptions, settings: AwsCloudSettings, cluster: () => Promise<ClusterFacts>) {
    this.subnets = new NodeSubnets(options);
    this.profiles = new InstanceProfiles(options);
    this.#images = new NodeImages(options);
    this.#securityGroups = new NodeSecurityGroups(options);
    this.#permissions = new LaunchPermissions(options, settings);
    this.#cluster = cluster;
  }

  async reconcile(nodeClass: EC2NodeClass): Promise<ResolvedNodeClass> {
    const { spec } = nodeClass;
    const { version } = await this.#cluster();
    const [images, subnets, securityGroups, profile] = await Promise.all([
      this.#images.select(spec.amiSelectorTerms, version),
      this.subnets.select(spec.subnetSelectorTerms),
      this.#securityGroups.select(spec.securityGroupSelectorTerms),
      this.#profile(nodeClass),
    ]);
    const resolved: Condition[] = [
      found("AMIsReady", "AMINotFound", images, "AMISelector did not match any AMIs"),
      found("SubnetsReady", "SubnetsNotFound", subnets, "SubnetSelector did not match any Subnets"),
      found(
        "SecurityGroupsReady",
        "SecurityGroupsNotFound",
        securityGroups,
        "SecurityGroupSelector did not match any SecurityGroups",
      ),
      profile.condition,
    ];
    const conditions = [...resolved, await this.#validation(nodeClass, resolved)];
    const status: NodeClassStatus = {
      subnets: subnets.map(({ id, zone, zoneId }) => ({ id, zone, ...(zoneId !== undefined && { zoneID: zoneId }) })),
      securityGroups,
      amis: images,
      ...(profile.name !== undefined && { instanceProfile: profile.name }),
      conditions,
    };
    return {
      nodeClass,
      family: imageFamily(nodeClass.spec),
      images,
      securityGroups,
      instanceProfile: profile.name,
      status,
    };
  }

  /** A given profile is taken at its word; a role gets a profile of ours. */
  async #profile(
    nodeClass: EC2NodeClass,
  ): Promise<{ readonly name: string | undefined; readonly condition: Condition }> {
    const { role, instanceProfile } = nodeClass.spec;
    if (instanceProfile !== undefined) return { name: instanceProfile, condition: isTrue("InstanceProfileReady") };
    if (role === undefined)
      return {
        name: undefined,
        condition: isFalse(
          "InstanceProfileReady",
          "InstanceProfileNotFound",
          "neither role nor instanceProfile is set",
        ),
      };
    try {
      return { name: await this.profiles.ensure(nodeClass, role), condition: isTrue("InstanceProfileReady") };
    } catch (error) {
      if (!isNotFound(error)) throw error;
      return {
        name: undefined,
        condition: isFalse(
          "InstanceProfileReady",
          "InstanceProfileRoleNotFound",
          `role ${role} does not exist (${awsErrorCode(error)})`,
        ),
      };
    }
  }

  async #validation(nodeClass: EC2NodeClass, before: readonly Condition[]): Promise<Condition> {
    const type = "ValidationSucceeded";
    const missing = before.filter((condition) => condition.status !== "True").map((condition) => condition.type);
    if (missing.length > 0)
      return { type, status: "Unknown", reason: "DependenciesNotReady", message: `waiting for ${missing.join(", ")}` };
    const reserved = reservedTag(nodeClass);
    if (reserved !== undefined)
      return isFalse(type, "TagValidationFailed", `tag ${reserved} is set by Karpenter; leave it out of spec.tags`);
    const refusal = await this.#permissions.check(nodeClass);
    return refusal === undefined ? isTrue(type) : isFalse(type, refusal.reason, refusal.message);
  }
}

const RESERVED_TAGS =
  /^(kubernetes\.io\/cluster\/.*|karpenter\.sh\/nodepool|karpenter\.sh\/nodeclaim|karpenter\.k8s\.aws\/ec2nodeclass|eks:eks-cluster-name|)$/;

function reservedTag(nodeClass: EC2NodeClass): string | undefined {
  return Object.keys(nodeClass.spec.tags ?? {}).find((key) => RESERVED_TAGS.test(key));
}

function found(type: string, reason: string, items: readonly unknown[], message: string): Condition {
  return items.length > 0 ? isTrue(type) : isFalse(type, reason, message);
}

function isTrue(type: string): Condition {
  return { type, status: "True", reason: type, message: "" };
}

function isFalse(type: string, reason: string, message: string): Condition {
  return { type, status: "False", reason, message };
}
