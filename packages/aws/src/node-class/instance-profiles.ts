import { createHash } from "node:crypto";
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  DeleteInstanceProfileCommand,
  GetInstanceProfileCommand,
  type InstanceProfile,
  RemoveRoleFromInstanceProfileCommand,
} from "@aws-sdk/client-iam";
import type { EC2NodeClass } from "@nodeless/api";
import { isAlreadyExists, isNotFound } from "../aws-errors.ts";
import { ExpiringCache } from "../expiring-cache.ts";
import { nodeClassTags } from "../node-tags.ts";
import type { AwsCloudOptions } from "../options.ts";

/** Source: Karpenter AWS provider, instance profile cache. */
const LIFETIME_MS = 15 * 60_000;

/** Instance profiles that are made for a node class's role. */
export class InstanceProfiles {
  readonly #options: AwsCloudOptions;
  readonly #ensured: ExpiringCache<string>;

  constructor(options: AwsCloudOptions) {
    this.#options = options;
    this.#ensured = new ExpiringCache({ clock: options.clock, lifetimeMs: LIFETIME_MS });
  }

  /** Name of the profile of a node class: stable, unique per cluster and region, within IAM's 128 characters. */
  nameFor(nodeClass: Pick<EC2NodeClass, "metadata">): string {
    const { region, clusterName } = this.#options;
    const hash = createHash("sha256").update(`${region}/${nodeClass.metadata.name}`).digest("hex").slice(0, 20);
    return `${clusterName}_${hash}`;
  }

  /** Makes sure that the profile exists and holds the role; returns its name. */
  ensure(nodeClass: EC2NodeClass, role: string): Promise<string> {
    const name = this.nameFor(nodeClass);
    return this.#ensured.get(`${name}/${role}`, async () => {
      const profile = (await this.#find(name)) ?? (await this.#create(nodeClass, name));
      await this.#holdRole(name, profile?.Roles?.[0]?.RoleName, roleName(role));
      return name;
    });
  }

  /** Removes the profile; no-op if there is none. */
  async delete(nodeClass: EC2NodeClass): Promise<void> {
    const { iam } = this.#options.clients;
    const name = this.nameFor(nodeClass);
    if (nodeClass.spec.role !== undefined) this.#ensured.delete(`${name}/${nodeClass.spec.role}`);
    const profile = await this.#find(name);
    if (profile === undefined) return;
    try {
      for (const { RoleName } of profile.Roles ?? [])
        await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: name, RoleName }));
      await iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName: name }));
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  async #find(name: string): Promise<InstanceProfile | undefined> {
    try {
      const command = new GetInstanceProfileCommand({ InstanceProfileName: name });
      return (await this.#options.clients.iam.send(command)).InstanceProfile;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #create(nodeClass: EC2NodeClass, name: string): Promise<InstanceProfile | undefined> {
    const { clients, region, clusterName } = this.#options;
    const tags = new Map([...nodeClassTags(clusterName, nodeClass), ["topology.kubernetes.io/region", region]]);
    try {
      const answer = await clients.iam.send(
        new CreateInstanceProfileCommand({
          InstanceProfileName: name,
          Path: `/karpenter/${region}/${clusterName}/${nodeClass.metadata.uid}/`,
          Tags: [...tags].map(([Key, Value]) => ({ Key, Value })),
        }),
      );
      return answer.InstanceProfile;
    } catch (error) {
      // Another replica was faster.
      if (isAlreadyExists(error)) return this.#find(name);
      throw error;
    }
  }

  /** A profile holds one role; another one makes room first. */
  async #holdRole(name: string, current: string | undefined, wanted: string): Promise<void> {
    if (current === wanted) return;
    const { iam } = this.#options.clients;
    if (current !== undefined)
      await iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName: name, RoleName: current }));
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName: name, RoleName: wanted }));
  }
}

/** The name in `name`, `/path/name` or a role's ARN. */
function roleName(role: string): string {
  return role.slice(role.lastIndexOf("/") + 1);
}
