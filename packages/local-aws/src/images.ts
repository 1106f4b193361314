import { createHash } from "node:crypto";

/** Kubernetes minors the local EKS offers, oldest first. */
export const KUBERNETES_VERSIONS: readonly string[] = ["1.30", "1.31", "1.32", "1.33", "1.34", "1.35"];

/** An EKS image that SSM names and DescribeImages knows. */
export interface KnownImage {
  readonly imageId: string;
  /** SSM path whose value is this id. */
  readonly parameterPath: string;
  /** `amazon-eks-node-al2023-x86_64-standard-1.35-v20260115` */
  readonly name: string;
  readonly description: string;
  readonly architecture: "x86_64" | "arm64";
  readonly platform: "linux" | "windows";
  readonly kubernetesVersion: string;
  /** ISO time. */
  readonly creationDate: string;
  readonly rootDeviceName: string;
  /** Account that owns it on AWS in most regions. */
  readonly ownerId: string;
}

/** The id behind an SSM image path: `ami-` and 17 digits of the path's SHA-256. */
export function imageIdForPath(path: string): string {
  return `ami-0${createHash("sha256").update(path).digest("hex").slice(0, 16)}`;
}

/** All images of one Kubernetes minor; empty for a version local EKS does not offer. */
export function knownImages(kubernetesVersion: string): readonly KnownImage[] {
  if (!KUBERNETES_VERSIONS.includes(kubernetesVersion)) return [];
  return FAMILIES.flatMap((family) => family(kubernetesVersion));
}

/** One release per image is enough to be found by path, by id and by name. */
const RELEASE_DATE = "2026-01-15";
const RELEASE_STAMP = RELEASE_DATE.replaceAll("-", "");
const BOTTLEROCKET_RELEASE = "1.52.0";
const EKS_IMAGE_OWNER = "602401143452";
const BOTTLEROCKET_OWNER = "092701018921";
const WINDOWS_OWNER = "801119661308";

const ARCHITECTURES = ["x86_64", "arm64"] as const;

const FAMILIES: readonly ((version: string) => readonly KnownImage[])[] = [
  amazonLinux2023,
  amazonLinux2,
  bottlerocket,
  windows,
];

function amazonLinux2023(version: string): KnownImage[] {
  const kinds = ARCHITECTURES.flatMap((architecture) =>
    ["standard", "nvidia", "neuron"]
      .filter((variant) => variant !== "neuron" || architecture === "x86_64")
      .map((variant) => ({ architecture, variant })),
  );
  return kinds.map(({ architecture, variant }) =>
    image({
      parameterPath: `/aws/service/eks/optimized-ami/${version}/amazon-linux-2023/${architecture}/${variant}/recommended/image_id`,
      name: `amazon-eks-node-al2023-${architecture}-${variant}-${version}-v${RELEASE_STAMP}`,
      description: `EKS-optimized Kubernetes node based on Amazon Linux 2023, (k8s: ${version}, containerd: 2.1.*)`,
      architecture,
      kubernetesVersion: version,
    }),
  );
}

function amazonLinux2(version: string): KnownImage[] {
  // AWS stopped building Amazon Linux 2 images after Kubernetes 1.32.
  if (KUBERNETES_VERSIONS.indexOf(version) > KUBERNETES_VERSIONS.indexOf("1.32")) return [];
  const kinds = [
    { suffix: "", architecture: "x86_64" },
    { suffix: "-arm64", architecture: "arm64" },
    { suffix: "-gpu", architecture: "x86_64" },
  ] as const;
  return kinds.map(({ suffix, architecture }) =>
    image({
      parameterPath: `/aws/service/eks/optimized-ami/${version}/amazon-linux-2${suffix}/recommended/image_id`,
      name: `amazon-eks${suffix === "" ? "" : suffix}-node-${version}-v${RELEASE_STAMP}`,
      description: `EKS Kubernetes Worker AMI with AmazonLinux2 image, (k8s: ${version})`,
      architecture,
      kubernetesVersion: version,
    }),
  );
}

function bottlerocket(version: string): KnownImage[] {
  return ["", "-nvidia"].flatMap((variant) =>
    ARCHITECTURES.map((architecture) =>
      image({
        parameterPath: `/aws/service/bottlerocket/aws-k8s-${version}${variant}/${architecture}/latest/image_id`,
        name: `bottlerocket-aws-k8s-${version}${variant}-${architecture === "arm64" ? "aarch64" : architecture}-v${BOTTLEROCKET_RELEASE}-a1b2c3d4`,
        description: `bottlerocket-aws-k8s-${version}${variant} v${BOTTLEROCKET_RELEASE}`,
        architecture,
        kubernetesVersion: version,
        ownerId: BOTTLEROCKET_OWNER,
      }),
    ),
  );
}

function windows(version: string): KnownImage[] {
  return ["2019", "2022", "2025"].flatMap((year) =>
    ["Core", "Full"].map((edition) =>
      image({
        parameterPath: `/aws/service/ami-windows-latest/Windows_Server-${year}-English-${edition}-EKS_Optimized-${version}/image_id`,
        name: `Windows_Server-${year}-English-${edition}-EKS_Optimized-${version}-${RELEASE_DATE.replaceAll("-", ".")}`,
        description: `Microsoft Windows Server ${year} ${edition} Locale English EKS Optimized for ${version}`,
        architecture: "x86_64",
        kubernetesVersion: version,
        platform: "windows",
        rootDeviceName: "/dev/sda1",
        ownerId: WINDOWS_OWNER,
      }),
    ),
  );
}

type ImageFacts = Omit<KnownImage, "imageId" | "creationDate" | "platform" | "rootDeviceName" | "ownerId"> &
  Partial<Pick<KnownImage, "platform" | "rootDeviceName" | "ownerId">>;

function image(facts: ImageFacts): KnownImage {
  return {
    platform: "linux",
    rootDeviceName: "/dev/xvda",
    ownerId: EKS_IMAGE_OWNER,
    ...facts,
    imageId: imageIdForPath(facts.parameterPath),
    creationDate: `${RELEASE_DATE}T00:00:00.000Z`,
  };
}
