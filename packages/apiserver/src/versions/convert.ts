import { groupVersionOf, type KubernetesObject } from "@nodeless/api";
import type { KindDefinition } from "../kinds/kind.ts";

/** The form an object is kept in. */
export function toStorageVersion(definition: KindDefinition, object: KubernetesObject): KubernetesObject {
  return definition.storageForm?.toStorage(object) ?? object;
}

/** A stored object as the given version shows it. Versions of custom resources differ only in apiVersion (conversion None). */
export function viewAs(definition: KindDefinition, stored: KubernetesObject): KubernetesObject {
  const wanted = groupVersionOf(definition);
  if (stored.apiVersion === wanted) return stored;
  return definition.storageForm?.fromStorage(stored) ?? { ...stored, apiVersion: wanted };
}
