import type { KubernetesObject, Namespace } from "@nodeless/api";
import type { WriteHook } from "./write-hooks.ts";

export const NAMESPACE_PREFIX = "core/namespaces";
const NAME_LABEL = "kubernetes.io/metadata.name";

/** Namespaces carry their name as a label and are held by `spec.finalizers` until their content is gone. */
export const namespaceHook: WriteHook = {
  beforeCreate(object) {
    const namespace = labelled(object);
    return {
      ...namespace,
      spec: { ...namespace.spec, finalizers: ["kubernetes"] },
      status: { ...namespace.status, phase: "Active" },
    } as Namespace;
  },
  beforeUpdate: (object) => labelled(object),
  beforeDelete(object) {
    const namespace = object as Namespace;
    return { ...namespace, status: { ...namespace.status, phase: "Terminating" } } as Namespace;
  },
};

function labelled(object: KubernetesObject): Namespace {
  const { metadata } = object;
  const labels = { ...metadata.labels, [NAME_LABEL]: metadata.name ?? "" };
  return { ...(object as Namespace), metadata: { ...metadata, labels } };
}
