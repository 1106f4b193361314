import type { NodeSelectorRequirement } from "@nodeless/api";

const GPU_COUNT = "karpenter.k8s.aws/instance-gpu-count";
const ACCELERATOR_COUNT = "karpenter.k8s.aws/instance-accelerator-count";

/** An SSM parameter that may hold an image id, and what an instance type needs to run it. */
export interface AliasQuery {
  readonly path: string;
  readonly requirements: readonly NodeSelectorRequirement[];
}

/** The parameters behind an alias for a Kubernetes minor. Source: karpenter.md §5.2. */
export function aliasQueries(
  alias: { readonly family: string; readonly version: string },
  kubernetesVersion: string,
): readonly AliasQuery[] {
  switch (alias.family) {
    case "AL2023":
      return al2023(alias.version, kubernetesVersion);
    case "AL2":
      return al2(alias.version, kubernetesVersion);
    case "Bottlerocket":
      return bottlerocket(alias.version, kubernetesVersion);
    default:
      return windows(alias.family, kubernetesVersion);
  }
}

type Device = "none" | "gpu" | "neuron";

function needs(arch: "amd64" | "arm64", device: Device): NodeSelectorRequirement[] {
  const exists = (key: string, wanted: boolean) => ({ key, operator: wanted ? "Exists" : "DoesNotExist" });
  const requirements: NodeSelectorRequirement[] = [{ key: "kubernetes.io/arch", operator: "In", values: [arch] }];
  if (device === "none") requirements.push(exists(GPU_COUNT, false), exists(ACCELERATOR_COUNT, false));
  if (device === "gpu") requirements.push(exists(GPU_COUNT, true));
  if (device === "neuron") requirements.push(exists(ACCELERATOR_COUNT, true));
  return requirements;
}

const AL2023_IMAGES = [
  { machine: "x86_64", arch: "amd64", variant: "standard", device: "none" },
  { machine: "arm64", arch: "arm64", variant: "standard", device: "none" },
  { machine: "x86_64", arch: "amd64", variant: "nvidia", device: "gpu" },
  { machine: "arm64", arch: "arm64", variant: "nvidia", device: "gpu" },
  { machine: "x86_64", arch: "amd64", variant: "neuron", device: "neuron" },
] as const;

function al2023(version: string, kubernetes: string): AliasQuery[] {
  return AL2023_IMAGES.map(({ machine, arch, variant, device }) => {
    const release =
      version === "latest" ? "recommended" : `amazon-eks-node-al2023-${machine}-${variant}-${kubernetes}-${version}`;
    return {
      path: `/aws/service/eks/optimized-ami/${kubernetes}/amazon-linux-2023/${machine}/${variant}/${release}/image_id`,
      requirements: needs(arch, device),
    };
  });
}

const AL2_IMAGES = [
  { suffix: "", arch: "amd64", device: "none" },
  { suffix: "-arm64", arch: "arm64", device: "none" },
  { suffix: "-gpu", arch: "amd64", device: "gpu" },
  { suffix: "-gpu", arch: "amd64", device: "neuron" },
] as const;

function al2(version: string, kubernetes: string): AliasQuery[] {
  return AL2_IMAGES.map(({ suffix, arch, device }) => {
    const release = version === "latest" ? "recommended" : `amazon-eks${suffix}-node-${kubernetes}-${version}`;
    return {
      path: `/aws/service/eks/optimized-ami/${kubernetes}/amazon-linux-2${suffix}/${release}/image_id`,
      requirements: needs(arch, device),
    };
  });
}

const BOTTLEROCKET_IMAGES = [
  { machine: "x86_64", arch: "amd64", variant: "", device: "none" },
  { machine: "arm64", arch: "arm64", variant: "", device: "none" },
  { machine: "x86_64", arch: "amd64", variant: "-nvidia", device: "gpu" },
  { machine: "arm64", arch: "arm64", variant: "-nvidia", device: "gpu" },
] as const;

function bottlerocket(version: string, kubernetes: string): AliasQuery[] {
  // The alias writes v1.52.0, the parameter 1.52.0.
  const release = version.replace(/^v/, "");
  return BOTTLEROCKET_IMAGES.map(({ machine, arch, variant, device }) => ({
    path: `/aws/service/bottlerocket/aws-k8s-${kubernetes}${variant}/${machine}/${release}/image_id`,
    requirements: needs(arch, device),
  }));
}

function windows(family: string, kubernetes: string): AliasQuery[] {
  const year = family.slice("Windows".length);
  return [
    {
      path: `/aws/service/ami-windows-latest/Windows_Server-${year}-English-Core-EKS_Optimized-${kubernetes}/image_id`,
      requirements: [
        { key: "kubernetes.io/arch", operator: "In", values: ["amd64"] },
        { key: "kubernetes.io/os", operator: "In", values: ["windows"] },
      ],
    },
  ];
}
