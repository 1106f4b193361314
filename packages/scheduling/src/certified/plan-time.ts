import type { SolveLimits } from "./problem.ts";

/** Writing a plan out takes at most this share of the time that reading the input took … */
const WRITING_SHARE = 0.7;
/** … and, whatever disturbed the reading, not more than this. */
const WRITING_MS_PER_POD_MAX = 0.01;
const WRITING_MS_MIN = 2;
/** Lowering alone takes about as long as reading; a search in less time than this would come to nothing. */
const SEARCH_SHARE_MIN = 2;

/** Divides the time of one plan. How fast the machine is just now, the time says that the input took to read. */
export class PlanTime {
  readonly #limits: SolveLimits;
  readonly #readingMs: number;
  readonly #writingMs: number;

  /** To be made when the input has been read. */
  constructor(limits: SolveLimits, { startMs, pods }: { readonly startMs: number; readonly pods: number }) {
    this.#limits = limits;
    this.#readingMs = limits.elapsedMs() - startMs;
    this.#writingMs = Math.min(WRITING_SHARE * this.#readingMs, WRITING_MS_MIN + WRITING_MS_PER_POD_MAX * pods);
  }

  /** A search ends here, so that the plan can be written out in time. */
  get searchEndsMs(): number {
    return Math.max(0, this.#limits.timeMs - this.#writingMs);
  }

  /** With a number of tries as the limit time plays no part, so that results do not depend on the machine. */
  allowsSearch(): boolean {
    return this.#isUntimed() || this.#leftMs() > SEARCH_SHARE_MIN * this.#readingMs;
  }

  /** True if another way of the fast gear, which takes about as long as reading, can be tried. */
  allowsAnotherWay(): boolean {
    return this.#isUntimed() || this.#leftMs() > this.#readingMs;
  }

  #isUntimed(): boolean {
    return this.#limits.triesMax !== undefined;
  }

  #leftMs(): number {
    return this.searchEndsMs - this.#limits.elapsedMs();
  }
}
