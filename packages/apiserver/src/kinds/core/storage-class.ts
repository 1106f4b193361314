import type { CSIDriver, CSINode, StorageClass } from "@nodeless/api";
import { jsonEqual } from "../../json-value.ts";
import type { AnyBehaviour } from "../behaviour.ts";
import { behaviour } from "../behaviour.ts";
import { CSI_NODE_COLUMNS, STORAGE_CLASS_COLUMNS } from "../columns/storage.ts";
import { qualifiedNameProblems } from "../validation/names.ts";

/** Source: kubernetes/kubernetes pkg/apis/storage/v1/defaults.go and pkg/apis/storage/validation (release 1.36). */
export const STORAGE_CLASS: AnyBehaviour = behaviour<StorageClass>({
  applyDefaults(draft) {
    draft.reclaimPolicy ??= "Delete";
    draft.volumeBindingMode ??= "Immediate";
  },
  validate({ provisioner = "", reclaimPolicy, volumeBindingMode }, errors) {
    if (provisioner === "") errors.required("provisioner");
    else errors.invalidAll("provisioner", provisioner, qualifiedNameProblems(provisioner.toLowerCase()));
    errors.oneOf("reclaimPolicy", reclaimPolicy, ["Delete", "Retain"]);
    errors.oneOf("volumeBindingMode", volumeBindingMode, ["Immediate", "WaitForFirstConsumer"]);
  },
  validateUpdate(now, old, errors) {
    const forbidden = "updates to parameters are forbidden.";
    if (!jsonEqual(now.parameters ?? {}, old.parameters ?? {})) errors.forbidden("parameters", forbidden);
    if (now.provisioner !== old.provisioner) errors.forbidden("provisioner", "updates to provisioner are forbidden.");
    if (now.reclaimPolicy !== old.reclaimPolicy)
      errors.forbidden("reclaimPolicy", "updates to reclaimPolicy are forbidden.");
    if (now.volumeBindingMode !== old.volumeBindingMode)
      errors.invalid("volumeBindingMode", now.volumeBindingMode, "field is immutable");
  },
  columns: STORAGE_CLASS_COLUMNS,
});

export const CSI_NODE: AnyBehaviour = behaviour<CSINode>({ columns: CSI_NODE_COLUMNS });

export const CSI_DRIVER: AnyBehaviour = behaviour<CSIDriver>({
  applyDefaults({ spec }) {
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= "ReadWriteOnceWithFSType";
    spec.volumeLifecycleModes ??= ["Persistent"];
    spec.requiresRepublish ??= false;
    spec.seLinuxMount ??= false;
  },
});
