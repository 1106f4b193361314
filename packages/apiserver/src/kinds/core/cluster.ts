import type { Draft, Event, EventsV1Event, Namespace, Node, NodeStatus } from "@nodeless/api";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { NAMESPACE_COLUMNS } from "../columns/configuration.ts";
import { EVENT_COLUMNS } from "../columns/event.ts";
import { NODE_COLUMNS } from "../columns/node.ts";
import { DNS_LABEL_NAME, qualifiedNameProblems } from "../validation/names.ts";
import { validateNode, validateNodeUpdate } from "../validation/node.ts";
import { eventFromStorage, eventToStorage } from "./event-views.ts";

const NAME_LABEL = "kubernetes.io/metadata.name";
const CONTENT_FINALIZER = "kubernetes";

export const NAMESPACE: AnyBehaviour = behaviour<Namespace>({
  nameRule: DNS_LABEL_NAME,
  applyDefaults(draft) {
    draft.spec ??= {};
    const name = draft.metadata.name as string | undefined;
    if (name !== undefined && name !== "") draft.metadata.labels = { ...draft.metadata.labels, [NAME_LABEL]: name };
  },
  prepareForCreate(draft) {
    const finalizers = draft.spec?.finalizers ?? [];
    draft.spec = {
      ...draft.spec,
      finalizers: finalizers.includes(CONTENT_FINALIZER) ? finalizers : [...finalizers, CONTENT_FINALIZER],
    };
    draft.status = { phase: "Active" };
  },
  completeCreate(draft) {
    // The name may only now have been generated.
    draft.metadata.labels = { ...draft.metadata.labels, [NAME_LABEL]: draft.metadata.name };
  },
  prepareForUpdate(draft, old) {
    // Only `namespaces/finalize` may take the finalizer away.
    if (old.spec?.finalizers !== undefined) draft.spec = { ...draft.spec, finalizers: [...old.spec.finalizers] };
  },
  subresources: {
    finalize(draft, { spec }) {
      draft.spec = { finalizers: [...(spec?.finalizers ?? [])] };
    },
  },
  validate({ spec }, errors) {
    for (const [index, finalizer] of (spec?.finalizers ?? []).entries())
      if (finalizer !== CONTENT_FINALIZER)
        errors.invalidAll(`spec.finalizers[${index}]`, finalizer, qualifiedNameProblems(finalizer));
  },
  columns: NAMESPACE_COLUMNS,
  selectableFields: { "status.phase": ({ status }) => status?.phase ?? "" },
});

function defaultAllocatable(status: Draft<NodeStatus>): void {
  if (status.capacity !== undefined) status.allocatable ??= { ...status.capacity };
}

export const NODE: AnyBehaviour = behaviour<Node>({
  applyDefaults(draft) {
    draft.spec ??= {};
    if (draft.status !== undefined) defaultAllocatable(draft.status);
  },
  prepareForStatusUpdate: defaultAllocatable,
  // A node registers together with its status: kubelets send both in one create.
  keepsStatusOnCreate: true,
  validate: validateNode,
  validateUpdate: validateNodeUpdate,
  columns: NODE_COLUMNS,
  selectableFields: { "spec.unschedulable": ({ spec }) => `${spec?.unschedulable ?? false}` },
});

const involved =
  (field: keyof Event["involvedObject"]) =>
  ({ involvedObject }: Event): string =>
    involvedObject[field] ?? "";

export const EVENT: AnyBehaviour = behaviour<Event>({
  columns: EVENT_COLUMNS,
  selectableFields: {
    "involvedObject.kind": involved("kind"),
    "involvedObject.namespace": involved("namespace"),
    "involvedObject.name": involved("name"),
    "involvedObject.uid": involved("uid"),
    "involvedObject.apiVersion": involved("apiVersion"),
    "involvedObject.resourceVersion": involved("resourceVersion"),
    "involvedObject.fieldPath": involved("fieldPath"),
    reason: ({ reason }) => reason ?? "",
    reportingComponent: ({ reportingComponent, source }) => reportingComponent || (source?.component ?? ""),
    source: ({ source, reportingComponent }) => source?.component || (reportingComponent ?? ""),
    type: ({ type }) => type ?? "",
  },
});

/** The same objects, in the words of events.k8s.io. */
export const EVENT_V1: AnyBehaviour = behaviour<EventsV1Event>({
  storageForm: { toStorage: eventToStorage, fromStorage: eventFromStorage },
  columns: EVENT_COLUMNS.map(({ column, cell }) => ({
    column,
    cell: (event, now) => cell(eventToStorage(event) as Event, now),
  })),
  selectableFields: {
    "regarding.kind": ({ regarding }) => regarding?.kind ?? "",
    "regarding.namespace": ({ regarding }) => regarding?.namespace ?? "",
    "regarding.name": ({ regarding }) => regarding?.name ?? "",
    "regarding.uid": ({ regarding }) => regarding?.uid ?? "",
    "regarding.apiVersion": ({ regarding }) => regarding?.apiVersion ?? "",
    reason: ({ reason }) => reason ?? "",
    reportingController: ({ reportingController }) => reportingController ?? "",
    type: ({ type }) => type ?? "",
  },
});
