import {
  CreateTagsCommand,
  DescribeInstancesCommand,
  type DescribeInstancesCommandInput,
  type Instance,
  TerminateInstancesCommand,
} from "@aws-sdk/client-ec2";
import { type CloudInstance, InstanceNotFoundError } from "@nodeless/cloud";
import { allPages, withAbort } from "./aws-calls.ts";
import { isNotFound } from "./aws-errors.ts";
import { CLAIM_UID_TAG, CLUSTER_TAG, NODE_CLAIM_TAG, NODE_CLASS_TAG, NODE_POOL_TAG } from "./node-tags.ts";
import type { AwsCloudOptions } from "./options.ts";

const LIVE_STATES = ["pending", "running", "shutting-down", "stopping", "stopped"];
/** A new instance may take a few seconds to become visible to all of EC2: 0.1 + 0.2 + … + 6.4 s. */
const VISIBLE_TRIES = 8;
const VISIBLE_FIRST_WAIT_MS = 100;

/** Instances of this cluster. */
export class Instances {
  readonly #options: AwsCloudOptions;

  constructor(options: AwsCloudOptions) {
    this.#options = options;
  }

  /** Throws InstanceNotFoundError for one that is gone or terminated. */
  async get(providerId: string, signal?: AbortSignal): Promise<CloudInstance> {
    const instance = await this.#describeOne(instanceIdOf(providerId), signal);
    if (instance === undefined || instance.State?.Name === "terminated") throw new InstanceNotFoundError(providerId);
    return cloudInstance(instance);
  }

  /** An instance that CreateFleet has just named. */
  async getLaunched(instanceId: string, signal?: AbortSignal): Promise<CloudInstance> {
    for (let attempt = 0; attempt < VISIBLE_TRIES; attempt += 1) {
      const instance = await this.#describeOne(instanceId, signal);
      if (instance?.PrivateDnsName !== undefined) return cloudInstance(instance);
      await this.#options.clock.sleep(VISIBLE_FIRST_WAIT_MS * 2 ** attempt, signal);
    }
    throw new InstanceNotFoundError(instanceId);
  }

  list(signal?: AbortSignal): Promise<readonly CloudInstance[]> {
    return this.#describe(
      [
        { Name: "tag-key", Values: [NODE_POOL_TAG] },
        { Name: "tag-key", Values: [NODE_CLASS_TAG] },
        { Name: `tag:${CLUSTER_TAG}`, Values: [this.#options.clusterName] },
        { Name: "instance-state-name", Values: LIVE_STATES },
      ],
      signal,
    );
  }

  /** What an earlier launch for the claim left, if it is still there. */
  async findByClaim(claimUid: string, signal?: AbortSignal): Promise<CloudInstance | undefined> {
    const found = await this.#describe(
      [
        { Name: `tag:${CLAIM_UID_TAG}`, Values: [claimUid] },
        { Name: "instance-state-name", Values: LIVE_STATES },
      ],
      signal,
    );
    return found[0];
  }

  /** Throws InstanceNotFoundError once the instance is gone. */
  async terminate(providerId: string, signal?: AbortSignal): Promise<void> {
    const InstanceIds = [instanceIdOf(providerId)];
    const { ec2 } = this.#options.clients;
    try {
      const answer = await withAbort(signal, (send) => ec2.send(new TerminateInstancesCommand({ InstanceIds }), send));
      // EC2 accepts to terminate what it still shows as terminated.
      if (answer.TerminatingInstances?.[0]?.PreviousState?.Name === "terminated")
        throw new InstanceNotFoundError(providerId);
    } catch (error) {
      if (isNotFound(error)) throw new InstanceNotFoundError(providerId, { cause: error });
      throw error;
    }
  }

  async tagRegistered(
    providerId: string,
    names: { readonly nodeName: string; readonly claimName: string },
    signal?: AbortSignal,
  ): Promise<void> {
    const Tags = [
      { Key: "Name", Value: names.nodeName },
      { Key: NODE_CLAIM_TAG, Value: names.claimName },
    ];
    const command = new CreateTagsCommand({ Resources: [instanceIdOf(providerId)], Tags });
    try {
      await withAbort(signal, (send) => this.#options.clients.ec2.send(command, send));
    } catch (error) {
      if (isNotFound(error)) throw new InstanceNotFoundError(providerId, { cause: error });
      throw error;
    }
  }

  async #describeOne(instanceId: string, signal: AbortSignal | undefined): Promise<Instance | undefined> {
    const command = new DescribeInstancesCommand({ InstanceIds: [instanceId] });
    try {
      const answer = await withAbort(signal, (send) => this.#options.clients.ec2.send(command, send));
      return answer.Reservations?.flatMap((reservation) => reservation.Instances ?? [])[0];
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #describe(
    Filters: NonNullable<DescribeInstancesCommandInput["Filters"]>,
    signal: AbortSignal | undefined,
  ): Promise<CloudInstance[]> {
    const instances = await allPages(async (token) => {
      const command = new DescribeInstancesCommand({ Filters, MaxResults: 1000, NextToken: token });
      const answer = await withAbort(signal, (send) => this.#options.clients.ec2.send(command, send));
      return {
        items: answer.Reservations?.flatMap((reservation) => reservation.Instances ?? []),
        nextToken: answer.NextToken,
      };
    });
    return instances.map(cloudInstance).sort((a, b) => (a.instanceId < b.instanceId ? -1 : 1));
  }
}

/** `aws:///<zone>/<id>` → id; anything else cannot be an instance of ours. */
function instanceIdOf(providerId: string): string {
  const id = /^aws:\/\/\/[^/]*\/(i-[0-9a-f]+)$/.exec(providerId)?.[1];
  if (id === undefined) throw new InstanceNotFoundError(providerId);
  return id;
}

function cloudInstance(instance: Instance): CloudInstance {
  const instanceId = instance.InstanceId ?? "";
  const zone = instance.Placement?.AvailabilityZone ?? "";
  return {
    providerId: `aws:///${zone}/${instanceId}`,
    instanceId,
    instanceType: instance.InstanceType ?? "",
    zone,
    capacityType: instance.InstanceLifecycle === "spot" ? "spot" : "on-demand",
    imageId: instance.ImageId ?? "",
    tags: new Map((instance.Tags ?? []).map(({ Key = "", Value = "" }) => [Key, Value])),
    launchTime: instance.LaunchTime ?? new Date(0),
    state: instance.State?.Name ?? "pending",
    privateDnsName: instance.PrivateDnsName ?? "",
  };
}
