import { DEPLOYMENTS, type Deployment, type Fresh, NODES, PODS } from "@nodeless/api";
import { type MeasuredCluster, newHome, startMeasured } from "./local-cluster.ts";

/** One workload on the default cluster. */
export interface WorkloadResult {
  readonly pods: number;
  /** From the Deployment's creation to its first pod Running. */
  readonly firstRunningMs: number;
  /** From the Deployment's creation to its last pod Running. */
  readonly allRunningMs: number;
  readonly podsPerSecond: number;
  readonly nodes: number;
  readonly residentMiB: number;
}

/** One start, from the process's start on. */
export interface StartResult {
  /** The Kubernetes API answers. */
  readonly apiReadyMs: number;
  /** Every step is through. */
  readonly readyMs: number;
  readonly systemPodsMs: number;
}

/** Every run, in order. */
export interface LocalClusterResult {
  /** New state: certificates and all objects are made. */
  readonly cold: readonly StartResult[];
  /** State of the run before. */
  readonly warm: readonly StartResult[];
  readonly workloads: readonly { readonly pods: number; readonly runs: readonly WorkloadResult[] }[];
}

/** One run says little: the same code takes up to twice as long from one minute to the next on a shared machine. */
const RUNS = 5;

/** Starts and workloads, each workload on a cluster of its own. One start before is not measured: it warms the checkout. */
export async function measureLocalCluster(podCounts: readonly number[]): Promise<LocalClusterResult> {
  await (await startMeasured(newHome())).delete();
  const cold: StartResult[] = [];
  const warm: StartResult[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const home = newHome();
    const first = await startMeasured(home);
    cold.push(startResult(first));
    await first.stop();
    const second = await startMeasured(home);
    warm.push(startResult(second));
    await second.delete();
  }
  const workloads: { pods: number; runs: WorkloadResult[] }[] = [];
  for (const pods of podCounts) {
    const runs: WorkloadResult[] = [];
    for (let run = 0; run < RUNS; run += 1) runs.push(await runOnNewCluster(pods));
    workloads.push({ pods, runs });
  }
  return { cold, warm, workloads };
}

async function runOnNewCluster(pods: number): Promise<WorkloadResult> {
  const cluster = await startMeasured(newHome());
  try {
    return await runWorkload(cluster, pods);
  } finally {
    await cluster.delete();
  }
}

function startResult({ apiReadyMs, readyMs, systemPodsMs }: StartResult): StartResult {
  return { apiReadyMs, readyMs, systemPodsMs };
}

function deployment(replicas: number): Fresh<Deployment> {
  const labels = { app: "bench" };
  const container = { name: "main", image: "nginx", resources: { requests: { cpu: "50m", memory: "64Mi" } } };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "bench", namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [container] } },
    },
  };
}

/** The watch is told of Running pods only: on two cores, what the one who measures reads is time that the cluster does not have. */
const RUNNING = "status.phase=Running";

async function runWorkload({ client, residentMiB }: MeasuredCluster, pods: number): Promise<WorkloadResult> {
  const abort = new AbortController();
  const running = new Set<string>();
  const started = performance.now();
  let firstRunningMs = 0;
  const watching = (async () => {
    for await (const event of client
      .resource(PODS)
      .watch({ namespace: "default", labelSelector: "app=bench", fieldSelector: RUNNING, signal: abort.signal })) {
      if (event.type !== "ADDED") continue;
      if (firstRunningMs === 0) firstRunningMs = performance.now() - started;
      running.add(event.object.metadata.name);
      if (running.size >= pods) return;
    }
  })();
  await client.resource(DEPLOYMENTS).create(deployment(pods));
  await watching;
  const allRunningMs = performance.now() - started;
  abort.abort();
  const nodes = (await client.resource(NODES).list()).items.length;
  return {
    pods,
    firstRunningMs,
    allRunningMs,
    podsPerSecond: (pods / allRunningMs) * 1000,
    nodes,
    residentMiB: residentMiB(),
  };
}
