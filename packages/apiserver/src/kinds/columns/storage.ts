import type { CSINode, PersistentVolume, PersistentVolumeClaim, StorageClass } from "@nodeless/api";
import type { ColumnRule } from "../behaviour.ts";
import { AGE, column, NAME, wide } from "./plain.ts";

const UNSET = "<unset>";
const DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class";
const DEFAULT_CLASS_BETA = "storageclass.beta.kubernetes.io/is-default-class";

const SHORT_MODES: ReadonlyMap<string, string> = new Map([
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
]);

function accessModes(modes: readonly string[] | undefined): string {
  const given = new Set(modes);
  return [...SHORT_MODES].flatMap(([mode, short]) => (given.has(mode) ? [short] : [])).join(",");
}

/** Source of all columns here: kubernetes/kubernetes pkg/printers/internalversion/printers.go (release 1.36). */
export const CLAIM_COLUMNS: readonly ColumnRule<PersistentVolumeClaim>[] = [
  NAME,
  column("Status", ({ metadata, status }) =>
    metadata.deletionTimestamp === undefined ? (status?.phase ?? "") : "Terminating",
  ),
  column("Volume", ({ spec }) => spec.volumeName ?? ""),
  column("Capacity", ({ spec, status }) =>
    spec.volumeName === undefined ? "" : (status?.capacity?.["storage"] ?? "0"),
  ),
  column("Access Modes", ({ spec, status }) => (spec.volumeName === undefined ? "" : accessModes(status?.accessModes))),
  column("StorageClass", ({ spec }) => spec.storageClassName ?? ""),
  column("VolumeAttributesClass", ({ spec }) => spec.volumeAttributesClassName ?? UNSET),
  AGE,
  wide("VolumeMode", ({ spec }) => spec.volumeMode ?? UNSET),
];

export const VOLUME_COLUMNS: readonly ColumnRule<PersistentVolume>[] = [
  NAME,
  column("Capacity", ({ spec }) => spec.capacity?.["storage"] ?? "0"),
  column("Access Modes", ({ spec }) => accessModes(spec.accessModes)),
  column("Reclaim Policy", ({ spec }) => spec.persistentVolumeReclaimPolicy ?? ""),
  column("Status", ({ metadata, status }) =>
    metadata.deletionTimestamp === undefined ? (status?.phase ?? "") : "Terminating",
  ),
  column("Claim", ({ spec: { claimRef } }) =>
    claimRef === undefined ? "" : `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}`,
  ),
  column("StorageClass", ({ spec }) => spec.storageClassName ?? ""),
  column("VolumeAttributesClass", ({ spec }) => spec.volumeAttributesClassName ?? UNSET),
  column("Reason", ({ status }) => status?.reason ?? ""),
  AGE,
  wide("VolumeMode", ({ spec }) => spec.volumeMode ?? UNSET),
];

export const STORAGE_CLASS_COLUMNS: readonly ColumnRule<StorageClass>[] = [
  column(
    "Name",
    ({ metadata }) => {
      const { annotations = {} } = metadata;
      const isDefault = annotations[DEFAULT_CLASS] === "true" || annotations[DEFAULT_CLASS_BETA] === "true";
      return isDefault ? `${metadata.name} (default)` : metadata.name;
    },
    { format: "name" },
  ),
  column("Provisioner", ({ provisioner }) => provisioner),
  column("ReclaimPolicy", ({ reclaimPolicy }) => reclaimPolicy ?? "Delete"),
  column("VolumeBindingMode", ({ volumeBindingMode }) => volumeBindingMode ?? "Immediate"),
  column("AllowVolumeExpansion", ({ allowVolumeExpansion = false }) => allowVolumeExpansion, { type: "boolean" }),
  AGE,
];

export const CSI_NODE_COLUMNS: readonly ColumnRule<CSINode>[] = [
  NAME,
  column("Drivers", ({ spec }) => (spec.drivers ?? []).length, { type: "integer" }),
  AGE,
];
