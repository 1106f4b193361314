import type { AddonDefinition } from "./addon.ts";
import { coredns } from "./coredns.ts";
import { kubeProxy, vpcCni } from "./node-agents.ts";

const ADDONS: ReadonlyMap<string, AddonDefinition> = new Map(
  [coredns, vpcCni, kubeProxy].map((addon) => [addon.name, addon]),
);

/** The add-on's local definition, or undefined: it exists in EKS, but local mode has no manifests for it. */
export function findAddon(name: string): AddonDefinition | undefined {
  return ADDONS.get(name);
}

/** Names that local mode can install. */
export function localAddonNames(): readonly string[] {
  return [...ADDONS.keys()];
}
