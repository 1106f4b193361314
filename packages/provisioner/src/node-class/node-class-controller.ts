import { isDeepStrictEqual } from "node:util";
import {
  AWS_NODE_TEMPLATES,
  type AWSNodeTemplate,
  awsNodeTemplateLosses,
  EC2_NODE_CLASSES,
  FINALIZERS,
  type KubernetesObject,
  type ResourceType,
} from "@nodeless/api";
import { informerSource, isConditionTrue, type ReconcileResult, runController } from "@nodeless/runtime";
import { ignoringNotFound } from "../node-claim/claim-writes.ts";
import type { ProvisionerContext } from "../state/context.ts";
import { reportLosses } from "../state/conversion-losses.ts";
import type { EffectiveNodeClass } from "../state/effective-pools.ts";
import { classStatus } from "./class-status.ts";

const CLASH_DEDUPE_MS = 3_600_000;
/** A deleted class that is still used is looked at again; the end of its last claim triggers earlier. */
const IN_USE_RETRY_MS = 10_000;

/** Resolves node classes of both generations against the cloud and keeps their status; ends them when no claim uses them. */
export async function runNodeClassController(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const { cache, clock, logger, settings } = context;
  await runController({
    name: "nodeclass",
    clock,
    logger,
    signal,
    concurrency: 5,
    sources: [
      informerSource(cache.nodeClasses),
      informerSource(cache.nodeTemplates),
      // A Provisioner's kubelet settings are part of the class it refers to.
      informerSource(cache.provisioners, ({ spec }) => (spec.providerRef === undefined ? [] : [spec.providerRef.name])),
      informerSource(cache.claims, (claim) =>
        claim.metadata.deletionTimestamp === undefined ? [] : [claim.spec.nodeClassRef.name],
      ),
    ],
    reconcile: async (name, reconcile) => {
      const { byName, hidden } = cache.classes();
      for (const template of hidden) if (template.metadata.name === name) reportClash(context, template);
      const effective = byName.get(name);
      if (effective === undefined) {
        context.templates.forget(name);
        return {};
      }
      if (effective.origin.metadata.deletionTimestamp !== undefined)
        return await endClass(context, effective, reconcile.signal);
      await resolveClass(context, effective, reconcile.signal);
      return { requeueAfterMs: settings.intervals.nodeClassMs };
    },
  });
}

/**
 * Resolves every class once, before anything is launched: the cloud keeps what it resolved in this process only, so a new leader would
 * otherwise take classes that are Ready on paper for broken and give up claims in flight. Failures are left to the controller.
 */
export async function resolveNodeClasses(context: ProvisionerContext, signal: AbortSignal): Promise<void> {
  const usable = [...context.cache.classes().byName.values()].filter(
    ({ origin }) => origin.metadata.deletionTimestamp === undefined,
  );
  const resolutions = await Promise.allSettled(usable.map((effective) => resolveClass(context, effective, signal)));
  signal.throwIfAborted();
  for (const resolution of resolutions)
    if (resolution.status === "rejected")
      context.logger.warn("cannot resolve a node class yet", { error: resolution.reason });
}

async function resolveClass(
  context: ProvisionerContext,
  effective: EffectiveNodeClass,
  signal: AbortSignal,
): Promise<void> {
  const { cloud, clock, client, templates } = context;
  const { origin, nodeClass } = effective;
  const finalizers = origin.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZERS.ec2NodeClass)) {
    await setFinalizers(context, { effective, finalizers: [...finalizers, FINALIZERS.ec2NodeClass] }, signal);
    return;
  }
  const resolved = await cloud.reconcileNodeClass(nodeClass, signal);
  const known = effective.generation === "v1" ? nodeClass.status?.conditions : undefined;
  const status = classStatus(resolved, { known, generation: origin.metadata.generation, now: clock.now() });
  const isReady = isConditionTrue(status.conditions, "Ready");
  if (effective.generation === "v1") {
    if (isSameStatus(nodeClass.status, status)) return;
    const patch = { metadata: { resourceVersion: origin.metadata.resourceVersion }, status };
    await client.resource(EC2_NODE_CLASSES).patch(origin.metadata, "merge", patch, { subresource: "status", signal });
    return;
  }
  const template = origin as AWSNodeTemplate;
  reportLosses(context, template, awsNodeTemplateLosses(template));
  const message = status.conditions.find(({ type }) => type === "Ready")?.message ?? "";
  templates.set(template.metadata.name, {
    ready: isReady,
    reason: isReady ? "NodeClassReady" : "NodeClassNotReady",
    message,
  });
  const oldStatus = {
    subnets: resolved.subnets.map(({ id, zone }) => ({ id, zone })),
    securityGroups: resolved.securityGroups.map(({ id }) => ({ id })),
  };
  if (isSameStatus(template.status, oldStatus)) return;
  await client
    .resource(AWS_NODE_TEMPLATES)
    .patch(template.metadata, "merge", { status: oldStatus }, { subresource: "status", signal });
}

function isSameStatus(known: object | undefined, wanted: object): boolean {
  const source = (known ?? {}) as Readonly<Record<string, unknown>>;
  return Object.entries(wanted).every(([key, value]) => isDeepStrictEqual(source[key], value));
}

/** A class in use stays: its claims still need to be ended with its permissions and names. */
async function endClass(
  context: ProvisionerContext,
  effective: EffectiveNodeClass,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { cache, cloud, events } = context;
  const { origin, nodeClass } = effective;
  const finalizers = origin.metadata.finalizers ?? [];
  if (!finalizers.includes(FINALIZERS.ec2NodeClass)) return {};
  const users = cache.claims.byIndex("nodeClass", origin.metadata.name).map(({ metadata }) => metadata.name);
  if (users.length > 0) {
    events.record(origin, {
      type: "Normal",
      reason: "WaitingOnNodeClaimTermination",
      message: `Waiting on NodeClaim termination for ${users.slice(0, 5).join(", ")}${users.length > 5 ? ` and ${users.length - 5} more` : ""}`,
      dedupeMs: 120_000,
    });
    return { requeueAfterMs: IN_USE_RETRY_MS };
  }
  await cloud.deleteNodeClass(nodeClass, signal);
  await setFinalizers(
    context,
    { effective, finalizers: finalizers.filter((name) => name !== FINALIZERS.ec2NodeClass) },
    signal,
  );
  return {};
}

async function setFinalizers(
  { client }: ProvisionerContext,
  { effective, finalizers }: { readonly effective: EffectiveNodeClass; readonly finalizers: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const { metadata } = effective.origin;
  const type: ResourceType<KubernetesObject> = effective.generation === "v1" ? EC2_NODE_CLASSES : AWS_NODE_TEMPLATES;
  const patch = { metadata: { resourceVersion: metadata.resourceVersion, finalizers } };
  await ignoringNotFound(client.resource(type).patch(metadata, "merge", patch, { signal }));
}

function reportClash({ events }: ProvisionerContext, template: AWSNodeTemplate): void {
  events.record(template, {
    type: "Warning",
    reason: "NameClash",
    message: `EC2NodeClass ${JSON.stringify(template.metadata.name)} has the same name and is used instead of this AWSNodeTemplate; rename or delete one of them`,
    dedupeMs: CLASH_DEDUPE_MS,
  });
}
