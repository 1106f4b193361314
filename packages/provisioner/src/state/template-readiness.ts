import type { EffectiveNodeClass, Readiness } from "./effective-pools.ts";
import { nodeClassReadiness } from "./effective-pools.ts";

/**
 * Whether AWSNodeTemplates are resolved. Their kind has no conditions to keep it in, so it lives here and is found out again after
 * a restart; EC2NodeClasses say it themselves.
 */
export class TemplateReadiness {
  readonly #byName = new Map<string, Readiness>();
  readonly #listeners = new Set<(name: string) => void>();

  set(name: string, readiness: Readiness): void {
    const before = this.#byName.get(name);
    this.#byName.set(name, readiness);
    if (before?.ready === readiness.ready && before.message === readiness.message) return;
    for (const listener of this.#listeners) listener(name);
  }

  forget(name: string): void {
    this.#byName.delete(name);
  }

  onChange(listener: (name: string) => void): void {
    this.#listeners.add(listener);
  }

  /** Readiness of a node class of either generation. */
  of(effective: EffectiveNodeClass | undefined, name: string): Readiness {
    if (effective?.generation !== "v1alpha1") return nodeClassReadiness(effective?.nodeClass, name);
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    return {
      ready: false,
      reason: "NodeClassReadinessUnknown",
      message: `AWSNodeTemplate ${name} has not been resolved yet`,
    };
  }
}
