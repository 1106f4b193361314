import type { Draft, PersistentVolume, PersistentVolumeClaim } from "@nodeless/api";
import { compareQuantities } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { CLAIM_COLUMNS, VOLUME_COLUMNS } from "../columns/storage.ts";

const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES = ["Block", "Filesystem"];
const RECLAIM_POLICIES = ["Delete", "Recycle", "Retain"];

export function applyClaimDefaults(claim: Draft<PersistentVolumeClaim>): void {
  claim.spec ??= {};
  claim.spec.volumeMode ??= "Filesystem";
}

/** Source: kubernetes/kubernetes pkg/apis/core/v1/defaults.go and pkg/apis/core/validation (release 1.36). */
export const PERSISTENT_VOLUME_CLAIM: AnyBehaviour = behaviour<PersistentVolumeClaim>({
  applyDefaults: applyClaimDefaults,
  prepareForCreate(draft) {
    draft.status = { phase: "Pending" };
  },
  validate({ spec }, errors) {
    if ((spec.accessModes ?? []).length === 0)
      errors.required("spec.accessModes", "at least 1 access mode is required");
    for (const mode of spec.accessModes ?? [])
      if (!ACCESS_MODES.includes(mode)) errors.notSupported("spec.accessModes", mode, ACCESS_MODES);
    const storage = spec.resources?.requests?.["storage"];
    if (storage === undefined) errors.required("spec.resources[storage]");
    else if (compareQuantities(storage, "0") <= 0)
      errors.invalid("spec.resources[storage]", storage, "must be greater than zero");
    errors.oneOf("spec.volumeMode", spec.volumeMode, VOLUME_MODES);
  },
  validateUpdate({ spec }, { spec: old, status }, errors, subresource) {
    if (subresource !== "") return;
    const [now, before] = [spec.resources?.requests?.["storage"] ?? "0", old.resources?.requests?.["storage"] ?? "0"];
    if (compareQuantities(now, before) < 0 && compareQuantities(now, status?.capacity?.["storage"] ?? before) < 0)
      errors.forbidden("spec.resources.requests.storage", "field can not be less than status.capacity");
    const fixed = ({ resources: _resources, volumeAttributesClassName: _class, ...rest }: typeof spec): object => ({
      ...rest,
      // Binding and the default class fill these in once.
      volumeName: old.volumeName === undefined ? undefined : rest.volumeName,
      storageClassName: old.storageClassName === undefined ? undefined : rest.storageClassName,
    });
    if (!jsonEqual(fixed(spec), fixed(old)))
      errors.forbidden(
        "spec",
        "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims",
      );
  },
  columns: CLAIM_COLUMNS,
});

export const PERSISTENT_VOLUME: AnyBehaviour = behaviour<PersistentVolume>({
  applyDefaults(draft) {
    draft.spec ??= {};
    draft.spec.persistentVolumeReclaimPolicy ??= "Retain";
    draft.spec.volumeMode ??= "Filesystem";
    if (draft.spec.hostPath !== undefined) draft.spec.hostPath.type ??= "";
  },
  prepareForCreate(draft) {
    draft.status = { phase: "Pending" };
  },
  validate({ spec }, errors) {
    if ((spec.accessModes ?? []).length === 0) errors.required("spec.accessModes");
    for (const mode of spec.accessModes ?? [])
      if (!ACCESS_MODES.includes(mode)) errors.notSupported("spec.accessModes", mode, ACCESS_MODES);
    if (spec.capacity?.["storage"] === undefined) errors.required("spec.capacity");
    errors.oneOf("spec.persistentVolumeReclaimPolicy", spec.persistentVolumeReclaimPolicy, RECLAIM_POLICIES);
    errors.oneOf("spec.volumeMode", spec.volumeMode, VOLUME_MODES);
  },
  columns: VOLUME_COLUMNS,
});
