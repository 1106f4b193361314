import type { ResourceAmounts } from "@nodeless/api";
import { compareText } from "../requirements/requirements.ts";

/** Resource names of one pass numbered, so that amounts are short arrays of numbers. */
export class ResourceTable {
  readonly names: readonly string[];
  readonly #index: ReadonlyMap<string, number>;

  static #plain: ResourceTable | undefined;

  /** The table of all resources named, and of cpu, memory and pods; the same one for all that name no others. */
  static of(all: Iterable<ResourceAmounts>): ResourceTable {
    for (const amounts of all) for (const name of amounts.keys()) if (!isPlain(name)) return new ResourceTable(all);
    ResourceTable.#plain ??= new ResourceTable([]);
    return ResourceTable.#plain;
  }

  private constructor(all: Iterable<ResourceAmounts>) {
    const names = new Set<string>(["cpu", "memory", "pods"]);
    for (const amounts of all) for (const name of amounts.keys()) names.add(name);
    const [cpu, memory, pods, ...rest] = names;
    this.names = [cpu, memory, pods, ...rest.sort(compareText)].filter((name) => name !== undefined);
    this.#index = new Map(this.names.map((name, index) => [name, index]));
  }

  /** Amounts of unknown names are dropped: no pod asks for them. Missing ones are `absent`. */
  vector(amounts: ResourceAmounts, absent = 0): Float64Array {
    const vector = new Float64Array(this.names.length).fill(absent);
    for (const [name, amount] of amounts) {
      const index = this.#index.get(name);
      if (index !== undefined) vector[index] = amount;
    }
    return vector;
  }

  /** What a node has: more attachments than pods can want where no limit is known, as on every node that does not exist yet. */
  nodeVector(amounts: ResourceAmounts): Float64Array {
    const vector = this.vector(amounts);
    for (const [index, name] of this.names.entries())
      if (isAttachment(name) && !amounts.has(name)) vector[index] = ATTACHMENTS_UNLIMITED;
    return vector;
  }

  /** The non-zero amounts of what pods request in their specs. */
  amounts(vector: Float64Array): ResourceAmounts {
    const amounts = new Map<string, number>();
    for (const [index, name] of this.names.entries()) {
      const amount = vector[index] ?? 0;
      if (amount !== 0 && !isAttachment(name)) amounts.set(name, amount);
    }
    return amounts;
  }
}

const isPlain = (name: string): boolean => name === "cpu" || name === "memory" || name === "pods";
/** Kubernetes' name for the number of volumes of a CSI driver. */
const ATTACHMENT_PREFIX = "attachable-volumes-csi-";
/** True for the resources that count attached volumes. */
export const isAttachment = (name: string): boolean => name.startsWith(ATTACHMENT_PREFIX);
/** Finite, because bounds are computed with it. */
const ATTACHMENTS_UNLIMITED = 1e6;

/** Volumes of a CSI driver as a resource of nodes. A volume that several pods share counts once per pod, which is on the safe side. */
export const attachmentResource = (driver: string): string => `${ATTACHMENT_PREFIX}${driver}`;

export const CPU = 0;
export const MEMORY = 1;

/** True if `used + asked ≤ free` wherever something is asked. */
export function fits(free: Float64Array, used: Float64Array, asked: Float64Array): boolean {
  for (let index = 0; index < asked.length; index += 1) {
    const amount = asked[index] ?? 0;
    if (amount > 0 && amount + (used[index] ?? 0) > (free[index] ?? 0)) return false;
  }
  return true;
}

/** True if `total ≤ free` wherever the total is positive. */
export function covers(free: Float64Array, total: Float64Array): boolean {
  for (let index = 0; index < total.length; index += 1) {
    const amount = total[index] ?? 0;
    if (amount > 0 && amount > (free[index] ?? 0)) return false;
  }
  return true;
}

/** Adds `amount`, so many times, into `target`. */
export function addInto(target: Float64Array, amount: Float64Array, times = 1): void {
  for (let index = 0; index < target.length; index += 1)
    target[index] = (target[index] ?? 0) + times * (amount[index] ?? 0);
}
