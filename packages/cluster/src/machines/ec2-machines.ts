import { CONFIG_MAPS } from "@nodeless/api";
import { zonesOf } from "@nodeless/catalog";
import type { Clock, Logger } from "@nodeless/environment";
import type { BootInstance, InstanceHost, LocalAws } from "@nodeless/local-aws";
import type { EmbeddedCluster } from "../embedded/embedded-cluster.ts";
import { ec2Machine } from "./ec2-machine.ts";
import { type JoinInstructions, parseUserData } from "./user-data.ts";

export interface Ec2MachinesOptions {
  readonly aws: () => LocalAws;
  readonly cluster: (name: string) => EmbeddedCluster | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Machine {
  readonly instance: BootInstance;
  readonly instructions: JoinInstructions;
  /** Set once its kubelet has joined. */
  nodeName: string | undefined;
}

/** A real kubelet asks again for ever; once a second is often enough to notice a corrected access entry. */
const JOIN_RETRY_MS = 1_000;
/** Group that EKS gives nodes, by access entry or by the aws-auth ConfigMap. */
const NODES_GROUP = "system:nodes";

/** User data is at most 16 KiB, so this is little. */
const USER_DATA_REMEMBERED = 16;

/** The machines behind EC2: an instance boots, reads its user data, and joins the cluster it names if its role may. */
export class Ec2Machines implements InstanceHost {
  readonly #options: Ec2MachinesOptions;
  readonly #machines = new Map<string, Machine>();
  /** What was read from the user data of late: machines of one launch template have the same. */
  readonly #read = new Map<string, JoinInstructions | undefined>();

  constructor(options: Ec2MachinesOptions) {
    this.#options = options;
  }

  boot(instance: BootInstance): void {
    const instructions = this.#instructionsOf(instance.userData);
    if (instructions === undefined) {
      this.#options.logger.warn("an instance joins no cluster: its user data names none", {
        instance: instance.instanceId,
      });
      return;
    }
    const machine: Machine = { instance, instructions, nodeName: undefined };
    this.#machines.set(instance.instanceId, machine);
    this.#join(machine, true);
  }

  #instructionsOf(userData: string): JoinInstructions | undefined {
    if (this.#read.has(userData)) return this.#read.get(userData);
    if (this.#read.size >= USER_DATA_REMEMBERED) this.#read.clear();
    const instructions = parseUserData(userData);
    this.#read.set(userData, instructions);
    return instructions;
  }

  shutDown(instanceId: string): void {
    const machine = this.#machines.get(instanceId);
    this.#machines.delete(instanceId);
    if (machine?.nodeName !== undefined)
      this.#options.cluster(machine.instructions.clusterName)?.kubelets.stop(machine.nodeName);
  }

  #join(machine: Machine, first: boolean): void {
    this.#tryJoin(machine).then(
      (refusal) => {
        if (refusal === undefined) return;
        if (first)
          this.#options.logger.warn(refusal, { instance: machine.instance.instanceId, role: machine.instance.roleArn });
        this.#options.clock.setTimer(JOIN_RETRY_MS, () => {
          if (this.#machines.get(machine.instance.instanceId) === machine) this.#join(machine, false);
        });
      },
      (error: unknown) =>
        this.#options.logger.error("an instance could not join", { instance: machine.instance.instanceId, error }),
    );
  }

  /** Joins, or says why the cluster does not let it in. */
  async #tryJoin(machine: Machine): Promise<string | undefined> {
    const { instance, instructions } = machine;
    const cluster = this.#options.cluster(instructions.clusterName);
    if (cluster === undefined) return "an instance waits for its cluster, which does not run";
    if (!(await this.#mayJoin(cluster, machine)))
      return "an instance may not join: its role has no access entry of type EC2_LINUX and no row in aws-auth";
    // It may have been terminated, or the cluster stopped, while it asked.
    if (this.#machines.get(instance.instanceId) !== machine) return undefined;
    const { aws } = this.#options;
    const node = ec2Machine({
      instance,
      instructions,
      zoneId: zonesOf(instance.region).find(({ name }) => name === instance.zone)?.id ?? "",
      kubeletVersion: cluster.kubeletVersion,
      addresses: {
        allocate: () => aws().allocateIp(instance.subnetId),
        release: (ip) => aws().releaseIp(ip),
        adopt: (ip) => aws().adoptIp(ip),
      },
    });
    machine.nodeName = node.name;
    cluster.kubelets.start(node);
    return undefined;
  }

  async #mayJoin(cluster: EmbeddedCluster, { instance, instructions }: Machine): Promise<boolean> {
    const { roleArn } = instance;
    if (roleArn === undefined) return false;
    if (this.#options.aws().userOf(instructions.clusterName, roleArn)?.groups.includes(NODES_GROUP) === true)
      return true;
    const awsAuth = await cluster.client.resource(CONFIG_MAPS).find({ namespace: "kube-system", name: "aws-auth" });
    return (awsAuth?.data?.["mapRoles"] ?? "").includes(roleArn);
  }
}
