import type { Clock, Timer } from "@nodeless/environment";
import type { Collection } from "./collection.ts";

/** A change that comes due: `kind` names the work, `id` the resource. One per (kind, id). */
interface Transition {
  readonly kind: string;
  readonly id: string;
  /** ISO time. */
  readonly dueAt: string;
}

/** What a kind of transition does. Runs once per schedule; must tolerate that the resource is gone. */
export type TransitionWork = (id: string) => void;

/**
 * Changes of state that time brings (`pending` → `running`). A schedule is durable together with the records put in the same
 * synchronous section; the work and the end of the schedule are too. After a restart `arm` sets the timers again, and what came due
 * meanwhile happens at once.
 */
export class Transitions {
  readonly #table: Collection<Transition>;
  readonly #clock: Clock;
  readonly #work = new Map<string, TransitionWork>();
  readonly #timers = new Map<string, Timer>();
  #disarmed = false;

  constructor(table: Collection<Transition>, clock: Clock) {
    this.#table = table;
    this.#clock = clock;
  }

  /** Declares the work of a kind, e.g. `ec2.instance-running`. Call for every kind before `arm`. */
  on(kind: string, work: TransitionWork): void {
    this.#work.set(kind, work);
  }

  /** Does the kind's work for the id after `afterMs`, replacing a schedule of the same kind and id. */
  schedule(transition: { readonly kind: string; readonly id: string; readonly afterMs: number }): void {
    const { kind, id, afterMs } = transition;
    const dueAt = new Date(this.#clock.now().getTime() + afterMs).toISOString();
    const record: Transition = { kind, id, dueAt };
    this.#table.put(keyOf(record), record);
    this.#setTimer(record);
  }

  /** True until the work begins. */
  isScheduled(kind: string, id: string): boolean {
    return this.#table.has(keyOf({ kind, id }));
  }

  /** Forgets a schedule. No-op if there is none. */
  cancel(kind: string, id: string): void {
    const key = keyOf({ kind, id });
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
    this.#table.delete(key);
  }

  /** Sets timers for the schedules found in the store. Call once, after every `on`. */
  arm(): void {
    for (const record of [...this.#table.values()]) if (!this.#timers.has(keyOf(record))) this.#setTimer(record);
  }

  /** Cancels timers; schedules stay in the store for the next start. */
  disarm(): void {
    this.#disarmed = true;
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #setTimer(record: Transition): void {
    if (this.#disarmed) return;
    const key = keyOf(record);
    this.#timers.get(key)?.cancel();
    const waitMs = Math.max(0, Date.parse(record.dueAt) - this.#clock.now().getTime());
    this.#timers.set(
      key,
      this.#clock.setTimer(waitMs, () => this.#run(record)),
    );
  }

  #run(record: Transition): void {
    const key = keyOf(record);
    this.#timers.delete(key);
    this.#table.delete(key);
    const work = this.#work.get(record.kind);
    if (work === undefined) throw new Error(`no work declared for transition ${record.kind}`);
    work(record.id);
  }
}

function keyOf(transition: Pick<Transition, "kind" | "id">): string {
  return `${transition.kind}/${transition.id}`;
}
