import type { KubernetesObject } from "@nodeless/api";

/**
 * How a refusal names the object: by name, or, while the server has yet to choose one, by what it will be made from.
 * Source: k8s.io/apiserver pkg/admission/errors.go extractResourceName.
 */
export function shownName(object: KubernetesObject | undefined, urlName: string): string {
  const { name, generateName } = object?.metadata ?? {};
  return urlName || name || generateName || "";
}
