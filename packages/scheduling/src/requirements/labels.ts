import { LABEL_ALIASES, normalizedLabelKey } from "@nodeless/api";

/** Labels that a launched instance type decides; absent on a type means that its nodes do not carry it. */
const INSTANCE_PREFIX = "karpenter.k8s.aws/instance-";

/** True for labels whose absence on an instance type means that no node of this type carries them. */
export function isInstanceLabel(key: string): boolean {
  return key.startsWith(INSTANCE_PREFIX);
}

/** The value of a label on a node, also under an alias of its key. */
export function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  if (Object.hasOwn(labels, key)) return labels[key];
  for (const [alias, target] of LABEL_ALIASES)
    if ((target === key || normalizedLabelKey(key) === target) && Object.hasOwn(labels, alias)) return labels[alias];
  const normalized = normalizedLabelKey(key);
  return normalized !== key && Object.hasOwn(labels, normalized) ? labels[normalized] : undefined;
}
