import type { SolveLimits } from "./problem.ts";

/** Writing a plan out takes at most this share of the time that reading the input took … */
const WRITING_SHARE = 0.4;
/** … and, whatever disturbed the reading, not more than this. */
const WRITING_MS_PER_POD_MAX = 0.01;
const WRITING_MS_MIN = 2;
/** Lowering takes about this share of it; with less time left than both shares the search would come to nothing. */
const LOWERING_SHARE = 0.5;
/** What the search begins with takes about this share if it hurries. */
const BEGINNING_SHARE = 0.4;

/** Share of the time that is kept for the bound where it pays. */
const REFINING_SHARE = 0.15;

/** Divides the time of one plan. How fast the machine is just now, the time says that the input took to read. */
export class PlanTime {
  readonly #limits: SolveLimits;
  readonly #readingMs: number;
  /** Time to write the plan out. */
  readonly #endMs: number;

  /** To be made when the input has been read. */
  constructor(limits: SolveLimits, { startMs, pods }: { readonly startMs: number; readonly pods: number }) {
    this.#limits = limits;
    this.#readingMs = limits.elapsedMs() - startMs;
    const writingMs = Math.min(WRITING_SHARE * this.#readingMs, WRITING_MS_MIN + WRITING_MS_PER_POD_MAX * pods);
    this.#endMs = Math.max(0, limits.timeMs - writingMs);
  }

  /** Limits of the search: it ends early enough for the plan to be written out, and for the bound to be refined if `refines`. */
  search(refines: boolean): SolveLimits {
    const isLimited = Number.isFinite(this.#endMs);
    const refiningMs = refines && isLimited ? REFINING_SHARE * Math.max(0, this.#leftMs()) : 0;
    return { ...this.#limits, timeMs: this.#endMs - refiningMs };
  }

  /** With a number of tries as the limit time plays no part, so that results do not depend on the machine. */
  allowsLowering(): boolean {
    return this.#isUntimed() || this.#leftMs() > (LOWERING_SHARE + BEGINNING_SHARE) * this.#readingMs;
  }

  /** True if a search that begins now comes to something. */
  allowsSearch(): boolean {
    return this.#isUntimed() || this.#leftMs() > BEGINNING_SHARE * this.#readingMs;
  }

  /** True if another way of the fast gear, which takes about as long as reading, can be tried. */
  allowsAnotherWay(): boolean {
    return this.#isUntimed() || this.#leftMs() > this.#readingMs;
  }

  #isUntimed(): boolean {
    return this.#limits.triesMax !== undefined;
  }

  #leftMs(): number {
    return this.#endMs - this.#limits.elapsedMs();
  }
}
