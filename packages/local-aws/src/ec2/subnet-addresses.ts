import { blockContains, formatIpv4, type Ipv4Block, parseIpv4, parseIpv4Block } from "./ipv4-blocks.ts";

/** AWS keeps the first four addresses of a subnet and the last. */
const RESERVED_FIRST = 4;
const RESERVED_LAST = 1;

interface SubnetPool {
  readonly block: Ipv4Block;
  readonly used: Set<number>;
  /** Where the next search starts: a freed address is not given out again at once. */
  cursor: number;
}

/** Which private addresses are taken. Lives in memory: whoever holds an address durably adopts it again at start. */
export class SubnetAddresses {
  readonly #pools = new Map<string, SubnetPool>();

  addSubnet(subnetId: string, cidr: string): void {
    const block = parseIpv4Block(cidr);
    if (block === undefined) throw new Error(`subnet ${subnetId} has no valid block: ${cidr}`);
    this.#pools.set(subnetId, { block, used: new Set(), cursor: block.first + RESERVED_FIRST });
  }

  removeSubnet(subnetId: string): void {
    this.#pools.delete(subnetId);
  }

  /** Addresses that can still be given out. */
  available(subnetId: string): number {
    const pool = this.#pools.get(subnetId);
    return pool === undefined ? 0 : pool.block.size - RESERVED_FIRST - RESERVED_LAST - pool.used.size;
  }

  inUse(subnetId: string): number {
    return this.#pools.get(subnetId)?.used.size ?? 0;
  }

  /** How full the subnet is, from 0 to 8 in whole eighths. */
  eighthsTaken(subnetId: string): number {
    const pool = this.#pools.get(subnetId);
    return pool === undefined ? 0 : Math.floor((8 * pool.used.size) / pool.block.size);
  }

  /** The next free address, or undefined when the subnet is full or unknown. */
  allocate(subnetId: string): string | undefined {
    const pool = this.#pools.get(subnetId);
    if (pool === undefined || this.available(subnetId) <= 0) return undefined;
    const first = pool.block.first + RESERVED_FIRST;
    const end = pool.block.first + pool.block.size - RESERVED_LAST;
    let address = pool.cursor < end ? pool.cursor : first;
    while (pool.used.has(address)) address = address + 1 < end ? address + 1 : first;
    pool.used.add(address);
    pool.cursor = address + 1;
    return formatIpv4(address);
  }

  /** Takes a given address; false if it is taken, reserved, or of no known subnet. */
  adopt(ip: string, subnetId?: string): boolean {
    const found = this.#find(ip, subnetId);
    if (found === undefined || found.pool.used.has(found.address)) return false;
    found.pool.used.add(found.address);
    return true;
  }

  release(ip: string, subnetId?: string): void {
    const found = this.#find(ip, subnetId);
    found?.pool.used.delete(found.address);
  }

  /** Blocks of different VPCs may overlap; without a subnet id the first subnet that holds (or could hold) the address is meant. */
  #find(ip: string, subnetId: string | undefined): { pool: SubnetPool; address: number } | undefined {
    const address = parseIpv4(ip);
    if (address === undefined) return undefined;
    const pools = [...this.#pools].filter(
      ([id, { block }]) =>
        (subnetId === undefined || id === subnetId) && blockContains(block, { first: address, size: 1 }),
    );
    const holder = pools.find(([, pool]) => pool.used.has(address)) ?? pools[0];
    if (holder === undefined) return undefined;
    const { block } = holder[1];
    const offset = address - block.first;
    const assignable = offset >= RESERVED_FIRST && offset < block.size - RESERVED_LAST;
    return assignable ? { pool: holder[1], address } : undefined;
  }
}
