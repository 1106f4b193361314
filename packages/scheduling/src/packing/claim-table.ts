/** Claims for which there is room before the arrays grow, unless there are fewer pods. */
const CLAIMS_AT_FIRST = 64;
/** No domain decided yet. */
export const UNDECIDED = -1;

/** What the search for a place reads of every open claim, in arrays by claim: everything else is in the claim's own object. */
export class ClaimTable {
  readonly dimensions: number;
  readonly keys: number;
  /** What can still be added at most, by resource: the claim's ceiling less what its pods request. */
  room: Float64Array;
  /** Number of the claim's type set. */
  set: Int32Array;
  pods: Int32Array;
  /** Decided domain, by topology key other than hostname. */
  domains: Int32Array;
  /** The run that was refused for good last. */
  refusedBy: Int32Array;
  #size: number;

  constructor({
    dimensions,
    keys,
    pods,
  }: { readonly dimensions: number; readonly keys: number; readonly pods: number }) {
    this.dimensions = dimensions;
    this.keys = keys;
    this.#size = Math.max(1, Math.min(CLAIMS_AT_FIRST, pods));
    this.room = new Float64Array(this.#size * dimensions);
    this.set = new Int32Array(this.#size);
    this.pods = new Int32Array(this.#size);
    this.domains = new Int32Array(this.#size * keys);
    this.refusedBy = new Int32Array(this.#size);
  }

  /** Makes the row of a new claim: no pods, nothing decided, room without bound. */
  reset(claim: number, set: number): void {
    if (claim >= this.#size) this.#grow();
    const { dimensions, keys } = this;
    this.room.fill(Number.POSITIVE_INFINITY, claim * dimensions, (claim + 1) * dimensions);
    this.domains.fill(UNDECIDED, claim * keys, (claim + 1) * keys);
    this.set[claim] = set;
    this.pods[claim] = 0;
    this.refusedBy[claim] = 0;
  }

  #grow(): void {
    this.#size *= 2;
    const room = new Float64Array(this.#size * this.dimensions);
    room.set(this.room);
    this.room = room;
    this.set = grown(this.set, this.#size);
    this.pods = grown(this.pods, this.#size);
    this.domains = grown(this.domains, this.#size * this.keys);
    this.refusedBy = grown(this.refusedBy, this.#size);
  }
}

function grown(numbers: Int32Array, size: number): Int32Array {
  const larger = new Int32Array(size);
  larger.set(numbers);
  return larger;
}
