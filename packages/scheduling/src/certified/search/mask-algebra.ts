/** Pairs of fewer masks than this are remembered in a square table, which grows, others in a map. */
const DENSE_MASKS_MAX = 512;
const DENSE_MASKS_START = 16;
const PAIR_FACTOR = 1 << 26;

/**
 * Sets of offering classes with small numbers for names. What a node may be is the intersection of what its pods may use;
 * every intersection is computed once.
 */
export class MaskAlgebra {
  readonly classes: number;
  /** By mask: 1 or 0 by class. */
  readonly allowed: Uint8Array[] = [];
  readonly #byBits = new Map<string, number>();
  #dense = new Int32Array(DENSE_MASKS_START * DENSE_MASKS_START).fill(-1);
  #side = DENSE_MASKS_START;
  readonly #sparse = new Map<number, number>();

  constructor(classes: number) {
    this.classes = classes;
  }

  /** The number of a set of classes. */
  intern(bits: Uint8Array): number {
    const key = bitsKey(bits);
    const known = this.#byBits.get(key);
    if (known !== undefined) return known;
    this.allowed.push(bits);
    this.#byBits.set(key, this.allowed.length - 1);
    return this.allowed.length - 1;
  }

  /** What both masks allow. */
  meet(first: number, second: number): number {
    if (first === second) return first;
    const low = first < second ? first : second;
    const high = first < second ? second : first;
    if (high < DENSE_MASKS_MAX) {
      if (high >= this.#side) this.#grow(high);
      const known = this.#dense[high * this.#side + low] as number;
      if (known >= 0) return known;
      const met = this.#intersection(low, high);
      this.#dense[high * this.#side + low] = met;
      return met;
    }
    const pair = high * PAIR_FACTOR + low;
    const known = this.#sparse.get(pair);
    if (known !== undefined) return known;
    const met = this.#intersection(low, high);
    this.#sparse.set(pair, met);
    return met;
  }

  isAllowed(mask: number, offeringClass: number): boolean {
    return (this.allowed[mask] as Uint8Array)[offeringClass] === 1;
  }

  isEmpty(mask: number): boolean {
    return (this.allowed[mask] as Uint8Array).indexOf(1) < 0;
  }

  #grow(mask: number): void {
    const before = this.#side;
    let side = before;
    while (side <= mask) side *= 2;
    const grown = new Int32Array(side * side).fill(-1);
    for (let row = 0; row < before; row += 1)
      grown.set(this.#dense.subarray(row * before, row * before + before), row * side);
    this.#dense = grown;
    this.#side = side;
  }

  #intersection(first: number, second: number): number {
    const bits = Uint8Array.from(this.allowed[first] as Uint8Array);
    const other = this.allowed[second] as Uint8Array;
    for (let index = 0; index < bits.length; index += 1) if (other[index] !== 1) bits[index] = 0;
    return this.intern(bits);
  }
}

/** Bits packed 16 to a character. */
function bitsKey(bits: Uint8Array): string {
  let key = "";
  for (let start = 0; start < bits.length; start += 16) {
    let word = 0;
    for (let index = start; index < Math.min(start + 16, bits.length); index += 1)
      if (bits[index] === 1) word |= 1 << (index - start);
    key += String.fromCharCode(word);
  }
  return key;
}
