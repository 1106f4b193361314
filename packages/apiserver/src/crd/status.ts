import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionStatus,
} from "@nodeless/api";

interface Verdict {
  readonly status: "True" | "False";
  readonly reason: string;
  readonly message: string;
}

/**
 * The status of a definition in view of the other ones: which names it got, whether it is established, in which versions objects may be stored.
 * Names belong to who has them first. `now` (RFC 3339) dates changed conditions only. Idempotent.
 * Source: apiextensions-apiserver pkg/controller/status/naming_controller.go and pkg/controller/establish.
 */
export function crdStatus(
  crd: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  now: string,
): CustomResourceDefinitionStatus {
  const sameGroup = others.filter(
    ({ metadata, spec }) => spec.group === crd.spec.group && metadata.name !== crd.metadata.name,
  );
  const names = requestedNames(crd);
  const conflict = nameConflict(names, crd.status?.acceptedNames, sameGroup.map(takenNames));
  const accepted = conflict.verdict.status === "True";
  const before = crd.status?.conditions ?? [];
  const wasEstablished = before.some(({ type, status }) => type === "Established" && status === "True");
  const conditions = [
    condition("NamesAccepted", conflict.verdict, before, now),
    condition("Established", establishedVerdict(accepted, wasEstablished), before, now),
    ...before.filter(({ type }) => type !== "NamesAccepted" && type !== "Established"),
  ];
  const storage = crd.spec.versions.find((version) => version.storage === true)?.name;
  const stored = crd.status?.storedVersions ?? [];
  return {
    conditions,
    acceptedNames: conflict.accepted,
    storedVersions: storage === undefined || stored.includes(storage) ? stored : [...stored, storage],
  };
}

function requestedNames({ spec }: CustomResourceDefinition): CustomResourceDefinitionNames {
  const { names } = spec;
  return {
    ...names,
    singular: names.singular || names.kind.toLowerCase(),
    listKind: names.listKind || `${names.kind}List`,
  };
}

const NO_NAMES: CustomResourceDefinitionNames = { kind: "", plural: "" };
const takenNames = ({ status }: CustomResourceDefinition): CustomResourceDefinitionNames =>
  status?.acceptedNames ?? NO_NAMES;

function nameConflict(
  wanted: CustomResourceDefinitionNames,
  held: CustomResourceDefinitionNames | undefined,
  taken: readonly CustomResourceDefinitionNames[],
): { readonly verdict: Verdict; readonly accepted: CustomResourceDefinitionNames } {
  const resources = new Set(
    taken.flatMap(({ plural, singular = "", shortNames = [] }) => [plural, singular, ...shortNames]),
  );
  const kinds = new Set(taken.flatMap(({ kind, listKind = "" }) => [kind, listKind]));
  const shortName = (wanted.shortNames ?? []).find((name) => resources.has(name));
  const problems: readonly (readonly [reason: string, name: string | undefined])[] = [
    ["PluralConflict", resources.has(wanted.plural) ? wanted.plural : undefined],
    ["SingularConflict", resources.has(wanted.singular ?? "") ? wanted.singular : undefined],
    ["ShortNamesConflict", shortName],
    ["KindConflict", kinds.has(wanted.kind) ? wanted.kind : undefined],
    ["ListKindConflict", kinds.has(wanted.listKind ?? "") ? wanted.listKind : undefined],
  ];
  const [problem] = problems.filter(([, name]) => name !== undefined);
  if (problem === undefined)
    return { verdict: { status: "True", reason: "NoConflicts", message: "no conflicts found" }, accepted: wanted };
  const [reason, name] = problem;
  return {
    verdict: { status: "False", reason, message: `${JSON.stringify(name)} is already in use` },
    accepted: held ?? NO_NAMES,
  };
}

/** A definition that was established once stays so. */
function establishedVerdict(accepted: boolean, wasEstablished: boolean): Verdict {
  return accepted || wasEstablished
    ? { status: "True", reason: "InitialNamesAccepted", message: "the initial names have been accepted" }
    : { status: "False", reason: "NotAccepted", message: "not all names are accepted" };
}

function condition(
  type: string,
  verdict: Verdict,
  before: readonly CustomResourceDefinitionCondition[],
  now: string,
): CustomResourceDefinitionCondition {
  const old = before.find((one) => one.type === type);
  const lastTransitionTime = old?.status === verdict.status ? (old.lastTransitionTime ?? now) : now;
  return { type, ...verdict, lastTransitionTime };
}
