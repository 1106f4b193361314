import type { Pod, PodSpec } from "@nodeless/api";
import type { InstanceType, Requirements, SchedulingNodePool } from "../model.ts";
import { PodMemory } from "./pod-memory.ts";
import { canonicalText, RequirementIndex } from "./requirement-index.ts";
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
  readonly #catalogs = new WeakMap<readonly InstanceType[], Map<string, TypeCatalog>>();
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
    const list = this.#catalogs.get(pool.instanceTypes) ?? new Map<string, TypeCatalog>();
    this.#catalogs.set(pool.instanceTypes, list);
    const question = JSON.stringify([
      pool.name,
      textOf(pool.requirements),
      pool.taints,
      resources.names,
      daemonSetPods.map(({ spec }) => specTextOf(spec)),
    ]);
    let catalog = list.get(question);
    if (catalog === undefined) {
      if (list.size >= CATALOGS_PER_LIST_MAX) list.clear();
      catalog = new TypeCatalog(pool, {
        resources,
        daemonSetPods,
        requirementIndex: this.requirementIndex,
        onBuilt: (types) => {
          this.#types += types;
        },
      });
      list.set(question, catalog);
    }
    return catalog;
  }
}

const texts = new WeakMap<Requirements, string>();

function textOf(requirements: Requirements): string {
  let text = texts.get(requirements);
  if (text === undefined) {
    text = canonicalText(requirements);
    texts.set(requirements, text);
  }
  return text;
}

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
