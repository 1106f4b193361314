import type { Node, Pod } from "@nodeless/api";
import { FARGATE_SCHEDULER, formatObjectKey, LABELS, NODES, PODS } from "@nodeless/api";
import type { Clock, Logger, Random } from "@nodeless/environment";
import {
  type ControllerSource,
  createEventRecorder,
  createInformer,
  type Informer,
  informerSource,
  type KubernetesClient,
  runController,
} from "@nodeless/runtime";
import type { FargateBackend, FargateTimings } from "../contract.ts";
import { deleteOrphanNode } from "./micro-vm-end.ts";
import type { MicroVmNode } from "./micro-vm-node.ts";
import { MicroVms } from "./micro-vms.ts";
import { PodScheduling } from "./pod-scheduling.ts";

/** Starts and stops the kubelets of micro-VMs; structurally the control plane's KubeletHost. */
export interface MicroVmMachines {
  start(node: MicroVmNode): void;
  stop(nodeName: string): void;
}

/** What the fargate-scheduler works with. */
export interface FargateSchedulerOptions {
  readonly client: KubernetesClient;
  readonly backend: FargateBackend;
  readonly machines: MicroVmMachines;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timings: FargateTimings;
  /** E.g. `ap-northeast-2`: part of node names and labels. */
  readonly region: string;
  /** Reported by the kubelets of new micro-VMs, e.g. `v1.35.2-eks-abc`. */
  readonly kubernetesVersion: string;
  readonly signal: AbortSignal;
}

/** Pods worked on at once; each mostly waits for answers of the API server. */
const CONCURRENCY = 32;
/** Keys of nodes in the queue; pods have a slash in theirs. */
const NODE_PREFIX = "node:";
const NODE_INDEX = "node";

/**
 * Gives every Fargate pod a micro-VM of its own: refuse what cannot run, allocate an address in the profile's subnets, start the
 * kubelet of its node, bind when the node is ready, and take node and address away with the pod object. Takes up running micro-VMs
 * after a restart and removes nodes that were left half-way. Runs until the signal fires; settles when everything has stopped.
 * Source: what is known of EKS's scheduler from its events (fargate.md §4).
 */
export async function runFargateScheduler(options: FargateSchedulerOptions): Promise<void> {
  const { client, clock, random, logger, signal } = options;
  const ports = { clock, random: random.split("informers"), logger };
  // Admission labels every pod it marks; a pod that only names the scheduler has no profile and stays pending for ever.
  const pods = createInformer<Pod>({
    ...ports,
    client: client.resource(PODS),
    labelSelector: LABELS.fargateProfile,
    indexes: { [NODE_INDEX]: ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]) },
  });
  const nodes = createInformer<Node>({
    ...ports,
    client: client.resource(NODES),
    labelSelector: `${LABELS.computeType}=fargate`,
  });
  const events = createEventRecorder({ client, clock, logger, component: FARGATE_SCHEDULER });
  const vms = new MicroVms();
  const scheduling = new PodScheduling({ ...options, random: random.split("provider-ids"), pods, nodes, events, vms });
  const isUsed = (name: string): boolean => vms.ofNode(name) !== undefined || pods.byIndex(NODE_INDEX, name).length > 0;
  await Promise.all([
    pods.run(signal),
    nodes.run(signal),
    events.run(signal),
    runController({
      name: FARGATE_SCHEDULER,
      clock,
      logger,
      signal,
      concurrency: CONCURRENCY,
      sources: [informerSource(pods), nodeSource(nodes, vms)],
      async reconcile(key, context) {
        if (!key.startsWith(NODE_PREFIX)) return scheduling.reconcile(key, context);
        const name = key.slice(NODE_PREFIX.length);
        if (nodes.get(name) !== undefined && !isUsed(name)) await deleteOrphanNode(options, name);
        return {};
      },
    }),
  ]);
}

/** A node wakes up the pod it is for; a node nobody waits for is looked at itself. */
function nodeSource(nodes: Informer<Node>, vms: MicroVms): ControllerSource {
  return informerSource(nodes, ({ metadata }) => {
    const vm = vms.ofNode(metadata.name);
    return [vm === undefined ? `${NODE_PREFIX}${formatObjectKey(metadata)}` : vm.podKey];
  });
}
