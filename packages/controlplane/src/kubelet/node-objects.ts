import type { Fresh, Lease, Node, NodeCondition, NodeStatus } from "@nodeless/api";
import { seededRandom, uuid } from "@nodeless/environment";
import type { NodeRegistration } from "./contract.ts";

/** The objects a kubelet writes about its own node. Source: pkg/kubelet/nodestatus/setters.go (release 1.35). */

/** The Node as it first registers; its status follows separately, so that servers which drop it on creation still get it. */
export function nodeOf(registration: NodeRegistration): Fresh<Node> {
  const { name, labels, annotations, taints, providerId } = registration;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: {
      name,
      labels,
      annotations: { "volumes.kubernetes.io/controller-managed-attach-detach": "true", ...annotations },
    },
    spec: { providerID: providerId, ...(taints.length === 0 ? {} : { taints }) },
  };
}

/** What the node reports. `conditions` are those of {@link nodeConditions}. */
export function nodeStatusOf(registration: NodeRegistration, conditions: readonly NodeCondition[]): NodeStatus {
  const { internalIp, hostname, capacity, allocatable, providerId } = registration;
  const identity = seededRandom(`machine ${providerId}`);
  const machineId = uuid(identity).replaceAll("-", "");
  return {
    addresses: [
      { type: "InternalIP", address: internalIp },
      { type: "Hostname", address: hostname },
    ],
    capacity,
    allocatable,
    conditions,
    daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
    nodeInfo: {
      architecture: registration.architecture,
      bootID: uuid(identity),
      containerRuntimeVersion: registration.containerRuntimeVersion,
      kernelVersion: registration.kernelVersion,
      kubeProxyVersion: "",
      kubeletVersion: registration.kubeletVersion,
      machineID: machineId,
      operatingSystem: "linux",
      osImage: registration.osImage,
      systemUUID: uuid(identity),
    },
  };
}

const KUBELET_PORT = 10_250;

const PRESSURES = [
  { type: "MemoryPressure", reason: "KubeletHasSufficientMemory", message: "kubelet has sufficient memory available" },
  { type: "DiskPressure", reason: "KubeletHasNoDiskPressure", message: "kubelet has no disk pressure" },
  { type: "PIDPressure", reason: "KubeletHasSufficientPID", message: "kubelet has sufficient PID available" },
] as const;

/** The four conditions of a healthy node; transition times of `previous` are kept where the status is the same. */
export function nodeConditions(
  ready: boolean,
  now: string,
  previous: readonly NodeCondition[] = [],
): readonly NodeCondition[] {
  const readiness = ready
    ? { status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" }
    : {
        status: "False",
        reason: "KubeletNotReady",
        message:
          "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized",
      };
  return [...PRESSURES.map((pressure) => ({ ...pressure, status: "False" })), { type: "Ready", ...readiness }].map(
    (condition) => {
      const known = previous.find(({ type }) => type === condition.type);
      const lastTransitionTime = known?.status === condition.status ? (known.lastTransitionTime ?? now) : now;
      return { ...condition, lastHeartbeatTime: now, lastTransitionTime };
    },
  );
}

/** Missed for so long, the node counts as dead. Source: the default nodeLeaseDurationSeconds. */
const LEASE_SECONDS = 40;
export const NODE_LEASE_NAMESPACE = "kube-node-lease";

/** The heartbeat of a node. `renewTime` has microseconds, as MicroTime is written. */
export function leaseOf(node: Node, now: Date): Fresh<Lease> {
  const { name, uid } = node.metadata;
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name,
      namespace: NODE_LEASE_NAMESPACE,
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name, uid }],
    },
    spec: { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime: microTime(now) },
  };
}

/** RFC 3339 with six decimals. */
export const microTime = (time: Date): string => time.toISOString().replace(/(\.\d{3})Z$/, "$1000Z");
