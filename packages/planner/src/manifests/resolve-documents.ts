import type { InputNotice } from "../contract.ts";
import { type ParsedDocument, placeOf, reporter, subjectOf } from "./documents/parsed-document.ts";
import type { Checked } from "./expansion/object-set.ts";
import type { ProblemList } from "./problem.ts";
import { checkDocument } from "./schema/check-document.ts";
import { isPlainObject } from "./schema/check-value.ts";
import { judgeKind } from "./schema/kinds.ts";

/** Documents with the namespaces they stand for, and the objects of those the planner reads. */
export interface ResolvedDocuments {
  readonly documents: readonly ParsedDocument[];
  readonly objects: readonly Checked[];
  readonly notices: readonly InputNotice[];
}

interface ResolveOptions {
  /** For objects that name none. */
  readonly namespace: string;
  readonly problems: ProblemList;
}

/** Decides what each document is, refuses duplicates and checks what is read. One notice per kind nobody knows. */
export function resolveDocuments(parsed: readonly ParsedDocument[], options: ResolveOptions): ResolvedDocuments {
  const { problems } = options;
  const documents: ParsedDocument[] = [];
  const objects: Checked[] = [];
  const unknown = new Map<string, ParsedDocument[]>();
  const first = new Map<string, ParsedDocument>();
  const generated = new Map<string, number>();
  for (const original of parsed) {
    const verdict = judgeKind(original.apiVersion, original.kind);
    if (verdict.verdict === "wrong") {
      reporter(original, problems)([verdict.field], verdict.message);
      continue;
    }
    const namespaced = verdict.verdict === "unknown" ? original.namespace !== undefined : verdict.namespaced;
    const namespace = namespaced ? (original.namespace ?? options.namespace) : undefined;
    const document = withGeneratedName({ ...original, namespace }, generated);
    documents.push(document);
    const isFirst = refuseDuplicate(document, first, problems);
    if (verdict.verdict === "unknown") {
      const kind = `${document.kind} (${document.apiVersion})`;
      const found = unknown.get(kind);
      if (found === undefined) unknown.set(kind, [document]);
      else found.push(document);
    } else if (verdict.verdict === "read") {
      const checked = checkDocument(document, verdict.kind, problems);
      if (checked !== undefined && isFirst) objects.push(checked);
    }
  }
  return { documents, objects, notices: [...unknown].map(([kind, found]) => unknownNotice(kind, found)) };
}

/** `generateName: web-` becomes web-0, web-1 … as the objects come. */
function withGeneratedName(document: ParsedDocument, generated: Map<string, number>): ParsedDocument {
  const { metadata } = document.object;
  if (isPlainObject(metadata) && typeof metadata["name"] === "string" && metadata["name"] !== "") return document;
  const prefix = `${document.kind} ${document.namespace}/${document.name}`;
  const index = generated.get(prefix) ?? 0;
  generated.set(prefix, index + 1);
  return { ...document, name: `${document.name}${index}` };
}

function refuseDuplicate(document: ParsedDocument, first: Map<string, ParsedDocument>, problems: ProblemList): boolean {
  const group = document.apiVersion.includes("/") ? document.apiVersion.split("/")[0] : "";
  const identity = `${group} ${subjectOf(document)}`;
  const earlier = first.get(identity);
  if (earlier === undefined) {
    first.set(identity, document);
    return true;
  }
  // `kubectl get all,pods -o yaml` prints the same pods twice.
  if (uidOf(document) !== undefined && uidOf(document) === uidOf(earlier)) return false;
  reporter(document, problems)(
    ["metadata", "name"],
    `${subjectOf(document)} is already at ${placeOf(earlier)}; remove one of them, or rename it`,
  );
  return false;
}

/** What the server has given the object, if it comes from one. */
function uidOf({ object }: ParsedDocument): unknown {
  const { metadata } = object;
  return isPlainObject(metadata) ? metadata["uid"] : undefined;
}

function unknownNotice(kind: string, [one, ...others]: readonly ParsedDocument[]): InputNotice {
  const count = 1 + others.length;
  return {
    subject: one === undefined ? undefined : kind,
    at: one?.at,
    message: `${count === 1 ? "1 object of an unknown kind is" : `${count} objects of an unknown kind are`} ignored; pods that its controller makes are not in the plan`,
  };
}
