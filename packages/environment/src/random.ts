import { randomFillSync } from "node:crypto";

/** Randomness as a port. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, bound). */
  integer(bound: number): number;
  /** `length` uniform bytes. */
  bytes(length: number): Uint8Array;
  /** An independent stream for one purpose, so that one more draw elsewhere does not shift it. */
  split(purpose: string): Random;
}

/** The machine's randomness; use for keys and uids outside of simulation. */
export const systemRandom: Random = {
  next: () => Math.random(),
  integer: (bound) => Math.floor(Math.random() * bound),
  bytes: systemBytes,
  split: () => systemRandom,
};

/** Asking the system costs some microseconds whatever the length: a uid takes its bytes from a pool that is filled at once. */
const POOL_BYTES = 4_096;
const pool = new Uint8Array(POOL_BYTES);
let poolUsed = POOL_BYTES;

function systemBytes(length: number): Uint8Array {
  if (length > POOL_BYTES) return randomFillSync(new Uint8Array(length));
  if (poolUsed + length > POOL_BYTES) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  const bytes = pool.slice(poolUsed, poolUsed + length);
  // Bytes that were given out may be keys: they do not stay behind.
  pool.fill(0, poolUsed, poolUsed + length);
  poolUsed += length;
  return bytes;
}

/** A reproducible stream (splitmix32 over a hashed seed). Never use it for secrets. */
export function seededRandom(seed: number | string): Random {
  const text = String(seed);
  let state = hash(text);
  const next = (): number => {
    state = (state + 0x9e3779b9) | 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return ((mixed ^ (mixed >>> 15)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (bound) => Math.floor(next() * bound),
    bytes: (length) => Uint8Array.from({ length }, () => Math.floor(next() * 256)),
    split: (purpose) => seededRandom(`${text}/${purpose}`),
  };
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  return value >>> 0;
}

/** A random (version 4) UUID from the given source. */
export function uuid(random: Random): string {
  const bytes = random.bytes(16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes).toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Kubernetes' alphabet for generated names: no vowels, no look-alikes. */
const NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/** `length` characters as Kubernetes uses them in generated names. */
export function nameSuffix(random: Random, length = 5): string {
  return Array.from({ length }, () => NAME_ALPHABET[random.integer(NAME_ALPHABET.length)]).join("");
}
