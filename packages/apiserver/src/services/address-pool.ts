import type { Random } from "@nodeless/environment";

/** The text names no IPv4 block. Caller: refuse the configuration. */
export class InvalidCidrError extends Error {
  override readonly name = "InvalidCidrError";
}

/** An IPv4 block, for service addresses. */
export interface AddressBlock {
  /** First address as a number; it is not used. */
  readonly base: number;
  readonly size: number;
}

/** `10.100.0.0/16` and the like, /12 to /30. Throws InvalidCidrError. */
export function parseCidr(text: string): AddressBlock {
  const match = /^(\d+\.\d+\.\d+\.\d+)\/(\d+)$/.exec(text);
  const base = match === null ? undefined : parseAddress(match[1] ?? "");
  const bits = Number(match?.[2]);
  if (base === undefined || bits < 12 || bits > 30)
    throw new InvalidCidrError(`service CIDR ${JSON.stringify(text)} is not an IPv4 block from /12 to /30`);
  const size = 2 ** (32 - bits);
  return { base: base - (base % size), size };
}

export function parseAddress(text: string): number | undefined {
  const parts = text.split(".");
  const numbers = parts.map(Number);
  if (parts.length !== 4 || !parts.every((part, index) => /^\d{1,3}$/.test(part) && (numbers[index] ?? 256) < 256))
    return undefined;
  return numbers.reduce((sum, part) => sum * 256 + part, 0);
}

export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

/** Neither network nor broadcast address. */
export function isUsable({ base, size }: AddressBlock, address: number): boolean {
  return address > base && address < base + size - 1;
}

/**
 * A free address. Like the real allocator it keeps out of the first addresses, which people pick by hand (`.1`, `.10`): they are
 * given only when nothing else is left. Source: kubernetes KEP-3070.
 */
export function chooseAddress(
  block: AddressBlock,
  options: { readonly random: Random; readonly isFree: (address: number) => boolean },
): number | undefined {
  const reserved = Math.min(256, Math.max(16, Math.floor(block.size / 16)));
  const upper = block.size - 1 - reserved;
  const start = upper > 0 ? options.random.integer(upper) : 0;
  for (let step = 0; step < upper; step += 1) {
    const address = block.base + reserved + ((start + step) % upper);
    if (isUsable(block, address) && options.isFree(address)) return address;
  }
  for (let address = block.base + 1; address < block.base + reserved; address += 1)
    if (isUsable(block, address) && options.isFree(address)) return address;
  return undefined;
}
