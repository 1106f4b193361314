import type { ObjectMeta } from "../generated/kubernetes.ts";
import { canonicalQuantity } from "../quantity.ts";
import { ANNOTATIONS, LABELS } from "../well-known.ts";
import type {
  NodeClaimTemplateSpec,
  NodePool,
  NodePoolDisruption,
  NodePoolSpec,
  NodeSelectorRequirementWithMinValues,
} from "./node-pool.ts";
import type { Provisioner, ProvisionerSpec } from "./provisioner.ts";

/** Settings of the first generation with no counterpart are dropped; what was implicit then is written out. */
export interface ConvertProvisionerOptions {
  /** EC2NodeClass to use when the Provisioner has no `providerRef`. Default: the Provisioner's own name. */
  readonly nodeClassName?: string;
}

/**
 * The NodePool that means what a v1alpha5 Provisioner meant. Metadata is kept, labels of the old names are renamed, and the defaults
 * the old webhook added (linux, amd64, on-demand, categories c, m and r after generation 2) become explicit requirements, because v1
 * has none. `spec.kubeletConfiguration` moves to the EC2NodeClass: hand it to {@link convertAwsNodeTemplate}.
 * Source: Karpenter's migration guides from v1alpha5 to v1 (karpenter.md §1.8). Throws InvalidQuantityError for a bad limit.
 */
export function convertProvisioner<Metadata extends Partial<ObjectMeta>>(
  provisioner: { readonly metadata: Metadata; readonly spec: ProvisionerSpec },
  options: ConvertProvisionerOptions = {},
): Omit<NodePool, "metadata" | "status"> & { readonly metadata: Metadata } {
  const { spec, metadata } = provisioner;
  return {
    apiVersion: "karpenter.sh/v1",
    kind: "NodePool",
    metadata,
    spec: {
      template: {
        metadata: convertTemplateMetadata(spec),
        spec: convertTemplateSpec(spec, options.nodeClassName ?? metadata.name ?? "default"),
      },
      disruption: convertDisruption(spec),
      ...convertLimits(spec),
      ...(spec.weight === undefined ? {} : { weight: spec.weight }),
    },
  };
}

/** What a Provisioner says that its NodePool cannot; sentences for the user, empty when nothing is lost. */
export function provisionerLosses(provisioner: Pick<Provisioner, "spec">): readonly string[] {
  const { provider, kubeletConfiguration } = provisioner.spec;
  return [
    ...(provider === undefined
      ? []
      : ["spec.provider is not converted: move its settings to an EC2NodeClass and point to that"]),
    ...(kubeletConfiguration?.containerRuntime === undefined
      ? []
      : ["spec.kubeletConfiguration.containerRuntime is dropped: every supported image runs containerd"]),
  ];
}

function convertTemplateMetadata(spec: ProvisionerSpec): NonNullable<NodePoolSpec["template"]["metadata"]> {
  const labels = Object.entries(spec.labels ?? {}).filter(([key]) => !DROPPED_LABELS.has(key));
  const annotations = Object.entries(spec.annotations ?? {}).map(([key, value]): [string, string] =>
    OLD_DO_NOT_DISRUPT.has(key) ? [ANNOTATIONS.doNotDisrupt, value] : [key, value],
  );
  return {
    ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
    ...(annotations.length === 0 ? {} : { annotations: Object.fromEntries(annotations) }),
  };
}

/** Karpenter sets the pool's name itself; the pod count of an instance type is a resource since v1beta1. */
const DROPPED_LABELS: ReadonlySet<string> = new Set([LABELS.provisionerName, "karpenter.k8s.aws/instance-pods"]);
const OLD_DO_NOT_DISRUPT: ReadonlySet<string> = new Set([
  "karpenter.sh/do-not-consolidate",
  "karpenter.sh/do-not-evict",
]);

function convertTemplateSpec(spec: ProvisionerSpec, defaultNodeClass: string): NodeClaimTemplateSpec {
  return {
    ...(spec.taints === undefined ? {} : { taints: spec.taints }),
    ...(spec.startupTaints === undefined ? {} : { startupTaints: spec.startupTaints }),
    requirements: [...(spec.requirements ?? []).filter(({ key }) => !DROPPED_LABELS.has(key)), ...formerDefaults(spec)],
    nodeClassRef: {
      group: "karpenter.k8s.aws",
      kind: "EC2NodeClass",
      name: spec.providerRef?.name ?? defaultNodeClass,
    },
    expireAfter: spec.ttlSecondsUntilExpired === undefined ? "Never" : `${spec.ttlSecondsUntilExpired}s`,
  };
}

const INSTANCE_CHOICES = [
  LABELS.instanceType,
  "karpenter.k8s.aws/instance-family",
  "karpenter.k8s.aws/instance-category",
  "karpenter.k8s.aws/instance-generation",
] as const;

/** The requirements that Karpenter 0.27 added by itself where the user had left them open. */
function formerDefaults(spec: ProvisionerSpec): readonly NodeSelectorRequirementWithMinValues[] {
  const mentioned = new Set([...Object.keys(spec.labels ?? {}), ...(spec.requirements ?? []).map(({ key }) => key)]);
  const unless = (keys: readonly string[], ...defaults: readonly NodeSelectorRequirementWithMinValues[]) =>
    keys.some((key) => mentioned.has(key)) ? [] : defaults;
  return [
    ...unless([LABELS.os], { key: LABELS.os, operator: "In", values: ["linux"] }),
    ...unless([LABELS.arch], { key: LABELS.arch, operator: "In", values: ["amd64"] }),
    ...unless([LABELS.capacityType], { key: LABELS.capacityType, operator: "In", values: ["on-demand"] }),
    ...unless(
      INSTANCE_CHOICES,
      { key: "karpenter.k8s.aws/instance-category", operator: "In", values: ["c", "m", "r"] },
      { key: "karpenter.k8s.aws/instance-generation", operator: "Gt", values: ["2"] },
    ),
  ];
}

/** The budget is the v1 default: the old generation had none, and its loops took one node at a time. */
const BUDGETS = [{ nodes: "10%" }] as const;

function convertDisruption({ consolidation, ttlSecondsAfterEmpty }: ProvisionerSpec): NodePoolDisruption {
  if (consolidation?.enabled === true)
    return { consolidationPolicy: "WhenEmptyOrUnderutilized", consolidateAfter: "0s", budgets: BUDGETS };
  if (ttlSecondsAfterEmpty !== undefined)
    return { consolidationPolicy: "WhenEmpty", consolidateAfter: `${ttlSecondsAfterEmpty}s`, budgets: BUDGETS };
  return { consolidationPolicy: "WhenEmpty", consolidateAfter: "Never", budgets: BUDGETS };
}

function convertLimits({ limits }: ProvisionerSpec): Pick<NodePoolSpec, "limits"> {
  if (limits?.resources === undefined) return {};
  const converted = Object.entries(limits.resources).map(([name, amount]) => [name, canonicalQuantity(amount)]);
  return { limits: Object.fromEntries(converted) };
}
