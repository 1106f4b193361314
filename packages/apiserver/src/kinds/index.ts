import { resourceEntries } from "../schema/index.ts";
import type { AnyBehaviour } from "./behaviour.ts";
import { builtInKind } from "./built-in-kind.ts";
import type { KindDefinition } from "./kind.ts";
import { BEHAVIOURS } from "./rules.ts";

export type {
  Decoded,
  FieldError,
  FieldValidation,
  KindDefinition,
  KindRegistry,
  Subresources,
  TableColumn,
} from "./kind.ts";

export { kindFromCrd } from "./kind-from-crd.ts";

/** A live view of components that do not exist here. */
const NOT_SERVED: ReadonlySet<string> = new Set(["/componentstatuses"]);
/** Dynamic resource allocation: the schema table lists its resources but not their types. */
const GROUPS_WITHOUT_TYPES: ReadonlySet<string> = new Set(["resource.k8s.io"]);
const PLAIN: AnyBehaviour = {};

let built: readonly KindDefinition[] | undefined;

/**
 * Every built-in resource: the stable API groups of the schema table. Resources with only the verb `create` (bindings and the review
 * kinds) have no objects; the caller answers them itself.
 */
export function builtinKinds(): readonly KindDefinition[] {
  if (built !== undefined) return built;
  const entries = resourceEntries();
  built = entries
    .filter(({ resource }) => !resource.includes("/"))
    .filter(({ group, resource }) => !GROUPS_WITHOUT_TYPES.has(group) && !NOT_SERVED.has(`${group}/${resource}`))
    .map((entry) => {
      const related = entries.filter(({ groupVersion }) => groupVersion === entry.groupVersion);
      return builtInKind(entry, related, BEHAVIOURS.get(`${entry.groupVersion}/${entry.kind}`) ?? PLAIN);
    });
  return built;
}
