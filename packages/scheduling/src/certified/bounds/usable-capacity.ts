/** Keeps a sum of sizes above what they are however they are added up. */
const ROUNDING = 1e-12;

/** What each of some pods asks for, of the resources that count. */
export interface PodRequests {
  readonly amounts: Float64Array;
  readonly pods: number;
}

/** Sizes by resource over the pods in question: whole multiples of `divisor`, which is 0 when some is not a whole number. */
interface Sizes {
  readonly smallest: Float64Array;
  readonly largest: Float64Array;
  readonly divisor: Float64Array;
  /** Of all pods together. */
  readonly total: Float64Array;
}

/**
 * What the pods that fit on a node can use of it at most, by resource: of 1.78 cpu, pods of 1 cpu use 1, and a single one uses no more of any node. No content
 * exceeds it, so that bounds may take it for the node's capacity: the rest would count as if other nodes' pods could use it.
 */
export class UsableCapacity {
  readonly #placed: readonly PodRequests[];
  readonly #priced: readonly Float64Array[];
  readonly #ofAll: Sizes;

  /**
   * What the shapes that may use the nodes in question ask for, of the resources that count: `placed` have pods; of `priced` there are none, they only must not
   * be kept out.
   */
  constructor(
    requests: { readonly placed: readonly PodRequests[]; readonly priced: readonly Float64Array[] },
    width: number,
  ) {
    this.#placed = requests.placed;
    this.#priced = requests.priced;
    this.#ofAll = sizesOf(requests.placed, width);
  }

  of(free: Float64Array): Float64Array {
    const { largest } = this.#ofAll;
    const fits = (sizes: Float64Array): boolean => sizes.every((size, d) => size <= (free[d] as number));
    const fitting = (): readonly PodRequests[] => this.#placed.filter(({ amounts }) => fits(amounts));
    const capacity = usable(free, fits(largest) ? this.#ofAll : sizesOf(fitting(), free.length));
    for (const sizes of this.#priced.filter(fits)) {
      for (const [d, size] of sizes.entries()) capacity[d] = Math.max(capacity[d] as number, size);
    }
    return capacity;
  }
}

function sizesOf(requests: readonly PodRequests[], width: number): Sizes {
  const smallest = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
  const largest = new Float64Array(width);
  const divisor = new Float64Array(width);
  const total = new Float64Array(width);
  const isWhole = new Uint8Array(width).fill(1);
  for (const { amounts, pods } of requests) {
    for (let d = 0; d < width; d++) {
      const size = amounts[d] as number;
      total[d] = (total[d] as number) + size * pods;
      if (size < (smallest[d] as number)) smallest[d] = size;
      if (size > (largest[d] as number)) largest[d] = size;
      if (isWhole[d] === 0 || size === 0 || divisor[d] === 1) continue;
      if (Number.isSafeInteger(size)) divisor[d] = commonDivisor(size, divisor[d] as number);
      else isWhole[d] = 0;
    }
  }
  return { smallest, largest, total, divisor: divisor.map((value, d) => (isWhole[d] === 1 ? value : 0)) };
}

function commonDivisor(one: number, other: number): number {
  let [a, b] = [one, other];
  while (b > 0) [a, b] = [b, a % b];
  return a;
}

/** As many pods as the smallest would be, each the largest, and no more than there are; and whole multiples. */
function usable(free: Float64Array, { smallest, largest, divisor, total }: Sizes): Float64Array {
  let pods = Number.POSITIVE_INFINITY;
  for (const [d, least] of smallest.entries()) {
    if (least > 0) pods = Math.min(pods, Math.floor((free[d] as number) / least + 1e-9));
  }
  return free.map((amount, d) => {
    const most = largest[d] as number;
    const used = most === 0 ? 0 : Math.min(amount, most * pods, (total[d] as number) * (1 + ROUNDING));
    const unit = divisor[d] as number;
    return unit > 0 ? Math.floor(used / unit + 1e-9) * unit : used;
  });
}
