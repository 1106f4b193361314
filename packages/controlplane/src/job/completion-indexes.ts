import type { Pod } from "@nodeless/api";

export const COMPLETION_INDEX = "batch.kubernetes.io/job-completion-index";

/** Parses `0-2,5`. Text that is no such list counts as empty, as upstream does. */
export function parseIndexes(text: string | undefined): ReadonlySet<number> {
  const indexes = new Set<number>();
  for (const part of (text ?? "").split(",")) {
    const [, first, last] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    if (first === undefined) continue;
    for (let index = Number(first); index <= Number(last ?? first); index += 1) indexes.add(index);
  }
  return indexes;
}

/** Writes runs of three and more as ranges: `0-2,5,6`. Source: kubernetes pkg/controller/job indexed_job_utils.go. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const parts: string[] = [];
  const ordered = [...indexes].sort((left, right) => left - right);
  for (let start = 0; start < ordered.length; ) {
    let end = start;
    while (ordered[end + 1] === (ordered[end] ?? 0) + 1) end += 1;
    const [first, last] = [ordered[start], ordered[end]];
    if (first === last) parts.push(`${first}`);
    else parts.push(end === start + 1 ? `${first},${last}` : `${first}-${last}`);
    start = end + 1;
  }
  return parts.join(",");
}

/** The index of an indexed Job's pod. */
export function completionIndex({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[COMPLETION_INDEX] ?? metadata.labels?.[COMPLETION_INDEX];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
