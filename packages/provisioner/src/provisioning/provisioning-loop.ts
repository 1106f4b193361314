import { formatObjectKey, NODE_CLAIMS, type Node, type NodeClaim, type Pod, TAINTS } from "@nodeless/api";
import { checkPlan, type PlannedClaim, planScheduling, type SchedulingPlan } from "@nodeless/scheduling";
import type { ProvisionerContext } from "../state/context.ts";
import type { Batcher } from "./batcher.ts";
import { claimFor } from "./claim-for.ts";
import { type Observation, observe } from "./observe.ts";
import { isProvisionable } from "./provisionable-pods.ts";
import { unplacedText } from "./unplaced-text.ts";

/** A claim being launched is waited for at most this long: launches answer within seconds, and a stuck one must not stall every pod. */
const UNLAUNCHED_WAIT_MS = 10_000;
const UNLAUNCHED_POLL_MS = 50;
/** Claims we made appear in the cache within a watch round trip; after this long the cache is believed instead. */
const OWN_CLAIM_WAIT_MS = 5_000;
/** Claims written side by side: a thousand one after the other would take ten seconds against a real server. */
const CREATES_MAX = 20;
/** Source: karpenter.md §6.5. */
const FAILED_SCHEDULING_DEDUPE_MS = 300_000;
/** Nominations are told at most so often: a thousand pods must not cost a thousand events. Source: karpenter.md §6.5 (5/s, burst 10). */
const NOMINATED_EVERY_MS = 200;
const NOMINATED_BURST = 10;
/** After a failed pass; the pods are still there. */
const RETRY_MS = 1_000;

/** Deleted, or closed to be removed. */
function isLeaving({ metadata, spec }: Node): boolean {
  return metadata.deletionTimestamp !== undefined || spec?.taints?.some(({ key }) => key === TAINTS.disrupted) === true;
}

/** Batches unschedulable pods and launches nodes for them: observe → plan → check → execute, for ever. */
export class ProvisioningLoop {
  readonly #context: ProvisionerContext;
  readonly #batcher: Batcher;
  /** Claims we created that the cache may not show yet. */
  readonly #created = new Map<string, number>();
  #nominatedTokens = NOMINATED_BURST;
  #nominatedAtMs = 0;

  constructor(context: ProvisionerContext, batcher: Batcher) {
    this.#context = context;
    this.#batcher = batcher;
  }

  /** Runs until the signal fires. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#context;
    this.#subscribe();
    await Promise.all([this.#remindPeriodically(signal), this.#passes(signal)]).catch((error: unknown) => {
      if (!signal.aborted) throw error;
      logger.debug("provisioning stopped", { atMs: clock.monotonicMs() });
    });
  }

  async #passes(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#context;
    while (!signal.aborted) {
      await this.#batcher.next(signal);
      try {
        await this.#untilLaunched(signal);
        await this.#pass(signal);
      } catch (error) {
        if (signal.aborted) return;
        logger.error("provisioning pass failed", { error });
        await clock.sleep(RETRY_MS, signal);
        this.#batcher.trigger("retry");
      }
    }
  }

  async #pass(signal: AbortSignal): Promise<void> {
    const { logger, events } = this.#context;
    const observation = await observe(this.#context, signal);
    for (const { pod, message } of observation.refused) this.#failedScheduling(pod, message);
    const { input } = observation;
    if (input.pods.length === 0) return;
    const plan = planScheduling(input);
    const findings = checkPlan(input, plan);
    if (findings.length > 0) {
      logger.error("refused to execute a plan that breaks its rules; this is a bug in the planner", { findings });
      for (const effective of observation.pools.values())
        events.record(effective.origin, {
          type: "Warning",
          reason: "PlanRefused",
          message: `the plan for ${input.pods.length} pods broke a rule and was not executed: ${findings[0]?.subject}: ${findings[0]?.message}`,
          dedupeMs: FAILED_SCHEDULING_DEDUPE_MS,
        });
      return;
    }
    await this.#execute(plan, observation, signal);
  }

  async #execute(plan: SchedulingPlan, observation: Observation, signal: AbortSignal): Promise<void> {
    const { nominations, logger } = this.#context;
    const waiting = plan.claims.values();
    const createNext = async (): Promise<void> => {
      for (const planned of waiting) await this.#createClaim(planned, observation, signal);
    };
    // All have ended before a failure is passed on: the next pass must not plan while this one still creates.
    const ends = await Promise.allSettled(Array.from({ length: CREATES_MAX }, createNext));
    const failure = ends.find((one) => one.status === "rejected");
    if (failure !== undefined) throw failure.reason;
    const pods = new Map(observation.input.pods.map((pod) => [formatObjectKey(pod.metadata), pod]));
    for (const [key, nodeName] of plan.onExistingNodes) {
      const claimName = observation.claimOfNode.get(nodeName);
      const pod = pods.get(key);
      if (claimName === undefined || pod === undefined) continue;
      nominations.add(claimName);
      this.#nominated(pod, `node/${nodeName}`);
    }
    const names = new Set(observation.pools.keys());
    for (const unplaced of plan.unplaced)
      this.#failedScheduling(unplaced.pod, unplacedText(unplaced, { names, unusable: observation.unusable }));
    if (plan.claims.length + plan.unplaced.length > 0)
      logger.info("provisioned", {
        pods: observation.input.pods.length,
        claims: plan.claims.length,
        unplaced: plan.unplaced.length,
      });
  }

  async #createClaim(planned: PlannedClaim, observation: Observation, signal: AbortSignal): Promise<void> {
    const { client, nominations, clock, logger } = this.#context;
    const effective = observation.pools.get(planned.nodePool);
    if (effective === undefined) throw new TypeError(`the plan names an unknown NodePool: ${planned.nodePool}`);
    const claim: NodeClaim = await client.resource(NODE_CLAIMS).create(claimFor(planned, effective), { signal });
    const { name } = claim.metadata;
    this.#created.set(name, clock.monotonicMs());
    nominations.add(name);
    logger.info("created nodeclaim", {
      nodeClaim: name,
      nodePool: planned.nodePool,
      pods: planned.pods.length,
      instanceTypes: planned.instanceTypes.slice(0, 5).map((type) => type.name),
    });
    for (const pod of planned.pods) this.#nominated(pod, `nodeclaim/${name}`);
  }

  #nominated(pod: Pod, target: string): void {
    const nowMs = this.#context.clock.monotonicMs();
    const earned = (nowMs - this.#nominatedAtMs) / NOMINATED_EVERY_MS;
    this.#nominatedTokens = Math.min(NOMINATED_BURST, this.#nominatedTokens + earned);
    this.#nominatedAtMs = nowMs;
    if (this.#nominatedTokens < 1) return;
    this.#nominatedTokens -= 1;
    this.#context.events.record(pod, {
      type: "Normal",
      reason: "Nominated",
      message: `Pod should schedule on: ${target}`,
      dedupeMs: this.#context.settings.batchMaxMs * 2,
    });
  }

  #failedScheduling(pod: Pod, message: string): void {
    this.#context.events.record(pod, {
      type: "Warning",
      reason: "FailedScheduling",
      message: `Failed to schedule pod: ${message}`,
      dedupeMs: FAILED_SCHEDULING_DEDUPE_MS,
    });
  }

  /** Waits until every claim is known with its instance: what it offers is not known before (karpenter.md §3.1), within bounds. */
  async #untilLaunched(signal: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    const startMs = clock.monotonicMs();
    while (clock.monotonicMs() - startMs < UNLAUNCHED_WAIT_MS && this.#isLaunching())
      await clock.sleep(UNLAUNCHED_POLL_MS, signal);
  }

  #isLaunching(): boolean {
    const { cache, clock } = this.#context;
    const nowMs = clock.monotonicMs();
    for (const [name, createdMs] of this.#created)
      if (cache.claims.get(name) !== undefined || nowMs - createdMs > OWN_CLAIM_WAIT_MS) this.#created.delete(name);
    const isYoung = (claim: NodeClaim): boolean =>
      clock.now().getTime() - Date.parse(claim.metadata.creationTimestamp) < UNLAUNCHED_WAIT_MS;
    return (
      this.#created.size > 0 ||
      cache.claims
        .list()
        .some(
          (claim) =>
            claim.metadata.deletionTimestamp === undefined && (claim.status?.providerID ?? "") === "" && isYoung(claim),
        )
    );
  }

  #subscribe(): void {
    const trigger = (pod: Pod): void => {
      if (isProvisionable(pod)) this.#batcher.trigger(pod.metadata.uid);
    };
    const { cache } = this.#context;
    cache.pods.subscribe({ onAdd: trigger, onUpdate: trigger });
    // Pods of a node on its way out are planned for at once, so that their new node boots meanwhile.
    cache.nodes.subscribe({
      onUpdate: (node, previous) => {
        if (isLeaving(node) && !isLeaving(previous)) this.#batcher.trigger(node.metadata.uid);
      },
    });
  }

  /** Pods that stay unschedulable are looked at again: limits, pools and capacity may have changed. */
  async #remindPeriodically(signal: AbortSignal): Promise<void> {
    const { clock, cache, settings } = this.#context;
    while (!signal.aborted) {
      await clock.sleep(settings.intervals.podRetryMs, signal);
      for (const pod of cache.pods.list()) if (isProvisionable(pod)) this.#batcher.trigger(pod.metadata.uid);
      for (const node of cache.nodes.list()) if (isLeaving(node)) this.#batcher.trigger(node.metadata.uid);
    }
  }
}
