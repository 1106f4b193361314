import type { Pod, PodSpec } from "@nodeless/api";
import type { InstanceType, SchedulingNodePool } from "../model.ts";
import { equalRequirements } from "../requirements/requirements.ts";
import { PodMemory } from "./pod-memory.ts";
import { RequirementIndex } from "./requirement-index.ts";
import { WITHOUT_RESERVED } from "./reservations.ts";
import type { ResourceTable } from "./resource-table.ts";
import { TypeCatalog } from "./type-catalog.ts";

/** Types in all remembered sets together, some 100 bytes each; beyond it everything is forgotten. */
const TYPES_REMEMBERED_MAX = 500_000;
/** Catalogues of one list of types: one per pool and set of DaemonSets. */
const CATALOGS_PER_LIST_MAX = 64;
const REQUIREMENTS_REMEMBERED_MAX = 50_000;
/** Distinct requests and rules of pods; a cluster has some hundreds. */
const SPECS_REMEMBERED_MAX = 20_000;

/**
 * What one pass can leave to the next: catalogues of the same types, and what equal specs mean. It only saves time, since everything in it follows from
 * values that never change.
 */
class PlanningMemory {
  readonly requirementIndex: RequirementIndex = new RequirementIndex();
  readonly withoutReserved: number = this.requirementIndex.numberOf(WITHOUT_RESERVED);
  readonly #catalogs = new WeakMap<readonly InstanceType[], KnownCatalog[]>();
  #types = 0;

  readonly pods: PodMemory = new PodMemory();

  get isFull(): boolean {
    return (
      this.#types > TYPES_REMEMBERED_MAX ||
      this.requirementIndex.size > REQUIREMENTS_REMEMBERED_MAX ||
      this.pods.size > SPECS_REMEMBERED_MAX
    );
  }

  /** The catalogue of a pool's types, from an earlier pass if nothing that it depends on has changed. */
  catalogOf(
    pool: SchedulingNodePool,
    { resources, daemonSetPods }: { readonly resources: ResourceTable; readonly daemonSetPods: readonly Pod[] },
  ): TypeCatalog {
    let list = this.#catalogs.get(pool.instanceTypes);
    if (list === undefined) {
      list = [];
      this.#catalogs.set(pool.instanceTypes, list);
    }
    for (const known of list) if (asksTheSame(known, pool, { resources, daemonSetPods })) return known.catalog;
    const catalog = new TypeCatalog(pool, {
      resources,
      daemonSetPods,
      requirementIndex: this.requirementIndex,
      onBuilt: (types) => {
        this.#types += types;
      },
    });
    if (list.length >= CATALOGS_PER_LIST_MAX) list.length = 0;
    list.push({ pool, resources, daemonSetPods, catalog });
    return catalog;
  }
}

/** A catalogue and what it was made for. */
interface KnownCatalog {
  readonly pool: Pick<SchedulingNodePool, "name" | "requirements" | "taints">;
  readonly resources: ResourceTable;
  readonly daemonSetPods: readonly Pod[];
  readonly catalog: TypeCatalog;
}

/** Compared part by part: a text of the question would take longer than a plan for one pod. */
function asksTheSame(
  known: KnownCatalog,
  { name, requirements, taints }: SchedulingNodePool,
  { resources, daemonSetPods }: { readonly resources: ResourceTable; readonly daemonSetPods: readonly Pod[] },
): boolean {
  return (
    known.pool.name === name &&
    (known.resources === resources || isEqual(known.resources.names, resources.names)) &&
    (known.pool.taints === taints || isEqual(known.pool.taints, taints)) &&
    equalRequirements(known.pool.requirements, requirements) &&
    known.daemonSetPods.length === daemonSetPods.length &&
    daemonSetPods.every(({ spec }, index) => isSameSpec(known.daemonSetPods[index]?.spec, spec))
  );
}

const isEqual = (one: readonly unknown[], other: readonly unknown[]): boolean =>
  one.length === other.length && (one.length === 0 || JSON.stringify(one) === JSON.stringify(other));

const isSameSpec = (one: PodSpec | undefined, other: PodSpec): boolean =>
  one === other || (one !== undefined && specTextOf(one) === specTextOf(other));

const specTexts = new WeakMap<PodSpec, string>();

/** A DaemonSet's template stays the same object from pass to pass. */
function specTextOf(spec: PodSpec): string {
  let text = specTexts.get(spec);
  if (text === undefined) {
    text = JSON.stringify(spec);
    specTexts.set(spec, text);
  }
  return text;
}

let memory = new PlanningMemory();

/** The memory of this process, emptied when it has grown too large. */
export function planningMemory(): PlanningMemory {
  if (memory.isFull) memory = new PlanningMemory();
  return memory;
}
