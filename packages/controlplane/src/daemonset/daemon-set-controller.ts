import type { DaemonSet, Node, Pod } from "@nodeless/api";
import { CONTROLLER_REVISIONS, DAEMON_SETS, formatObjectKey, NODES, PODS } from "@nodeless/api";
import type { ControllerSource, EventRecorder, ReconcileResult } from "@nodeless/runtime";
import { informerSource } from "@nodeless/runtime";
import type { ControllerContext } from "../controller-context.ts";
import { type History, keepHistory, RevisionCollisionError, trimHistory } from "../history/keep-history.ts";
import { readOnlySource } from "../shared-informers.ts";
import { claimObjects } from "../workload/claim-objects.ts";
import { Expectations } from "../workload/expectations.ts";
import { ownedPodsSource } from "../workload/owned-pods.ts";
import { changePods } from "../workload/pod-control.ts";
import { nextAvailableMs } from "../workload/pod-status.ts";
import { semanticallyEqual } from "../workload/template-hash.ts";
import { daemonPod, fitOf, REVISION_HASH_LABEL } from "./daemon-pod.ts";
import {
  BURST_REPLICAS,
  computeDaemonStatus,
  type DaemonObservation,
  planDaemonSet,
  planRollingUpdate,
} from "./plan-daemon-set.ts";

interface Tools {
  readonly expectations: Expectations;
  readonly events: EventRecorder;
}

/** Keeps one pod of every DaemonSet on every eligible node. */
export async function runDaemonSetController(context: ControllerContext): Promise<void> {
  const { informers } = context;
  const tools: Tools = {
    expectations: new Expectations(context.clock),
    events: context.recorder("daemonset-controller"),
  };
  await context.run({
    name: "daemonset-controller",
    concurrency: 2,
    reconcile: (key) => reconcile(context, tools, key),
    sources: [
      informerSource(informers.of(DAEMON_SETS)),
      ownedPodsSource(context, { ownerType: DAEMON_SETS, expectations: tools.expectations }),
      nodeSource(context),
      readOnlySource(informers.of(CONTROLLER_REVISIONS)),
    ],
  });
}

/** A node concerns the DaemonSets for which it became, or stopped being, eligible; heartbeats concern none. */
function nodeSource({ informers }: ControllerContext): ControllerSource {
  const nodes = informers.of(NODES);
  const daemonSets = informers.of(DAEMON_SETS);
  return {
    synced: async (signal) => {
      await Promise.all([nodes.synced(signal), daemonSets.synced(signal)]);
    },
    subscribe(enqueue) {
      const all = (): void => {
        for (const { metadata } of daemonSets.list()) enqueue(formatObjectKey(metadata));
      };
      nodes.subscribe({
        onAdd: all,
        onDelete: all,
        onUpdate(node, previous) {
          if (!placementChanged(node, previous)) return;
          for (const daemonSet of daemonSets.list())
            if (JSON.stringify(fitOf(daemonSet, node)) !== JSON.stringify(fitOf(daemonSet, previous)))
              enqueue(formatObjectKey(daemonSet.metadata));
        },
      });
    },
  };
}

function placementChanged(node: Node, previous: Node): boolean {
  return (
    JSON.stringify(node.metadata.labels) !== JSON.stringify(previous.metadata.labels) ||
    JSON.stringify(node.spec) !== JSON.stringify(previous.spec)
  );
}

async function reconcile(context: ControllerContext, tools: Tools, key: string): Promise<ReconcileResult> {
  const { clock, client, informers } = context;
  const daemonSet = informers.of(DAEMON_SETS).get(key);
  if (daemonSet === undefined) {
    tools.expectations.forget(key);
    return {};
  }
  if (daemonSet.metadata.deletionTimestamp !== undefined) return {};
  const history = await historyOf(context, daemonSet);
  if (history === undefined) return {};
  const mayAct = tools.expectations.satisfied(key);
  const pods = await claimObjects(context, {
    owner: daemonSet,
    ownerType: DAEMON_SETS,
    type: PODS,
    selector: daemonSet.spec.selector,
  });
  const revisionHash = history.current.metadata.labels?.[REVISION_HASH_LABEL] ?? "";
  const nodes = informers.of(NODES).list();
  const observed: DaemonObservation = { daemonSet, nodes, pods, revisionHash, now: clock.now() };
  const error = mayAct ? await managePods(context, tools, { key, observed }) : undefined;
  const status = computeDaemonStatus(observed);
  if (!semanticallyEqual(status, daemonSet.status ?? {}))
    await client.resource(DAEMON_SETS).updateStatus({ ...daemonSet, status });
  await trimHistory(context, daemonSet, { all: history.all, live: liveRevisions(history, pods) });
  if (error !== undefined) throw error;
  if (!mayAct) return { requeueAfterMs: tools.expectations.expiresInMs(key) };
  const waitMs = nextAvailableMs(pods, daemonSet.spec.minReadySeconds ?? 0, clock.now());
  return waitMs === undefined ? {} : { requeueAfterMs: waitMs };
}

/** Undefined after a hash collision was counted; the status update brings the next attempt. */
async function historyOf(context: ControllerContext, daemonSet: DaemonSet): Promise<History | undefined> {
  try {
    return await keepHistory(context, { owner: daemonSet, ownerType: DAEMON_SETS, hashLabel: REVISION_HASH_LABEL });
  } catch (error) {
    if (!(error instanceof RevisionCollisionError)) throw error;
    const collisionCount = (daemonSet.status?.collisionCount ?? 0) + 1;
    const counts = computeDaemonStatus({ daemonSet, nodes: [], pods: [], revisionHash: "", now: context.clock.now() });
    const status = { ...counts, ...daemonSet.status, collisionCount };
    await context.client.resource(DAEMON_SETS).updateStatus({ ...daemonSet, status });
    return undefined;
  }
}

async function managePods(
  context: ControllerContext,
  tools: Tools,
  { key, observed }: { readonly key: string; readonly observed: DaemonObservation },
): Promise<unknown> {
  const { daemonSet, revisionHash } = observed;
  const plan = planDaemonSet(observed);
  for (const { metadata, spec } of plan.failed)
    tools.events.record(daemonSet, {
      type: "Warning",
      reason: "FailedDaemonPod",
      message: `Found failed daemon pod ${metadata.namespace}/${metadata.name} on node ${spec.nodeName}, will try to kill it`,
    });
  const settled = plan.createOn.length === 0 && plan.remove.length === 0;
  const create = plan.createOn.slice(0, BURST_REPLICAS).map((name) => daemonPod(daemonSet, name, revisionHash));
  const remove = settled ? planRollingUpdate(observed) : plan.remove;
  if (create.length === 0 && remove.length === 0) return undefined;
  const { created, deletionError } = await changePods(context, { owner: daemonSet, key, ...tools }, { create, remove });
  return created.error ?? deletionError;
}

function liveRevisions({ current, all }: History, pods: readonly Pod[]): ReadonlySet<string> {
  const hashes = new Set(pods.map(({ metadata }) => metadata.labels?.[REVISION_HASH_LABEL]));
  const used = all.filter(({ metadata }) => hashes.has(metadata.labels?.[REVISION_HASH_LABEL]));
  return new Set([current, ...used].map(({ metadata }) => metadata.name));
}
