import type { StatefulSet } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { STATEFUL_SET_COLUMNS } from "../columns/workloads.ts";
import { applyClaimDefaults } from "../core/volume-claims.ts";
import { defaultedTemplate, validateSelecting } from "./template.ts";

/** Source: kubernetes/kubernetes pkg/apis/apps/validation/validation.go, ValidateStatefulSetUpdate (release 1.36). */
const CHANGEABLE = new Set([
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
]);
const CHANGE_TEXT =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

export const STATEFUL_SET: AnyBehaviour = behaviour<StatefulSet>({
  applyDefaults(draft) {
    draft.spec ??= { selector: {}, template: {} };
    const { spec } = draft;
    spec.replicas ??= 1;
    spec.revisionHistoryLimit ??= 10;
    spec.podManagementPolicy ??= "OrderedReady";
    spec.updateStrategy ??= {};
    spec.updateStrategy.type ??= "RollingUpdate";
    if (spec.updateStrategy.type === "RollingUpdate")
      spec.updateStrategy.rollingUpdate = { partition: 0, ...spec.updateStrategy.rollingUpdate };
    spec.persistentVolumeClaimRetentionPolicy = {
      whenDeleted: "Retain",
      whenScaled: "Retain",
      ...spec.persistentVolumeClaimRetentionPolicy,
    };
    for (const claim of spec.volumeClaimTemplates ?? []) {
      claim.apiVersion = "v1";
      claim.kind = "PersistentVolumeClaim";
      claim.metadata ??= {} as typeof claim.metadata;
      applyClaimDefaults(claim);
      claim.status ??= { phase: "Pending" };
    }
    spec.template = defaultedTemplate(spec.template);
  },
  prepareForCreate(draft) {
    draft.status = { replicas: 0 };
  },
  validate({ spec }, errors) {
    errors.oneOf("spec.podManagementPolicy", spec.podManagementPolicy, ["OrderedReady", "Parallel"]);
    errors.oneOf("spec.updateStrategy.type", spec.updateStrategy?.type, ["OnDelete", "RollingUpdate"]);
    errors.nonNegative("spec.updateStrategy.rollingUpdate.partition", spec.updateStrategy?.rollingUpdate?.partition);
    errors.nonNegative("spec.replicas", spec.replicas);
    errors.nonNegative("spec.minReadySeconds", spec.minReadySeconds);
    errors.nonNegative("spec.ordinals.start", spec.ordinals?.start);
    const claims = (spec.volumeClaimTemplates ?? []).map(({ metadata }) => ({ name: metadata.name, emptyDir: {} }));
    // Mounts may also name a claim template: its volume is added to each pod.
    validateSelecting(
      {
        selector: spec.selector,
        template: {
          ...spec.template,
          ...(spec.template.spec === undefined
            ? {}
            : { spec: { ...spec.template.spec, volumes: [...(spec.template.spec.volumes ?? []), ...claims] } }),
        },
      },
      errors,
      "statefulset",
    );
  },
  validateUpdate({ spec }, { spec: old }, errors) {
    const fields = [...new Set([...Object.keys(spec), ...Object.keys(old)])] as (keyof typeof spec)[];
    const changed = fields.some((field) => !CHANGEABLE.has(field) && !jsonEqual(spec[field], old[field]));
    if (changed) errors.forbidden("spec", CHANGE_TEXT);
  },
  columns: STATEFUL_SET_COLUMNS,
});
