import type { Fresh, KubernetesObject, Pod, PodTemplateSpec } from "@nodeless/api";
import { controllerRef } from "./controller-ref.ts";

/**
 * The pod a controller makes from its template: the template's labels, annotations and finalizers, the owner's reference and a generated
 * name. Source: kubernetes pkg/controller GetPodFromTemplate.
 */
export function podFromTemplate(template: PodTemplateSpec, owner: KubernetesObject): Fresh<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...(owner.metadata.namespace === undefined ? {} : { namespace: owner.metadata.namespace }),
      generateName: generateNamePrefix(owner.metadata.name),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerRef(owner)],
    },
    spec: template.spec ?? { containers: [] },
  };
}

/** Longest prefix that leaves room for the five random characters in a DNS-1123 subdomain. */
const NAME_LENGTH_MAX = 253;

function generateNamePrefix(ownerName: string): string {
  const prefix = `${ownerName}-`;
  return prefix.length <= NAME_LENGTH_MAX - 5 ? prefix : ownerName;
}
