/** An IPv4 block: its first address and size. */
export interface Ipv4Block {
  readonly first: number;
  readonly size: number;
  readonly prefixLength: number;
}

/** Parses `10.0.0.0/16`; undefined if it is no block. Host bits are cleared, as EC2 does. */
export function parseIpv4Block(text: string): Ipv4Block | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})\/(\d{1,2})$/.exec(text);
  const address = parseIpv4(match?.[1] ?? "");
  const prefixLength = Number(match?.[2]);
  if (address === undefined || prefixLength > 32) return undefined;
  const size = 2 ** (32 - prefixLength);
  return { first: address - (address % size), size, prefixLength };
}

/** The canonical text of a block. */
export function formatIpv4Block(block: Ipv4Block): string {
  return `${formatIpv4(block.first)}/${block.prefixLength}`;
}

/** An address as an unsigned number; undefined if it is none. */
export function parseIpv4(text: string): number | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || parts.some((part) => !/^\d{1,3}$/.test(part) || Number(part) > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + Number(part), 0);
}

export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");
}

export function blockContains(outer: Ipv4Block, inner: Pick<Ipv4Block, "first" | "size">): boolean {
  return inner.first >= outer.first && inner.first + inner.size <= outer.first + outer.size;
}

export function blocksOverlap(a: Ipv4Block, b: Ipv4Block): boolean {
  return a.first < b.first + b.size && b.first < a.first + a.size;
}
