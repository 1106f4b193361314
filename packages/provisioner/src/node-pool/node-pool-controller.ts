import { isDeepStrictEqual } from "node:util";
import {
  ANNOTATIONS,
  NODE_POOLS,
  type NodePool,
  PROVISIONERS,
  type Provisioner,
  provisionerLosses,
} from "@nodeless/api";
import { type ControllerSource, informerSource, isConditionTrue, runController } from "@nodeless/runtime";
import { ClaimWriter } from "../node-claim/claim-writes.ts";
import type { ProvisionerContext } from "../state/context.ts";
import { reportLosses } from "../state/conversion-losses.ts";
import { poolNameOf } from "../state/effective-pools.ts";
import { NODE_POOL_HASH_VERSION, nodePoolHash } from "./hash.ts";
import { nodePoolStatus, type PoolObservation, provisionerStatus } from "./pool-status.ts";

const CLASH_DEDUPE_MS = 3_600_000;

/** Validates pools of both generations, counts what they own, and says whether they are ready. */
export async function runNodePoolController(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { cache, clock, logger } = context;
  const poolsOfClass = (className: string): readonly string[] =>
    [...cache.pools().byName].flatMap(([name, { pool }]) =>
      pool.spec.template.spec.nodeClassRef.name === className ? [name] : [],
    );
  await runController({
    name: "nodepool",
    clock,
    logger,
    signal,
    sources: [
      informerSource(cache.nodePools),
      informerSource(cache.provisioners),
      informerSource(cache.claims, (claim) => [poolNameOf(claim) ?? ""].filter((name) => name !== "")),
      informerSource(cache.nodeClasses, ({ metadata }) => poolsOfClass(metadata.name)),
      templateSource(context, poolsOfClass),
    ],
    reconcile: async (name, reconcile) => {
      await reconcilePool(context, name, reconcile.signal);
      return {};
    },
  });
}

function templateSource(
  { templates }: ProvisionerContext,
  poolsOfClass: (className: string) => readonly string[],
): ControllerSource {
  return {
    synced: async () => {},
    subscribe: (enqueue) => templates.onChange((className) => poolsOfClass(className).forEach(enqueue)),
  };
}

async function reconcilePool(context: ProvisionerContext, name: string, signal: AbortSignal): Promise<void> {
  const { cache, clock, templates, events } = context;
  const { byName, hidden } = cache.pools();
  for (const provisioner of hidden)
    if (provisioner.metadata.name === name)
      events.record(provisioner, {
        type: "Warning",
        reason: "NameClash",
        message: `NodePool ${JSON.stringify(name)} has the same name and is used instead of this Provisioner; rename or delete one of them`,
        dedupeMs: CLASH_DEDUPE_MS,
      });
  const effective = byName.get(name);
  if (effective === undefined) return;
  const className = effective.pool.spec.template.spec.nodeClassRef.name;
  const nodeClass = cache.classes().byName.get(className);
  const observation: PoolObservation = {
    effective,
    claims: cache.claimsOfPool(name),
    nodeClass: templates.of(nodeClass, className),
    nodeClassGeneration: nodeClass?.origin.metadata.generation,
    now: clock.now(),
  };
  if (effective.generation === "v1") await writePool(context, { pool: effective.pool, observation }, signal);
  else await writeProvisioner(context, { provisioner: effective.origin as Provisioner, observation }, signal);
}

async function writePool(
  context: ProvisionerContext,
  { pool, observation }: { readonly pool: NodePool; readonly observation: PoolObservation },
  signal: AbortSignal,
): Promise<void> {
  const { client } = context;
  const hash = nodePoolHash(pool);
  const annotations = { [ANNOTATIONS.nodePoolHash]: hash, [ANNOTATIONS.nodePoolHashVersion]: NODE_POOL_HASH_VERSION };
  const known = pool.metadata.annotations ?? {};
  let current = pool;
  if (known[ANNOTATIONS.nodePoolHashVersion] !== NODE_POOL_HASH_VERSION)
    await restampClaims(context, { observation, annotations }, signal);
  if (known[ANNOTATIONS.nodePoolHash] !== hash || known[ANNOTATIONS.nodePoolHashVersion] !== NODE_POOL_HASH_VERSION)
    current = await client
      .resource(NODE_POOLS)
      .patch(pool.metadata, "merge", { metadata: { annotations } }, { signal });
  const status = nodePoolStatus(observation);
  if (isDeepStrictEqual(pick(pool.status, status), status)) return;
  const patch = {
    metadata: { resourceVersion: current.metadata.resourceVersion },
    status: withRemovedResources(status, pool.status?.resources),
  };
  await client.resource(NODE_POOLS).patch(pool.metadata, "merge", patch, { subresource: "status", signal });
  const wasReady = isConditionTrue(pool.status?.conditions, "Ready");
  if (!wasReady && isConditionTrue(status.conditions, "Ready")) context.requestScheduling(pool.metadata.uid);
}

/** A changed hash algorithm must not make every node look drifted: claims are stamped anew together with their pool. */
async function restampClaims(
  { client }: ProvisionerContext,
  {
    observation,
    annotations,
  }: { readonly observation: PoolObservation; readonly annotations: Readonly<Record<string, string>> },
  signal: AbortSignal,
): Promise<void> {
  const writer = new ClaimWriter(client);
  for (const claim of observation.claims)
    if (claim.metadata.annotations?.[ANNOTATIONS.nodePoolHashVersion] !== NODE_POOL_HASH_VERSION)
      await writer.metadata(claim, { annotations }, signal);
}

async function writeProvisioner(
  context: ProvisionerContext,
  { provisioner, observation }: { readonly provisioner: Provisioner; readonly observation: PoolObservation },
  signal: AbortSignal,
): Promise<void> {
  reportLosses(context, provisioner, provisionerLosses(provisioner));
  const status = provisionerStatus(observation, provisioner.status);
  if (isDeepStrictEqual(pick(provisioner.status, status), status)) return;
  const patch = {
    metadata: { resourceVersion: provisioner.metadata.resourceVersion },
    status: withRemovedResources(status, provisioner.status?.resources),
  };
  await context.client
    .resource(PROVISIONERS)
    .patch(provisioner.metadata, "merge", patch, { subresource: "status", signal });
  const wasActive = isConditionTrue(provisioner.status?.conditions, "Active");
  if (!wasActive && isConditionTrue(status.conditions, "Active")) context.requestScheduling(provisioner.metadata.uid);
}

/** The fields that would be written, as they are now. */
function pick(known: object | undefined, wanted: object): object {
  const source = (known ?? {}) as Readonly<Record<string, unknown>>;
  return Object.fromEntries(Object.keys(wanted).map((key) => [key, source[key]]));
}

/** A merge patch keeps what it does not mention: resources that are no longer used are set to null. */
function withRemovedResources<Status extends { readonly resources?: Readonly<Record<string, string>> }>(
  status: Status,
  known: Readonly<Record<string, string>> = {},
): object {
  const gone = Object.keys(known).filter((name) => !Object.hasOwn(status.resources ?? {}, name));
  return { ...status, resources: { ...status.resources, ...Object.fromEntries(gone.map((name) => [name, null])) } };
}
