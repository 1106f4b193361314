import {
  CreateFleetCommand,
  type CreateFleetError,
  type CreateFleetInstance,
  type EC2Client,
} from "@aws-sdk/client-ec2";
import { LABELS } from "@nodeless/api";
import {
  CloudError,
  type CloudInstance,
  InsufficientCapacityError,
  type LaunchRequest,
  type OfferingKey,
} from "@nodeless/cloud";
import { withAbort } from "../aws-calls.ts";
import { awsErrorCode, isNoCapacityCode, isNotFound, SPOT_ROLE_MISSING } from "../aws-errors.ts";
import type { ClusterFacts } from "../cluster-facts.ts";
import type { Instances } from "../instances.ts";
import { imageFor } from "../node-class/image-choice.ts";
import type { ResolvedNodeClass } from "../node-class/resolved-node-class.ts";
import type { NodeSubnet, NodeSubnets } from "../node-class/subnets.ts";
import { instanceTags } from "../node-tags.ts";
import type { AwsCloudOptions } from "../options.ts";
import type { UnavailableOfferings } from "../unavailable-offerings.ts";
import { userDataFor } from "../user-data/user-data.ts";
import { fleetRequest, type TemplateGroup } from "./fleet-request.ts";
import { allowsSpot, chooseLaunch, FLEXIBLE_TYPES_MIN, type LaunchChoice, type LaunchOption } from "./launch-choice.ts";
import { launchTemplateData } from "./launch-template-data.ts";
import type { LaunchTemplates } from "./launch-templates.ts";

/** Another token for each try; each ends in an answer, or in a token that was used with other parameters before. */
const TOKENS_MAX = 5;
/** Claims that fail are given up soon; a forgotten one repeats its last refusal once. */
const SPENT_TOKENS_MAX = 1000;

export interface LauncherDependencies {
  readonly options: AwsCloudOptions;
  readonly templates: LaunchTemplates;
  readonly subnets: NodeSubnets;
  readonly instances: Instances;
  readonly unavailable: UnavailableOfferings;
}

/** Launches one instance for one claim. */
export class Launcher {
  readonly #options: AwsCloudOptions;
  readonly #ec2: EC2Client;
  readonly #templates: LaunchTemplates;
  readonly #subnets: NodeSubnets;
  readonly #instances: Instances;
  readonly #unavailable: UnavailableOfferings;
  /** Tokens used up per claim, oldest first. */
  readonly #spentTokens = new Map<string, number>();

  constructor({ options, templates, subnets, instances, unavailable }: LauncherDependencies) {
    this.#options = options;
    this.#ec2 = options.clients.ec2;
    this.#templates = templates;
    this.#subnets = subnets;
    this.#instances = instances;
    this.#unavailable = unavailable;
  }

  /** See CloudProvider.launch. */
  async launch(
    request: LaunchRequest,
    resolved: ResolvedNodeClass,
    context: { readonly cluster: ClusterFacts; readonly signal: AbortSignal | undefined },
  ): Promise<CloudInstance> {
    const { signal } = context;
    const subnets = (await this.#subnets.select(resolved.nodeClass.spec.subnetSelectorTerms)).filter(
      (subnet) => subnet.availableIps > 0,
    );
    const choice = this.#choose(request, resolved, subnets);
    const first = this.#spentTokens.get(request.claimUid) ?? 0;
    for (let attempt = first; attempt < first + TOKENS_MAX; attempt += 1) {
      const groups = await this.#templateGroups(request, resolved, { ...context, choice });
      signal?.throwIfAborted();
      const answer = await this.#createFleet({ request, resolved, choice, groups, subnets, attempt, signal });
      if (answer !== undefined) return answer;
    }
    throw new CloudError(
      "IdempotentParameterMismatch",
      `claim ${request.claimName} was launched with other parameters before`,
    );
  }

  /** Types that the caller saw as available may have been refused since. */
  #choose(request: LaunchRequest, resolved: ResolvedNodeClass, subnets: readonly NodeSubnet[]): LaunchChoice {
    const types = request.instanceTypes
      .filter((type) => imageFor(type, resolved.images) !== undefined)
      .map((type) => ({
        ...type,
        offerings: type.offerings.filter(
          ({ zone, capacityType }) => !this.#unavailable.has({ instanceType: type.name, zone, capacityType }),
        ),
      }));
    const choice = chooseLaunch(types, request.requirements, new Set(subnets.map((subnet) => subnet.zone)));
    if (choice.options.length === 0)
      throw new InsufficientCapacityError([], {
        message: "all requested instance types were unavailable during launch",
      });
    const { length } = choice.options;
    if (choice.capacityType === "on-demand" && allowsSpot(request.requirements) && length < FLEXIBLE_TYPES_MIN)
      this.#options.logger.warn("few instance types are left after falling back from spot to on-demand", {
        nodeClaim: request.claimName,
        instanceTypes: length,
      });
    return choice;
  }

  /** Types that boot from the same image share a launch template. */
  async #templateGroups(
    request: LaunchRequest,
    resolved: ResolvedNodeClass,
    context: {
      readonly cluster: ClusterFacts;
      readonly choice: LaunchChoice;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<TemplateGroup[]> {
    const { cluster, choice, signal } = context;
    const { spec } = resolved.nodeClass;
    const byImage = new Map<string, LaunchOption[]>();
    for (const option of choice.options) {
      const id = imageFor(option.type, resolved.images)?.id ?? "";
      byImage.set(id, [...(byImage.get(id) ?? []), option]);
    }
    const userData = userDataFor(resolved.family, {
      cluster,
      labels: {
        ...request.labels,
        [LABELS.capacityType]: choice.capacityType,
        [LABELS.ec2NodeClass]: resolved.nodeClass.metadata.name,
      },
      taints: request.taints,
      kubelet: spec.kubelet,
      instanceStorePolicy: spec.instanceStorePolicy,
      custom: spec.userData,
    });
    const groups: TemplateGroup[] = [];
    for (const [imageId, options] of byImage) {
      signal?.throwIfAborted();
      const data = launchTemplateData(resolved, imageId, userData);
      groups.push({ imageId, options, templateName: await this.#templates.ensure(resolved.nodeClass, data) });
    }
    return groups;
  }

  /** One fleet. Undefined: try again, because AWS knows the token with other parameters and no instance, or a template was gone. */
  async #createFleet(fleet: {
    readonly request: LaunchRequest;
    readonly resolved: ResolvedNodeClass;
    readonly choice: LaunchChoice;
    readonly groups: readonly TemplateGroup[];
    readonly subnets: readonly NodeSubnet[];
    readonly attempt: number;
    readonly signal: AbortSignal | undefined;
  }): Promise<CloudInstance | undefined> {
    const { request, resolved, choice, groups, subnets, attempt, signal } = fleet;
    const { clusterName } = this.#options;
    const input = fleetRequest({
      choice,
      groups,
      subnets,
      tags: instanceTags(clusterName, resolved.nodeClass, request),
      clientToken: attempt === 0 ? request.claimUid : `${request.claimUid}-${attempt}`,
    });
    try {
      const answer = await withAbort(signal, (send) => this.#ec2.send(new CreateFleetCommand(input), send));
      const [instance] = answer.Instances ?? [];
      this.#learn(answer.Errors ?? []);
      if (instance?.InstanceIds?.[0] === undefined) {
        this.#spend(request.claimUid, attempt + 1);
        throw launchFailure(answer.Errors ?? []);
      }
      return await this.#launched(instance, instance.InstanceIds[0], signal);
    } catch (error) {
      const code = awsErrorCode(error) ?? "";
      if (code === "IdempotentParameterMismatch") return this.#instances.findByClaim(request.claimUid, signal);
      if (isNotFound(error) && code.startsWith("InvalidLaunchTemplate")) {
        // Somebody deleted a template under us: make it again.
        for (const { templateName } of groups) this.#templates.forget(templateName);
        return undefined;
      }
      if (isNoCapacityCode(code)) throw new InsufficientCapacityError([], { cause: error, message: code });
      throw error;
    }
  }

  /** AWS repeats what it answered to a token: after an answer without an instance the claim's next try needs another. */
  #spend(claimUid: string, tokens: number): void {
    this.#spentTokens.delete(claimUid);
    this.#spentTokens.set(claimUid, tokens);
    const [oldest] = this.#spentTokens.keys();
    if (this.#spentTokens.size > SPENT_TOKENS_MAX && oldest !== undefined) this.#spentTokens.delete(oldest);
  }

  async #launched(
    instance: CreateFleetInstance,
    instanceId: string,
    signal: AbortSignal | undefined,
  ): Promise<CloudInstance> {
    const overrides = instance.LaunchTemplateAndOverrides?.Overrides;
    if (overrides?.SubnetId !== undefined) this.#subnets.debit(overrides.SubnetId);
    return this.#instances.getLaunched(instanceId, signal);
  }

  #learn(errors: readonly CreateFleetError[]): void {
    for (const error of errors) {
      const code = error.ErrorCode ?? "";
      if (!isNoCapacityCode(code)) continue;
      const offering = offeringOf(error);
      if (code === SPOT_ROLE_MISSING) this.#unavailable.mark({ instanceType: "*", zone: "*", capacityType: "spot" });
      else if (code === "InsufficientFreeAddressesInSubnet")
        for (const capacityType of ["spot", "on-demand"] as const)
          this.#unavailable.mark({ instanceType: "*", zone: offering.zone, capacityType });
      else this.#unavailable.mark(offering);
    }
  }
}

function offeringOf({ LaunchTemplateAndOverrides: place, Lifecycle }: CreateFleetError): OfferingKey {
  return {
    instanceType: place?.Overrides?.InstanceType ?? "*",
    zone: place?.Overrides?.AvailabilityZone ?? "*",
    capacityType: Lifecycle === "spot" ? "spot" : "on-demand",
  };
}

/** Capacity everywhere is one kind of failure; anything else has a cause that waiting does not cure. */
function launchFailure(errors: readonly CreateFleetError[]): Error {
  const other = errors.find((error) => !isNoCapacityCode(error.ErrorCode ?? ""));
  if (other === undefined) return new InsufficientCapacityError(errors.map(offeringOf));
  const reason = (other.ErrorCode ?? "LaunchFailed").replaceAll(/[^A-Za-z0-9]/g, "");
  return new CloudError(reason, `launch was refused: ${other.ErrorCode}: ${other.ErrorMessage}`);
}
