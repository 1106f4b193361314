import type { PersistentVolumeClaim, Pod } from "@nodeless/api";
import type { InputNotice, SourceDocument } from "../../contract.ts";
import { claimKey } from "./bind-claims.ts";

/** A notice for every claim that pods of a workload use and the input does not have: once per document, not once per replica. */
export function missingClaims(
  pods: readonly Pod[],
  {
    claims,
    sources,
  }: {
    readonly claims: readonly PersistentVolumeClaim[];
    readonly sources: ReadonlyMap<string, SourceDocument>;
  },
): readonly InputNotice[] {
  const known = new Set(claims.map(({ metadata }) => claimKey(metadata.namespace, metadata.name)));
  const notices = new Map<string, InputNotice>();
  for (const { metadata, spec } of pods)
    for (const { persistentVolumeClaim } of spec.volumes ?? []) {
      if (persistentVolumeClaim === undefined) continue;
      const { claimName } = persistentVolumeClaim;
      if (known.has(claimKey(metadata.namespace, claimName))) continue;
      const source = sources.get(`${metadata.namespace ?? "default"}/${metadata.name}`);
      const subject = source === undefined ? undefined : `${source.kind} ${source.namespace}/${source.name}`;
      notices.set(`${subject} ${claimName}`, {
        subject,
        at: source?.at,
        message: `PersistentVolumeClaim ${claimName} is not in the input; planned as if its volume were in every zone`,
      });
    }
  return [...notices.values()];
}
