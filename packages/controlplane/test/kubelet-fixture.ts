import type { TestContext } from "node:test";
import type { Container, Pod } from "@nodeless/api";
import { EVENTS, PODS } from "@nodeless/api";
import {
  createKubeletHost,
  type InProcessImage,
  type KubeletHost,
  type KubeletTimings,
  type NodeRegistration,
  SharedInformers,
} from "@nodeless/controlplane";
import { ManualClock, seededRandom, silentLogger } from "@nodeless/environment";
import { MemoryCluster } from "../../runtime/test/memory-cluster.ts";

export const TIMINGS: KubeletTimings = {
  nodeReadyMs: 1_000,
  imagePullMs: 500,
  containerStartMs: 20,
  containerStopMs: 100,
  leaseRenewMs: 10_000,
};

export interface World {
  readonly cluster: MemoryCluster;
  readonly clock: ManualClock;
  readonly host: KubeletHost;
  /** Ends this process's kubelets, as a crash of the process would. */
  stop(): Promise<void>;
}

export function world(
  t: TestContext,
  options: { timings?: Partial<KubeletTimings>; images?: readonly InProcessImage[]; after?: World } = {},
): World {
  const cluster = options.after?.cluster ?? new MemoryCluster();
  const clock = options.after?.clock ?? new ManualClock();
  const ending = new AbortController();
  const ports = { client: cluster, clock, random: seededRandom(1), logger: silentLogger };
  const informers = new SharedInformers({ ...ports, signal: ending.signal });
  const host = createKubeletHost({
    ...ports,
    informers,
    timings: { ...TIMINGS, ...options.timings },
    images: options.images ?? [],
  });
  const running = host.run(ending.signal);
  const stop = async (): Promise<void> => {
    ending.abort(new Error("end of test"));
    await Promise.all([running, informers.stopped()]);
  };
  t.after(stop);
  return { cluster, clock, host, stop };
}

export function machine(
  name: string,
  options: Partial<NodeRegistration> = {},
): NodeRegistration & { readonly taken: string[] } {
  const taken: string[] = [];
  return {
    name,
    labels: { "kubernetes.io/hostname": name },
    taints: [],
    providerId: `aws:///az/${name}`,
    internalIp: "10.0.0.1",
    hostname: name,
    capacity: { cpu: "4", memory: "8Gi", pods: "10" },
    allocatable: { cpu: "4", memory: "8Gi", pods: "10" },
    kubeletVersion: "v1.35.2",
    osImage: "Amazon Linux 2023",
    kernelVersion: "6.1",
    containerRuntimeVersion: "containerd://2.0",
    architecture: "amd64",
    allocatePodIp: () => {
      const ip = `10.0.1.${taken.length + 1}`;
      taken.push(ip);
      return ip;
    },
    releasePodIp: (ip) => void taken.splice(taken.indexOf(ip), 1),
    adoptPodIp: (ip) => void taken.push(ip),
    ...options,
    taken,
  };
}

export type PodChanges = Partial<Pod["spec"]> & { readonly metadata?: Partial<Pod["metadata"]> };

export const web = (changes: Partial<Container> = {}): Container => ({
  name: "web",
  image: "nginx:1.27",
  imagePullPolicy: "IfNotPresent",
  ...changes,
});

export async function createPod(
  { cluster }: World,
  name: string,
  { metadata, ...spec }: PodChanges = {},
): Promise<Pod> {
  return cluster.resource(PODS).create({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", ...metadata },
    spec: { containers: [web()], restartPolicy: "Always", nodeName: "n1", terminationGracePeriodSeconds: 30, ...spec },
    status: { phase: "Pending" },
  });
}

/** A ready node `n1`. */
export async function readyNode(w: World, registration: NodeRegistration = machine("n1")): Promise<void> {
  w.host.start(registration);
  await w.clock.advance(TIMINGS.nodeReadyMs);
}

export const eventsOf = ({ cluster }: World, name: string): readonly string[] =>
  cluster
    .all(EVENTS)
    .filter(({ involvedObject }) => involvedObject.name === name)
    .map(({ reason, message, count }) => `${reason}: ${message}${count === 1 ? "" : ` (x${count})`}`);

export const conditionsOf = (object: Pod | undefined): Record<string, string> =>
  Object.fromEntries(
    (object?.status?.conditions ?? []).map(({ type, status, reason }) => [
      type,
      reason === undefined ? status : `${status} ${reason}`,
    ]),
  );

export const phasesOf = ({ cluster }: World, ...names: readonly string[]): readonly (string | undefined)[] =>
  names.map((name) => cluster.pod(name)?.status?.phase);
