import type { Pod } from "@nodeless/api";
import { NodeClassNotReadyError } from "@nodeless/cloud";
import { describeError } from "@nodeless/environment";
import {
  type InstanceType,
  nodeAttachments,
  type SchedulingInput,
  type SchedulingNodePool,
} from "@nodeless/scheduling";
import type { ProvisionerContext } from "../state/context.ts";
import type { EffectivePool, Readiness } from "../state/effective-pools.ts";
import { AskedVolumes, volumeSources } from "./asked-volumes.ts";
import { daemonSetPod } from "./daemon-set-pods.ts";
import { displacedPods } from "./displaced-pods.ts";
import { existingNode, type ObservedNode } from "./existing-nodes.ts";
import { movablePods, pendingPods } from "./pending-pods.ts";
import { poolReadiness } from "./pool-readiness.ts";
import { schedulingPool } from "./scheduling-pool.ts";

/** One consistent look at the cluster, ready to be planned. */
export interface Observation {
  readonly input: SchedulingInput;
  readonly pools: ReadonlyMap<string, EffectivePool>;
  /** Pools that may not launch now, with the reason. */
  readonly unusable: ReadonlyMap<string, Readiness>;
  /** Pods no node can help. */
  readonly refused: readonly { readonly pod: Pod; readonly message: string }[];
  /** Claim behind each existing node, for nominations. */
  readonly claimOfNode: ReadonlyMap<string, string>;
}

/** Reads the caches and the cloud's offers. Nodes are read before pods: a pod bound in between must not look both pending and absent. */
export async function observe(context: ProvisionerContext, signal: AbortSignal): Promise<Observation> {
  const { cache, clock, settings } = context;
  const { pools: usable, unusable } = judgePools(context);
  const typesOf = await instanceTypesByClass(context, { pools: usable, unusable }, signal);
  const nodes = observedNodes(context);
  const pods = cache.pods.list();
  const volumes = new AskedVolumes(volumeSources(cache));
  const { plannable, refused } = pendingPods(pods, volumes);
  const budgets = cache.disruptionBudgets.list();
  const displaced = nodes.leaving.flatMap(({ pods: bound }) => displacedPods(bound, { budgets, now: clock.now() }));
  const daemonSetPods = cache.daemonSets.list().map((daemonSet) => daemonSetPod(daemonSet, pods));
  const nodePools: SchedulingNodePool[] = [];
  for (const effective of usable.values()) {
    const instanceTypes = typesOf.get(effective.pool.spec.template.spec.nodeClassRef.name);
    const claims = cache.claimsOfPool(effective.pool.metadata.name);
    if (instanceTypes !== undefined) nodePools.push(schedulingPool(effective, { claims, instanceTypes }));
  }
  const staying = nodes.staying.flatMap((observed) => {
    const csiNode = cache.csiNodes.get(observed.node?.metadata.name ?? "");
    const existing = existingNode(observed, daemonSetPods, (bound) => nodeAttachments(csiNode, bound, volumes.sources));
    return existing === undefined ? [] : [{ existing, observed }];
  });
  return {
    input: {
      nodePools,
      existingNodes: staying.map(({ existing }) => existing),
      pods: [...plannable, ...movablePods(displaced, volumes)],
      ...volumes.part,
      daemonSetPods,
      policies: { preferences: settings.preferencePolicy, minValues: settings.minValuesPolicy },
      namespaceLabels: new Map(cache.namespaces.list().map(({ metadata }) => [metadata.name, metadata.labels ?? {}])),
    },
    pools: usable,
    unusable,
    refused,
    claimOfNode: new Map(
      staying.flatMap(({ existing, observed: { claim } }) =>
        claim === undefined ? [] : [[existing.name, claim.metadata.name] as const],
      ),
    ),
  };
}

function judgePools({ cache, templates }: ProvisionerContext): {
  readonly pools: Map<string, EffectivePool>;
  readonly unusable: Map<string, Readiness>;
} {
  const classes = cache.classes().byName;
  const pools = new Map<string, EffectivePool>();
  const unusable = new Map<string, Readiness>();
  for (const [name, effective] of cache.pools().byName) {
    const className = effective.pool.spec.template.spec.nodeClassRef.name;
    const readiness = poolReadiness(effective, templates.of(classes.get(className), className));
    if (readiness.ready) pools.set(name, effective);
    else unusable.set(name, readiness);
  }
  return { pools, unusable };
}

/** A class that cannot say what it offers takes its pools out of this pass; the others go on. */
async function instanceTypesByClass(
  { cloud, offerings, logger }: ProvisionerContext,
  { pools, unusable }: { readonly pools: Map<string, EffectivePool>; readonly unusable: Map<string, Readiness> },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly InstanceType[]>> {
  const typesOf = new Map<string, readonly InstanceType[]>();
  for (const [name, { pool }] of [...pools]) {
    const className = pool.spec.template.spec.nodeClassRef.name;
    try {
      if (!typesOf.has(className))
        typesOf.set(className, offerings.applyTo(await cloud.instanceTypes(className, signal)));
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof NodeClassNotReadyError))
        logger.warn("cannot read instance types", { nodeClass: className, error });
      pools.delete(name);
      unusable.set(name, { ready: false, reason: "InstanceTypesUnknown", message: describeError(error) });
    }
  }
  return typesOf;
}

/** Every node and every claim without one, once; those on their way out apart. */
function observedNodes({ cache }: ProvisionerContext): {
  readonly staying: readonly ObservedNode[];
  readonly leaving: readonly ObservedNode[];
} {
  const nodes = [...cache.nodes.list()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const withNode = nodes.map((node): ObservedNode => {
    const claim = cache.claimOf(node);
    return { node, pods: cache.podsOn(node.metadata.name), ...(claim === undefined ? {} : { claim }) };
  });
  const claims = [...cache.claims.list()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  const withoutNode = claims
    .filter((claim) => cache.nodesOf(claim).length === 0)
    .map((claim): ObservedNode => ({ claim, pods: [] }));
  const all = [...withNode, ...withoutNode];
  const isLeaving = ({ node, claim }: ObservedNode): boolean =>
    node?.metadata.deletionTimestamp !== undefined ||
    claim?.metadata.deletionTimestamp !== undefined ||
    node?.spec?.taints?.some(({ key }) => key === "karpenter.sh/disrupted") === true;
  return { staying: all.filter((one) => !isLeaving(one)), leaving: all.filter(isLeaving) };
}
