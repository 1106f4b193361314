import type {
  AutoscalingV2HorizontalPodAutoscaler,
  CertificateSigningRequest,
  HorizontalPodAutoscaler,
  KubernetesObject,
  Lease,
  PodDisruptionBudget,
  PriorityClass,
  ResourceQuota,
  RuntimeClass,
} from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import {
  AUTOSCALER_COLUMNS,
  CERTIFICATE_SIGNING_REQUEST_COLUMNS,
  LEASE_COLUMNS,
  PDB_COLUMNS,
  PRIORITY_CLASS_COLUMNS,
  RESOURCE_QUOTA_COLUMNS,
  RUNTIME_CLASS_COLUMNS,
} from "../columns/configuration.ts";
import { SUBDOMAIN_NAME } from "../validation/names.ts";
import { validateLabelSelector } from "../validation/selectors.ts";
import { validateIntOrPercent } from "../workloads/rolling-update.ts";
import { autoscalerFromStorage, autoscalerToStorage } from "./autoscaler-versions.ts";

export const POD_DISRUPTION_BUDGET: AnyBehaviour = behaviour<PodDisruptionBudget>({
  prepareForCreate(draft) {
    draft.status = { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 };
  },
  validate({ spec }, errors) {
    if (spec?.minAvailable !== undefined && spec.maxUnavailable !== undefined)
      errors.invalid("spec", spec, "minAvailable and maxUnavailable cannot be both set");
    validateIntOrPercent(spec?.minAvailable, "spec.minAvailable", errors);
    validateIntOrPercent(spec?.maxUnavailable, "spec.maxUnavailable", errors);
    validateLabelSelector(spec?.selector, "spec.selector", errors);
    const policy = spec?.unhealthyPodEvictionPolicy;
    if (policy !== undefined)
      errors.oneOf("spec.unhealthyPodEvictionPolicy", policy, ["AlwaysAllow", "IfHealthyBudget"]);
  },
  columns: PDB_COLUMNS,
});

/** User classes stay below the system's. Source: kubernetes/kubernetes pkg/apis/scheduling/types.go. */
const USER_PRIORITY_MAX = 1_000_000_000;

export const PRIORITY_CLASS: AnyBehaviour = behaviour<PriorityClass>({
  applyDefaults(draft) {
    draft.preemptionPolicy ??= "PreemptLowerPriority";
  },
  validateCreate({ metadata, value = 0 }, errors) {
    const isSystem = metadata.name === "system-cluster-critical" || metadata.name === "system-node-critical";
    if (metadata.name.startsWith("system-") && !isSystem)
      errors.forbidden("metadata.name", "priority class names with 'system-' prefix are reserved for system use only");
    if (!isSystem && value > USER_PRIORITY_MAX)
      errors.forbidden("value", `maximum allowed value of a user defined priority is ${USER_PRIORITY_MAX}`);
  },
  validate({ preemptionPolicy }, errors) {
    errors.oneOf("preemptionPolicy", preemptionPolicy, ["Never", "PreemptLowerPriority"]);
  },
  validateUpdate(now, old, errors) {
    if (now.value !== old.value) errors.forbidden("value", "may not be changed in an update.");
    if (now.preemptionPolicy !== old.preemptionPolicy)
      errors.invalid("preemptionPolicy", now.preemptionPolicy, "field is immutable");
  },
  columns: PRIORITY_CLASS_COLUMNS,
});

export const LEASE: AnyBehaviour = behaviour<Lease>({
  validate({ spec }, errors) {
    const duration = spec?.leaseDurationSeconds;
    if (duration !== undefined && duration <= 0)
      errors.invalid("spec.leaseDurationSeconds", duration, "must be greater than 0");
    errors.nonNegative("spec.leaseTransitions", spec?.leaseTransitions);
  },
  columns: LEASE_COLUMNS,
});

export const RUNTIME_CLASS: AnyBehaviour = behaviour<RuntimeClass>({
  validate({ handler = "" }, errors) {
    if (handler === "") errors.required("handler");
  },
  validateUpdate(now, old, errors) {
    if (now.handler !== old.handler) errors.invalid("handler", now.handler, "field is immutable");
  },
  columns: RUNTIME_CLASS_COLUMNS,
});

export const RESOURCE_QUOTA: AnyBehaviour = behaviour<ResourceQuota>({ columns: RESOURCE_QUOTA_COLUMNS });

export const CERTIFICATE_SIGNING_REQUEST: AnyBehaviour = behaviour<CertificateSigningRequest>({
  applyDefaults(draft) {
    draft.spec ??= { request: "", signerName: "" };
    draft.spec.usages ??= ["digital signature", "key encipherment"];
  },
  subresources: {
    approval(draft, { status }) {
      draft.status = { ...draft.status, conditions: [...(status?.conditions ?? [])] };
    },
  },
  validate({ spec }, errors) {
    if ((spec.request ?? "") === "") errors.required("spec.request");
    if ((spec.signerName ?? "") === "") errors.required("spec.signerName");
    if (spec.expirationSeconds !== undefined && spec.expirationSeconds < 600)
      errors.invalid(
        "spec.expirationSeconds",
        spec.expirationSeconds,
        "may not specify a duration less than 600 seconds (10 minutes)",
      );
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    if (!jsonEqual(spec, old)) errors.forbidden("spec", "may not be changed");
  },
  columns: CERTIFICATE_SIGNING_REQUEST_COLUMNS,
  selectableFields: { "spec.signerName": ({ spec }) => spec.signerName },
});

const DEFAULT_CPU_PERCENT = 80;

export const HORIZONTAL_POD_AUTOSCALER: AnyBehaviour = behaviour<AutoscalingV2HorizontalPodAutoscaler>({
  applyDefaults(draft) {
    draft.spec ??= { maxReplicas: 0, scaleTargetRef: { kind: "", name: "" } };
    draft.spec.minReplicas ??= 1;
    if ((draft.spec.metrics ?? []).length === 0)
      draft.spec.metrics = [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: DEFAULT_CPU_PERCENT } },
        },
      ];
  },
  prepareForCreate(draft) {
    draft.status = { desiredReplicas: 0 };
  },
  nameRule: SUBDOMAIN_NAME,
  validate: ({ spec }, errors) => {
    const { minReplicas, maxReplicas, scaleTargetRef } = spec;
    if (minReplicas !== undefined && minReplicas < 1)
      errors.invalid("spec.minReplicas", minReplicas, "must be greater than or equal to 1");
    if (!(maxReplicas >= 1)) errors.invalid("spec.maxReplicas", maxReplicas ?? 0, "must be greater than 0");
    if (minReplicas !== undefined && maxReplicas < minReplicas)
      errors.invalid("spec.maxReplicas", maxReplicas, "must be greater than or equal to `minReplicas`");
    if ((scaleTargetRef?.kind ?? "") === "") errors.required("spec.scaleTargetRef.kind");
    if ((scaleTargetRef?.name ?? "") === "") errors.required("spec.scaleTargetRef.name");
  },
  columns: AUTOSCALER_COLUMNS,
});

/** autoscaling/v1: stored as v2, judged and shown as v2. */
export const HORIZONTAL_POD_AUTOSCALER_V1: AnyBehaviour = behaviour<HorizontalPodAutoscaler>({
  storageForm: { toStorage: autoscalerToStorage, fromStorage: autoscalerFromStorage },
  applyDefaults(draft) {
    draft.spec ??= { maxReplicas: 0, scaleTargetRef: { kind: "", name: "" } };
    draft.spec.minReplicas ??= 1;
    draft.spec.targetCPUUtilizationPercentage ??= DEFAULT_CPU_PERCENT;
  },
  prepareForCreate(draft) {
    draft.status = { currentReplicas: 0, desiredReplicas: 0 };
  },
  validate: (object, errors) => HORIZONTAL_POD_AUTOSCALER.validate?.(asStored(object), errors),
  columns: AUTOSCALER_COLUMNS.map(({ column, cell }) => ({
    column,
    cell: (object, now) => cell(asStored(object) as AutoscalingV2HorizontalPodAutoscaler, now),
  })),
});

const asStored = (object: HorizontalPodAutoscaler): KubernetesObject => autoscalerToStorage(object);
