import type { MicroVmAddress } from "../contract.ts";
import type { FargateSize } from "../sizing.ts";

/** A micro-VM that was allocated for one pod. */
export interface MicroVm {
  readonly podKey: string;
  readonly podUid: string;
  readonly address: MicroVmAddress;
  readonly nodeName: string;
  readonly providerId: string;
  readonly size: FargateSize;
  /** Monotonic time of the allocation. */
  readonly allocatedMs: number;
  /** Its kubelet has been started. */
  booted: boolean;
}

/** The micro-VMs of this cluster, by pod and by node. */
export class MicroVms {
  readonly #byPod = new Map<string, MicroVm>();
  readonly #byNode = new Map<string, MicroVm>();

  ofPod(podKey: string): MicroVm | undefined {
    return this.#byPod.get(podKey);
  }

  ofNode(nodeName: string): MicroVm | undefined {
    return this.#byNode.get(nodeName);
  }

  add(vm: MicroVm): void {
    this.#byPod.set(vm.podKey, vm);
    this.#byNode.set(vm.nodeName, vm);
  }

  remove(vm: MicroVm): void {
    this.#byPod.delete(vm.podKey);
    this.#byNode.delete(vm.nodeName);
  }
}
