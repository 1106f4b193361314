import type { Fresh, Lease } from "@nodeless/api";
import { LEASES } from "@nodeless/api";
import { type Clock, type Logger, silentLogger } from "@nodeless/environment";
import type { KubernetesClient, ResourceClient } from "./client.ts";
import { isAlreadyExists, isConflict } from "./errors.ts";

/** How leadership is sought. Durations are client-go's defaults and must keep lease > deadline > retry. */
export interface LeaderElectionOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly leaseName: string;
  readonly namespace: string;
  /** Unique per process, e.g. the pod's name. */
  readonly identity: string;
  /** Others wait this long after the last renewal they saw. Default 15 s. */
  readonly leaseDurationMs?: number;
  /** The leader steps down when it could not renew for this long. Default 10 s. */
  readonly renewDeadlineMs?: number;
  /** Between attempts. Default 2 s. */
  readonly retryPeriodMs?: number;
  readonly signal: AbortSignal;
  /** Runs while we lead; its signal fires when leadership is lost or the process stops. Must stop promptly then. */
  readonly onStartedLeading: (signal: AbortSignal) => Promise<void>;
}

/**
 * Leads whenever it can until the signal fires: acquire, lead, and after a loss try again. On shutdown waits for the work to stop,
 * then releases the lease so that another replica takes over at once. Rejects if the work rejects while leading.
 * Source: client-go tools/leaderelection (release 1.35); it differs in that a loss does not end the process.
 */
export async function runLeaderElection(options: LeaderElectionOptions): Promise<void> {
  const elector = new LeaderElector(options);
  while (!options.signal.aborted) {
    if (!(await elector.acquire())) return;
    if (await elector.lead()) return;
  }
}

class LeaderElector {
  readonly #options: LeaderElectionOptions;
  readonly #leases: ResourceClient<Lease>;
  readonly #logger: Logger;
  readonly #leaseDurationMs: number;
  readonly #renewDeadlineMs: number;
  readonly #retryPeriodMs: number;
  /** The lease as last seen, and when by our own clock: other machines' clocks are not trusted. */
  #observed: { readonly lease: Lease; readonly atMs: number } | undefined;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#leases = options.client.resource(LEASES);
    this.#leaseDurationMs = options.leaseDurationMs ?? 15_000;
    this.#renewDeadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryPeriodMs = options.retryPeriodMs ?? 2_000;
    if (!(this.#leaseDurationMs > this.#renewDeadlineMs && this.#renewDeadlineMs > this.#retryPeriodMs))
      throw new TypeError("leader election needs leaseDuration > renewDeadline > retryPeriod");
    this.#logger = (options.logger ?? silentLogger).with({ lease: options.leaseName, identity: options.identity });
  }

  /** True when we became the leader, false when the signal fired. */
  async acquire(): Promise<boolean> {
    const { clock, signal } = this.#options;
    while (!signal.aborted) {
      if (await this.#tryAcquireOrRenew(signal)) return true;
      await clock.sleep(this.#retryPeriodMs, signal).catch(() => undefined);
    }
    return false;
  }

  /** Leads until loss or shutdown. True when there is nothing left to do, false when leadership was lost. */
  async lead(): Promise<boolean> {
    const { signal, onStartedLeading } = this.#options;
    this.#logger.info("started leading");
    const leading = new AbortController();
    const workEnded = new AbortController();
    const outcome = onStartedLeading(leading.signal).then(
      (): WorkOutcome => ({ kind: "finished" }),
      (error: unknown): WorkOutcome => ({ kind: "failed", error }),
    );
    const renewal = outcome.finally(() => workEnded.abort());
    const lost = await this.#renewUntilLost(AbortSignal.any([signal, workEnded.signal]));
    leading.abort(lost ? new Error("leadership was lost") : signal.reason);
    const result = await renewal;
    if (lost) {
      this.#logger.warn("stopped leading: the lease could not be renewed in time");
      return false;
    }
    await this.#release();
    if (result.kind === "failed" && !signal.aborted) throw result.error;
    return true;
  }

  /** True when renewals failed for the whole renew deadline, or somebody else holds the lease; false when the signal fired. */
  async #renewUntilLost(signal: AbortSignal): Promise<boolean> {
    const { clock } = this.#options;
    let renewedAtMs = clock.monotonicMs();
    while (!signal.aborted) {
      await clock.sleep(this.#retryPeriodMs, signal).catch(() => undefined);
      if (signal.aborted) return false;
      if (await this.#tryAcquireOrRenew(signal)) renewedAtMs = clock.monotonicMs();
      else if (this.#heldByOther() || clock.monotonicMs() - renewedAtMs >= this.#renewDeadlineMs)
        return !signal.aborted;
    }
    return false;
  }

  /** One attempt; every failure is a "no", because the next attempt comes soon anyway. */
  async #tryAcquireOrRenew(signal: AbortSignal): Promise<boolean> {
    const { clock, leaseName, namespace } = this.#options;
    const deadline = new AbortController();
    const timer = clock.setTimer(this.#renewDeadlineMs, () =>
      deadline.abort(new Error("the lease request took too long")),
    );
    const request = { signal: AbortSignal.any([signal, deadline.signal]) };
    try {
      const lease = await this.#leases.find({ namespace, name: leaseName }, request);
      if (lease === undefined) {
        this.#observe(await this.#leases.create(this.#newLease(), request));
        return true;
      }
      if (lease.metadata.resourceVersion !== this.#observed?.lease.metadata.resourceVersion) this.#observe(lease);
      if (this.#heldByOther() && !this.#expired()) return false;
      this.#observe(await this.#leases.update(this.#heldBy(lease), request));
      return true;
    } catch (error) {
      // Losing a race is everyday; anything else (no permission, no namespace) keeps the work from starting and must be seen.
      const isRace = isConflict(error) || isAlreadyExists(error);
      if (!signal.aborted) this.#logger[isRace ? "debug" : "warn"]("cannot acquire or renew the lease", { error });
      return false;
    } finally {
      timer.cancel();
    }
  }

  async #release(): Promise<void> {
    const { clock, identity } = this.#options;
    const lease = this.#observed?.lease;
    if (lease === undefined || lease.spec?.holderIdentity !== identity) return;
    const deadline = new AbortController();
    const timer = clock.setTimer(this.#retryPeriodMs, () => deadline.abort(new Error("releasing took too long")));
    const now = microTime(clock.now());
    try {
      // One second and no holder: whoever looks next may take it. Source: client-go leaderelection release().
      const spec = { ...lease.spec, holderIdentity: "", leaseDurationSeconds: 1, renewTime: now, acquireTime: now };
      await this.#leases.update({ ...lease, spec }, { signal: deadline.signal });
      this.#logger.info("released the lease");
    } catch (error) {
      this.#logger.warn("could not release the lease; it runs out by itself", { error });
    } finally {
      timer.cancel();
    }
  }

  #observe(lease: Lease): void {
    this.#observed = { lease, atMs: this.#options.clock.monotonicMs() };
  }

  #heldByOther(): boolean {
    const holder = this.#observed?.lease.spec?.holderIdentity ?? "";
    return holder !== "" && holder !== this.#options.identity;
  }

  #expired(): boolean {
    const { clock } = this.#options;
    const observed = this.#observed;
    if (observed === undefined) return true;
    const seconds = observed.lease.spec?.leaseDurationSeconds;
    const durationMs = seconds === undefined ? this.#leaseDurationMs : Math.min(seconds * 1000, this.#leaseDurationMs);
    return clock.monotonicMs() - observed.atMs >= durationMs;
  }

  #newLease(): Fresh<Lease> {
    const { namespace, leaseName, clock, identity } = this.#options;
    const now = microTime(clock.now());
    return {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { namespace, name: leaseName },
      spec: {
        holderIdentity: identity,
        leaseDurationSeconds: wholeSeconds(this.#leaseDurationMs),
        acquireTime: now,
        renewTime: now,
        leaseTransitions: 0,
      },
    };
  }

  #heldBy(lease: Lease): Lease {
    const { clock, identity } = this.#options;
    const now = microTime(clock.now());
    const isOurs = lease.spec?.holderIdentity === identity;
    return {
      ...lease,
      spec: {
        ...lease.spec,
        holderIdentity: identity,
        leaseDurationSeconds: wholeSeconds(this.#leaseDurationMs),
        renewTime: now,
        acquireTime: isOurs ? (lease.spec?.acquireTime ?? now) : now,
        leaseTransitions: (lease.spec?.leaseTransitions ?? 0) + (isOurs ? 0 : 1),
      },
    };
  }
}

type WorkOutcome = { readonly kind: "finished" } | { readonly kind: "failed"; readonly error: unknown };

/** Leases count whole seconds; at least one. */
const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000));

/** metav1.MicroTime. */
const microTime = (now: Date): string => now.toISOString().replace("Z", "000Z");
