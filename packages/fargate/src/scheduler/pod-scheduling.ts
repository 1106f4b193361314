import type { Node, PersistentVolumeClaim, Pod } from "@nodeless/api";
import { ANNOTATIONS, FARGATE_SCHEDULER, formatObjectKey, LABELS, PERSISTENT_VOLUME_CLAIMS, PODS } from "@nodeless/api";
import type { EventRecorder, Informer, ReconcileContext, ReconcileResult } from "@nodeless/runtime";
import { isConditionTrue, isConflict, isNotFound } from "@nodeless/runtime";
import type { FargateProfile, MicroVmAddress } from "../contract.ts";
import { nodeConstraints } from "../node-constraints.ts";
import { refusalClauses, refusalMessage } from "../refusals.ts";
import { capacityProvisionedText, type FargateSize, fargateSize } from "../sizing.ts";
import type { FargateSchedulerOptions } from "./fargate-scheduler.ts";
import { endMicroVm } from "./micro-vm-end.ts";
import { ipOfNodeName, microVmNode, microVmNodeName, microVmProviderId } from "./micro-vm-node.ts";
import type { MicroVm, MicroVms } from "./micro-vms.ts";

interface Dependencies extends FargateSchedulerOptions {
  readonly pods: Informer<Pod>;
  readonly nodes: Informer<Node>;
  readonly events: EventRecorder;
  readonly vms: MicroVms;
}

/** A node that has not registered after this is given up. Users see about five minutes between such events. */
const PROVISION_TIMEOUT_MS = 300_000;
/** Retries wait up to this many times `retryMs`. */
const RETRY_FACTOR_MAX = 8;

/** The way of one pod to its micro-VM, as far as it can go now; called again when something changes. */
export class PodScheduling {
  readonly #dependencies: Dependencies;
  /** Refusals and failures in a row, by pod key. */
  readonly #failures = new Map<string, number>();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  async reconcile(key: string, _context: ReconcileContext): Promise<ReconcileResult> {
    const { pods, vms } = this.#dependencies;
    const pod = pods.get(key);
    const vm = vms.ofPod(key);
    if (vm !== undefined && vm.podUid !== pod?.metadata.uid) await this.#end(vm);
    if (pod === undefined) this.#failures.delete(key);
    if (pod === undefined || pod.spec.schedulerName !== FARGATE_SCHEDULER) return {};
    const { nodeName } = pod.spec;
    const own = vms.ofPod(key);
    if (nodeName !== undefined && nodeName !== "") {
      if (own === undefined) this.#adopt(key, pod, nodeName);
      return {};
    }
    if (pod.metadata.deletionTimestamp !== undefined) return {};
    return own === undefined ? this.#allocate(key, pod) : this.#boot(own, pod);
  }

  async #end(vm: MicroVm): Promise<void> {
    await endMicroVm(this.#dependencies, vm);
    this.#dependencies.vms.remove(vm);
  }

  /** The pod is bound by an earlier process: its micro-VM runs, only we do not know it yet. */
  #adopt(podKey: string, pod: Pod, nodeName: string): void {
    const { backend, vms, nodes, clock, logger, random } = this.#dependencies;
    const ip = ipOfNodeName(nodeName);
    const sizing = fargateSize(pod);
    if (ip === undefined || sizing.kind !== "size") {
      logger.warn("a Fargate pod is bound to a node that is none of ours", { pod: podKey, node: nodeName });
      return;
    }
    const node = nodes.get(nodeName);
    const zone = node?.metadata.labels?.[LABELS.zone] ?? "";
    backend.adoptMicroVm(ip);
    const vm: MicroVm = {
      podKey,
      podUid: pod.metadata.uid,
      address: { ip, zone },
      nodeName,
      providerId: node?.spec.providerID ?? microVmProviderId(random, zone, nodeName),
      size: sizing.size,
      allocatedMs: clock.monotonicMs(),
      booted: true,
    };
    vms.add(vm);
    this.#startMachine(vm);
  }

  async #allocate(podKey: string, pod: Pod): Promise<ReconcileResult> {
    const { backend, vms, clock, random, region, timings } = this.#dependencies;
    const profile = this.#profileOf(pod);
    if (typeof profile === "string") return this.#refuse(pod, profile);
    const size = await this.#sizeOrRefusal(pod, profile);
    if (typeof size === "string") return this.#refuse(pod, size);
    const address = this.#address(backend, pod, profile);
    if (typeof address === "string") return this.#refuse(pod, address);
    const nodeName = microVmNodeName(address.ip, region);
    const vm: MicroVm = {
      podKey,
      podUid: pod.metadata.uid,
      address,
      nodeName,
      providerId: microVmProviderId(random, address.zone, nodeName),
      size,
      allocatedMs: clock.monotonicMs(),
      booted: false,
    };
    vms.add(vm);
    this.#failures.delete(podKey);
    this.#sayLogging(pod);
    return { requeueAfterMs: timings.microVmBootMs };
  }

  /** The profile the pod was admitted with; a text is why there is none to use. */
  #profileOf(pod: Pod): FargateProfile | string {
    const name = pod.metadata.labels?.[LABELS.fargateProfile] ?? "";
    const profile = this.#dependencies.backend.profiles().find((candidate) => candidate.name === name);
    if (profile?.status === "ACTIVE") return profile;
    const state = profile === undefined ? "does not exist" : `is ${profile.status}`;
    return `Misconfigured Fargate Profile: fargate profile ${name} blocked for new launches due to: profile ${state}`;
  }

  async #sizeOrRefusal(pod: Pod, profile: FargateProfile): Promise<FargateSize | string> {
    const clauses = refusalClauses(pod, await this.#claimsOf(pod));
    if (clauses.length > 0) return refusalMessage(clauses);
    const sizing = fargateSize(pod);
    if (sizing.kind === "too-large") return refusalMessage([sizing.message]);
    const constraints = nodeConstraints(pod.spec, this.#dependencies.region);
    if (constraints.kind === "unsatisfiable")
      return `MatchNodeSelector failed: Fargate profile ${profile.name} cannot satisfy ${constraints.requirement}`;
    return sizing.size;
  }

  async #claimsOf(pod: Pod): Promise<(name: string) => PersistentVolumeClaim | undefined> {
    const { client, signal } = this.#dependencies;
    const claims = new Map<string, PersistentVolumeClaim>();
    for (const { persistentVolumeClaim } of pod.spec.volumes ?? []) {
      if (persistentVolumeClaim === undefined) continue;
      const reference = { namespace: pod.metadata.namespace, name: persistentVolumeClaim.claimName };
      const found = await client.resource(PERSISTENT_VOLUME_CLAIMS).find(reference, { signal });
      if (found !== undefined) claims.set(found.metadata.name, found);
    }
    return (name) => claims.get(name);
  }

  /** An address in the first allowed zone that has one; the last refusal otherwise. */
  #address(backend: FargateSchedulerOptions["backend"], pod: Pod, profile: FargateProfile): MicroVmAddress | string {
    const constraints = nodeConstraints(pod.spec, this.#dependencies.region);
    const zones = constraints.kind === "satisfiable" ? constraints.zones : undefined;
    let answer = backend.allocateMicroVm(profile, pod, zones?.[0]);
    for (const zone of zones?.slice(1) ?? []) {
      if (typeof answer !== "string") break;
      answer = backend.allocateMicroVm(profile, pod, zone);
    }
    return answer;
  }

  async #boot(vm: MicroVm, pod: Pod): Promise<ReconcileResult> {
    const { clock, timings, nodes } = this.#dependencies;
    const elapsedMs = clock.monotonicMs() - vm.allocatedMs;
    if (elapsedMs < timings.microVmBootMs) return { requeueAfterMs: timings.microVmBootMs - elapsedMs };
    if (!vm.booted) {
      vm.booted = true;
      this.#startMachine(vm);
      return { requeueAfterMs: PROVISION_TIMEOUT_MS };
    }
    if (isConditionTrue(nodes.get(vm.nodeName)?.status?.conditions, "Ready")) {
      await this.#bind(vm, pod);
      return {};
    }
    const remainingMs = timings.microVmBootMs + PROVISION_TIMEOUT_MS - elapsedMs;
    if (remainingMs > 0) return { requeueAfterMs: remainingMs };
    await this.#end(vm);
    return this.#refuse(pod, "Pod provisioning timed out (will retry)");
  }

  #startMachine(vm: MicroVm): void {
    const { machines, region, kubernetesVersion } = this.#dependencies;
    const { address, providerId, size } = vm;
    machines.start(microVmNode({ address, region, providerId, size, kubeletVersion: kubernetesVersion }));
  }

  /** Writes the node into the pod, and the capacity it got if admission did not. */
  async #bind(vm: MicroVm, pod: Pod): Promise<void> {
    const { client, events, signal } = this.#dependencies;
    const { namespace, name, uid } = pod.metadata;
    const capacity = capacityProvisionedText(vm.size);
    const annotations =
      pod.metadata.annotations?.[ANNOTATIONS.capacityProvisioned] === capacity
        ? {}
        : { annotations: { [ANNOTATIONS.capacityProvisioned]: capacity } };
    try {
      await client.resource(PODS).createSubresource(
        { namespace, name },
        "binding",
        {
          apiVersion: "v1",
          kind: "Binding",
          metadata: { name, namespace, uid, ...annotations },
          target: { apiVersion: "v1", kind: "Node", name: vm.nodeName },
        },
        { signal },
      );
    } catch (error) {
      // Gone, or already bound by an attempt whose answer was lost: the informer will tell.
      if (isNotFound(error) || isConflict(error)) return;
      throw error;
    }
    const message = `Successfully assigned ${formatObjectKey(pod.metadata)} to ${vm.nodeName}`;
    events.record(pod, { type: "Normal", reason: "Scheduled", message });
  }

  #sayLogging(pod: Pod): void {
    if (pod.metadata.annotations?.[ANNOTATIONS.fargateLogging]?.startsWith("LoggingDisabled") !== true) return;
    this.#dependencies.events.record(pod, {
      type: "Warning",
      reason: "LoggingDisabled",
      message: 'Disabled logging because aws-logging configmap was not found. configmap "aws-logging" not found',
    });
  }

  #refuse(pod: Pod, message: string): ReconcileResult {
    const { events, timings } = this.#dependencies;
    const key = formatObjectKey(pod.metadata);
    const failures = this.#failures.get(key) ?? 0;
    this.#failures.set(key, failures + 1);
    events.record(pod, { type: "Warning", reason: "FailedScheduling", message });
    return { requeueAfterMs: timings.retryMs * Math.min(2 ** failures, RETRY_FACTOR_MAX) };
  }
}
