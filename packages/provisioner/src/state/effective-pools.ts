import type { AWSNodeTemplate, EC2NodeClass, NodeClaim, NodePool, Provisioner } from "@nodeless/api";
import { convertAwsNodeTemplate, convertProvisioner, LABELS } from "@nodeless/api";
import { findCondition, isConditionTrue } from "@nodeless/runtime";

/** A pool of either generation as one model. */
export interface EffectivePool {
  /** The v1 form; for a Provisioner with the Provisioner's own metadata. */
  readonly pool: NodePool;
  readonly origin: NodePool | Provisioner;
  readonly generation: "v1" | "v1alpha5";
  /** The old object could not be converted: what is wrong with it. */
  readonly problem?: string;
}

/** A node class of either generation as one model. */
export interface EffectiveNodeClass {
  readonly nodeClass: EC2NodeClass;
  readonly origin: EC2NodeClass | AWSNodeTemplate;
  readonly generation: "v1" | "v1alpha1";
}

/** One model from two generations, and the old objects that a new one of the same name hides. */
export interface Merged<Model, Old> {
  readonly byName: ReadonlyMap<string, Model>;
  readonly hidden: readonly Old[];
}

/** NodePools, and Provisioners as NodePools. Of two with one name the NodePool counts. */
export function mergePools(
  pools: readonly NodePool[],
  provisioners: readonly Provisioner[],
): Merged<EffectivePool, Provisioner> {
  const byName = new Map<string, EffectivePool>();
  for (const pool of pools) byName.set(pool.metadata.name, { pool, origin: pool, generation: "v1" });
  const hidden: Provisioner[] = [];
  for (const provisioner of provisioners) {
    const { name } = provisioner.metadata;
    if (byName.has(name)) hidden.push(provisioner);
    else byName.set(name, fromProvisioner(provisioner));
  }
  return { byName: sorted(byName), hidden };
}

function fromProvisioner(provisioner: Provisioner): EffectivePool {
  const base = { origin: provisioner, generation: "v1alpha5" } as const;
  try {
    return { ...base, pool: convertProvisioner(provisioner) };
  } catch (error) {
    // A limit that is no quantity: everything else still converts, and the problem keeps the pool from being used.
    const { limits: _, ...spec } = provisioner.spec;
    const problem = `spec.limits.resources: ${error instanceof Error ? error.message : String(error)}`;
    return { ...base, pool: convertProvisioner({ ...provisioner, spec }), problem };
  }
}

/** EC2NodeClasses, and AWSNodeTemplates as such. Kubelet settings of the first Provisioner that refers to a template go with it. */
export function mergeNodeClasses(
  classes: readonly EC2NodeClass[],
  templates: readonly AWSNodeTemplate[],
  options: { readonly provisioners: readonly Provisioner[]; readonly defaultInstanceProfile: string | undefined },
): Merged<EffectiveNodeClass, AWSNodeTemplate> {
  const byName = new Map<string, EffectiveNodeClass>();
  for (const nodeClass of classes)
    byName.set(nodeClass.metadata.name, { nodeClass, origin: nodeClass, generation: "v1" });
  const hidden: AWSNodeTemplate[] = [];
  for (const template of templates) {
    const { name } = template.metadata;
    if (byName.has(name)) {
      hidden.push(template);
      continue;
    }
    const kubelet = [...options.provisioners]
      .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
      .find(({ spec }) => spec.providerRef?.name === name && spec.kubeletConfiguration !== undefined)
      ?.spec.kubeletConfiguration;
    const nodeClass = convertAwsNodeTemplate(template, {
      ...(kubelet === undefined ? {} : { kubelet }),
      ...(options.defaultInstanceProfile === undefined
        ? {}
        : { defaultInstanceProfile: options.defaultInstanceProfile }),
    });
    byName.set(name, { nodeClass, origin: template, generation: "v1alpha1" });
  }
  return { byName: sorted(byName), hidden };
}

function sorted<T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...map].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The pool a claim belongs to, under either generation's label. */
export function poolNameOf(object: Pick<NodeClaim, "metadata">): string | undefined {
  const labels = object.metadata.labels ?? {};
  return labels[LABELS.nodePool] ?? labels[LABELS.provisionerName];
}

/** Readiness with the reason a user can act on. */
export interface Readiness {
  readonly ready: boolean;
  readonly reason: string;
  readonly message: string;
}

/** What an EC2NodeClass says about itself. */
export function nodeClassReadiness(nodeClass: EC2NodeClass | undefined, name: string): Readiness {
  if (nodeClass === undefined)
    return { ready: false, reason: "NodeClassNotFound", message: `no EC2NodeClass is named ${JSON.stringify(name)}` };
  if (nodeClass.metadata.deletionTimestamp !== undefined)
    return { ready: false, reason: "NodeClassTerminating", message: `EC2NodeClass ${name} is being deleted` };
  const { conditions } = nodeClass.status ?? {};
  if (isConditionTrue(conditions, "Ready")) return { ready: true, reason: "NodeClassReady", message: "" };
  const ready = findCondition(conditions, "Ready");
  return {
    ready: false,
    reason: ready === undefined ? "NodeClassReadinessUnknown" : "NodeClassNotReady",
    message: ready?.message || `EC2NodeClass ${name} has not been resolved yet`,
  };
}
