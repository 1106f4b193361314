import { NODES } from "@nodeless/api";
import { isNotFound } from "@nodeless/runtime";
import type { FargateSchedulerOptions } from "./fargate-scheduler.ts";
import type { MicroVm } from "./micro-vms.ts";

type Ports = Pick<FargateSchedulerOptions, "client" | "machines" | "backend" | "signal">;

/** Turns a micro-VM off: kubelet, Node object, address. Idempotent; if it throws, nothing but the kubelet is gone yet. */
export async function endMicroVm(ports: Ports, vm: MicroVm): Promise<void> {
  await deleteOrphanNode(ports, vm.nodeName);
  ports.backend.releaseMicroVm(vm.address.ip);
}

/** Removes a node without touching its address. */
export async function deleteOrphanNode({ client, machines, signal }: Ports, name: string): Promise<void> {
  machines.stop(name);
  try {
    await client.resource(NODES).delete({ name }, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
