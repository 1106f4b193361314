import type { DaemonSet, Deployment, ReplicaSet, ReplicationController } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import {
  DAEMON_SET_COLUMNS,
  DEPLOYMENT_COLUMNS,
  REPLICA_SET_COLUMNS,
  REPLICATION_CONTROLLER_COLUMNS,
} from "../columns/workloads.ts";
import type { FieldErrors } from "../field-errors.ts";
import { validateRollingUpdate } from "./rolling-update.ts";
import { defaultedTemplate, validateSelecting, validateTemplate } from "./template.ts";

const IMMUTABLE = "field is immutable";

/** Source of defaults: kubernetes/kubernetes pkg/apis/apps/v1/defaults.go; of rules: pkg/apis/apps/validation/validation.go (release 1.36). */
export const DEPLOYMENT: AnyBehaviour = behaviour<Deployment>({
  applyDefaults(draft) {
    draft.spec ??= { selector: {}, template: {} };
    const { spec } = draft;
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.progressDeadlineSeconds ??= 600;
    spec.strategy ??= {};
    spec.strategy.type ??= "RollingUpdate";
    if (spec.strategy.type === "RollingUpdate")
      spec.strategy.rollingUpdate = { maxUnavailable: "25%", maxSurge: "25%", ...spec.strategy.rollingUpdate };
    spec.template = defaultedTemplate(spec.template);
  },
  validate({ spec }, errors) {
    validateSelecting(spec, errors, "deployment");
    validateCounts(spec, errors);
    validateStrategy(spec, errors);
    const deadline = spec.progressDeadlineSeconds;
    errors.nonNegative("spec.progressDeadlineSeconds", deadline);
    if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0))
      errors.invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds");
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    if (!jsonEqual(spec.selector, old.selector)) errors.invalid("spec.selector", spec.selector, IMMUTABLE);
  },
  columns: DEPLOYMENT_COLUMNS,
});

function validateStrategy({ strategy }: Deployment["spec"], errors: FieldErrors): void {
  const field = "spec.strategy";
  errors.oneOf(`${field}.type`, strategy?.type, ["Recreate", "RollingUpdate"]);
  if (strategy?.type === "Recreate" && strategy.rollingUpdate !== undefined)
    errors.forbidden(`${field}.rollingUpdate`, "may not be specified when strategy `type` is 'Recreate'");
  if (strategy?.type === "RollingUpdate")
    validateRollingUpdate(strategy.rollingUpdate, `${field}.rollingUpdate`, errors);
}

function validateCounts(
  spec: { readonly replicas?: number; readonly minReadySeconds?: number; readonly revisionHistoryLimit?: number },
  errors: FieldErrors,
): void {
  errors.nonNegative("spec.replicas", spec.replicas);
  errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
  errors.nonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit);
}

export const REPLICA_SET: AnyBehaviour = behaviour<ReplicaSet>({
  applyDefaults(draft) {
    draft.spec ??= { selector: {} };
    draft.spec.replicas ??= 1;
    draft.spec.template = defaultedTemplate(draft.spec.template);
  },
  prepareForCreate(draft) {
    draft.status = { replicas: 0 };
  },
  validate({ spec }, errors) {
    validateSelecting(spec, errors, "replica set");
    validateCounts(spec, errors);
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    if (!jsonEqual(spec.selector, old.selector)) errors.invalid("spec.selector", spec.selector, IMMUTABLE);
  },
  columns: REPLICA_SET_COLUMNS,
  selectableFields: { "status.replicas": ({ status }) => `${status?.replicas ?? 0}` },
});

export const REPLICATION_CONTROLLER: AnyBehaviour = behaviour<ReplicationController>({
  applyDefaults(draft) {
    draft.spec ??= {};
    const { spec } = draft;
    spec.replicas ??= 1;
    spec.template = defaultedTemplate(spec.template);
    const labels = spec.template.metadata?.labels;
    if (labels === undefined) return;
    spec.selector ??= { ...labels };
    draft.metadata.labels ??= { ...labels };
  },
  prepareForCreate(draft) {
    draft.status = { replicas: 0 };
  },
  validate({ spec }, errors) {
    validateCounts(spec, errors);
    const selector = spec.selector ?? {};
    if (Object.keys(selector).length === 0) errors.required("spec.selector");
    const labels = spec.template?.metadata?.labels ?? {};
    if (!Object.entries(selector).every(([key, value]) => labels[key] === value))
      errors.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
    validateTemplate(spec.template, "spec.template", errors, { restartPolicies: ["Always"] });
  },
  columns: REPLICATION_CONTROLLER_COLUMNS,
  selectableFields: { "status.replicas": ({ status }) => `${status?.replicas ?? 0}` },
});

export const DAEMON_SET: AnyBehaviour = behaviour<DaemonSet>({
  applyDefaults(draft) {
    draft.spec ??= { selector: {}, template: {} };
    const { spec } = draft;
    spec.revisionHistoryLimit ??= 10;
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ??= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate")
      spec.updateStrategy.rollingUpdate = { maxUnavailable: 1, maxSurge: 0, ...spec.updateStrategy.rollingUpdate };
    spec.template = defaultedTemplate(spec.template);
  },
  prepareForCreate(draft) {
    draft.status = { currentNumberScheduled: 0, desiredNumberScheduled: 0, numberMisscheduled: 0, numberReady: 0 };
  },
  validate({ spec }, errors) {
    validateSelecting(spec, errors, "daemonset");
    validateCounts(spec, errors);
    const { type, rollingUpdate } = spec.updateStrategy ?? {};
    errors.oneOf("spec.updateStrategy.type", type, ["RollingUpdate", "OnDelete"]);
    if (type === "RollingUpdate") validateRollingUpdate(rollingUpdate, "spec.updateStrategy.rollingUpdate", errors);
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    if (!jsonEqual(spec.selector, old.selector)) errors.invalid("spec.selector", spec.selector, IMMUTABLE);
  },
  columns: DAEMON_SET_COLUMNS,
});
