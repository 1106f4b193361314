import { createHash } from "node:crypto";
import {
  CreateLaunchTemplateCommand,
  DeleteLaunchTemplateCommand,
  DescribeLaunchTemplatesCommand,
  type RequestLaunchTemplateData,
} from "@aws-sdk/client-ec2";
import type { EC2NodeClass } from "@nodeless/api";
import { allPages } from "../aws-calls.ts";
import { isAlreadyExists, isNotFound } from "../aws-errors.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import { CLUSTER_TAG, NODE_CLASS_TAG, nodeClassTags } from "../node-tags.ts";
import type { AwsCloudOptions } from "../options.ts";

const NAME_PREFIX = "karpenter.k8s.aws/";
/** Source: Karpenter AWS provider, launch template cache. */
const LIFETIME_MS = 60_000;
/** A template that no launch has used for this long goes: nodes do not need theirs once they run. */
const UNUSED_MS = 10 * 60_000;

/** Launch templates named after the hash of what they hold: equal launches share one, and nothing is ever changed in place. */
export class LaunchTemplates {
  readonly #options: AwsCloudOptions;
  readonly #ensured: ExpiringCache<string>;
  readonly #usedAtMs = new Map<string, number>();

  constructor(options: AwsCloudOptions) {
    this.#options = options;
    this.#ensured = new ExpiringCache({ clock: options.clock, lifetimeMs: LIFETIME_MS });
  }

  /** Makes sure that the template exists; returns its name. */
  async ensure(nodeClass: EC2NodeClass, data: RequestLaunchTemplateData): Promise<string> {
    const name = this.#nameFor(nodeClass, data);
    this.#usedAtMs.set(name, this.#options.clock.monotonicMs());
    await this.#deleteUnused();
    return this.#ensured.get(name, async () => {
      if (!(await this.#exists(name))) await this.#create(nodeClass, name, data);
      return name;
    });
  }

  /** The template turned out to be gone: look again next time. */
  forget(name: string): void {
    this.#ensured.delete(name);
  }

  /** Deletes all templates of a node class. */
  async deleteAll(nodeClass: EC2NodeClass): Promise<void> {
    const { ec2 } = this.#options.clients;
    const Filters = [
      { Name: `tag:${CLUSTER_TAG}`, Values: [this.#options.clusterName] },
      { Name: `tag:${NODE_CLASS_TAG}`, Values: [nodeClass.metadata.name] },
    ];
    const templates = await allPages(async (token) => {
      const answer = await ec2.send(new DescribeLaunchTemplatesCommand({ Filters, NextToken: token }));
      return { items: answer.LaunchTemplates, nextToken: answer.NextToken };
    });
    for (const { LaunchTemplateId, LaunchTemplateName = "" } of templates) {
      this.#ensured.delete(LaunchTemplateName);
      this.#usedAtMs.delete(LaunchTemplateName);
      try {
        await ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateId }));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }

  async #deleteUnused(): Promise<void> {
    const now = this.#options.clock.monotonicMs();
    for (const [name, usedAtMs] of this.#usedAtMs) {
      if (now - usedAtMs < UNUSED_MS) continue;
      this.#usedAtMs.delete(name);
      this.#ensured.delete(name);
      try {
        await this.#options.clients.ec2.send(new DeleteLaunchTemplateCommand({ LaunchTemplateName: name }));
      } catch (error) {
        // A launch must not fail over what is left of others; the node class's end removes it.
        if (!isNotFound(error)) this.#options.logger.warn("unused launch template was not deleted", { name, error });
      }
    }
  }

  #nameFor(nodeClass: EC2NodeClass, data: RequestLaunchTemplateData): string {
    const { clusterName } = this.#options;
    const tags = [...nodeClassTags(clusterName, nodeClass)];
    const hash = createHash("sha256")
      .update(JSON.stringify([clusterName, tags, data]))
      .digest("hex");
    return `${NAME_PREFIX}${hash.slice(0, 20)}`;
  }

  async #exists(name: string): Promise<boolean> {
    try {
      const command = new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: [name] });
      return ((await this.#options.clients.ec2.send(command)).LaunchTemplates ?? []).length > 0;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  async #create(nodeClass: EC2NodeClass, name: string, data: RequestLaunchTemplateData): Promise<void> {
    const tags = nodeClassTags(this.#options.clusterName, nodeClass);
    const Tags = [...tags].map(([Key, Value]) => ({ Key, Value }));
    try {
      await this.#options.clients.ec2.send(
        new CreateLaunchTemplateCommand({
          LaunchTemplateName: name,
          LaunchTemplateData: data,
          TagSpecifications: [{ ResourceType: "launch-template", Tags }],
        }),
      );
    } catch (error) {
      // Another launch was faster, with the same content.
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
