import type { CSINode, Pod } from "@nodeless/api";
import type { ExistingNode } from "../model.ts";
import type { VolumeSources } from "./pod-volumes.ts";
import { volumesOf } from "./pod-volumes.ts";

/**
 * How many volumes a node may attach by CSI driver, as its CSINode says, and which ones its pods have attached. Empty for a node without a
 * CSINode, or one that names no limit: then any number may be attached.
 */
export function nodeAttachments(
  csiNode: CSINode | undefined,
  pods: readonly Pod[],
  sources: VolumeSources,
): Pick<ExistingNode, "attachLimits" | "attachedVolumes"> {
  const attachLimits = new Map<string, number>();
  for (const { name, allocatable } of csiNode?.spec.drivers ?? [])
    if (allocatable?.count !== undefined) attachLimits.set(name, allocatable.count);
  if (attachLimits.size === 0) return {};
  const attachedVolumes = new Map<string, Set<string>>();
  for (const pod of pods)
    for (const [driver, names] of volumesOf(pod, sources).attachments) {
      const attached = attachedVolumes.get(driver) ?? new Set<string>();
      for (const name of names) attached.add(name);
      attachedVolumes.set(driver, attached);
    }
  return { attachLimits, attachedVolumes };
}
