import { LABEL_ALIASES, normalizedLabelKey } from "@nodeless/api";

/** The value of a label on a node, also under an alias of its key. */
export function labelOf(labels: Readonly<Record<string, string>>, key: string): string | undefined {
  if (Object.hasOwn(labels, key)) return labels[key];
  for (const [alias, target] of LABEL_ALIASES)
    if ((target === key || normalizedLabelKey(key) === target) && Object.hasOwn(labels, alias)) return labels[alias];
  const normalized = normalizedLabelKey(key);
  return normalized !== key && Object.hasOwn(labels, normalized) ? labels[normalized] : undefined;
}
