import type { PodTemplateSpec } from "@nodeless/api";

/** The letters and digits Kubernetes uses in generated names: no vowels, nothing that looks like something else. */
const SAFE = "bcdfghjklmnpqrstvwxz2456789";

/** Stands for a Deployment's pod-template-hash: equal templates, equal text. FNV-1a, written as Kubernetes writes its own hash. */
export function templateHash(template: PodTemplateSpec): string {
  let hash = 0x811c9dc5;
  const text = JSON.stringify(template);
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  return [...String(hash)].map((digit) => SAFE[digit.charCodeAt(0) % SAFE.length]).join("");
}
