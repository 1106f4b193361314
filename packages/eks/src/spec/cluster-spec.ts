import type { AccessEntryConfig, AddonConfig, ClusterConfig } from "./cluster-file/cluster-config.ts";
import type { ClusterFile, FileManifest } from "./cluster-file/parse-cluster-file.ts";
import { type FileProblem, InvalidClusterFileError } from "./cluster-file/problem.ts";

/** A Fargate profile to be created. */
export interface FargateProfileSpec {
  readonly name: string;
  /** Undefined: the cluster's own Fargate pod execution role. */
  readonly podExecutionRoleArn: string | undefined;
  readonly selectors: readonly { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }[];
  /** Empty: the cluster's private subnets. */
  readonly subnets: readonly string[];
  readonly tags: Readonly<Record<string, string>>;
}

/** A cluster fully specified: the steps make no choices. */
export interface ClusterSpec {
  readonly name: string;
  readonly region: string;
  /** Kubernetes minor, e.g. `1.35`. */
  readonly version: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly vpcCidr: string;
  readonly natGateway: "Single" | "HighlyAvailable" | "Disable";
  /** Empty: the steps take the region's first three that Fargate supports. */
  readonly availabilityZones: readonly string[];
  readonly serviceIpv4Cidr: string;
  readonly endpointPublicAccess: boolean;
  readonly endpointPrivateAccess: boolean;
  readonly publicAccessCidrs: readonly string[];
  readonly authenticationMode: "API" | "API_AND_CONFIG_MAP";
  readonly creatorIsAdmin: boolean;
  readonly accessEntries: readonly AccessEntryConfig[];
  readonly clusterRoleArn: string | undefined;
  readonly fargatePodExecutionRoleArn: string | undefined;
  readonly fargateProfiles: readonly FargateProfileSpec[];
  readonly addons: readonly Required<Pick<AddonConfig, "name">>[] & readonly AddonConfig[];
  readonly provisioner: {
    readonly namespace: string;
    readonly replicas: number;
    readonly defaultInstanceProfile: string | undefined;
  };
  /** Pools and node classes first, then everything else of the file, in its order. */
  readonly pools: readonly FileManifest[];
  readonly workloads: readonly FileManifest[];
}

export const DEFAULT_CLUSTER_NAME = "nodeless";
/** Where the source posts live. */
export const DEFAULT_REGION = "ap-northeast-2";
export const DEFAULT_VERSION = "1.35";
/** eksctl's default. */
const DEFAULT_VPC_CIDR = "192.168.0.0/16";
const DEFAULT_SERVICE_CIDR = "10.100.0.0/16";
export const PROVISIONER_NAMESPACE = "karpenter";
/** The profile that gives system pods a home when the file's profiles do not. */
export const SYSTEM_PROFILE_NAME = "nodeless-system";
const DEFAULT_ADDONS = ["vpc-cni", "kube-proxy", "coredns"] as const;
const POOL_KINDS: ReadonlySet<string> = new Set(["NodePool", "EC2NodeClass", "Provisioner", "AWSNodeTemplate"]);

/** What the caller knows besides the file. */
export interface SpecDefaults {
  /** Used when the file names none. */
  readonly name?: string | undefined;
  /** From the environment; else ap-northeast-2. */
  readonly region?: string | undefined;
}

/** Something the spec does that the file did not ask for; shown to the user. */
export interface SpecNotice {
  readonly message: string;
}

/**
 * Completes a cluster file (undefined: the default cluster) into a spec.
 * Throws InvalidClusterFileError for what no single field shows: missing names, duplicates, bad CIDRs.
 */
export function clusterSpec(
  file: ClusterFile | undefined,
  defaults: SpecDefaults,
): { readonly spec: ClusterSpec; readonly notices: readonly SpecNotice[] } {
  const config: ClusterConfig = file?.config ?? {};
  const problems = file === undefined ? [] : checkConfig(config, file.file);
  if (problems.length > 0) throw new InvalidClusterFileError(problems);
  const own = (config.fargateProfiles ?? []).map(profileSpec);
  const profiles = file?.config === undefined ? DEFAULT_PROFILES : own;
  const { added, notices } = systemProfile(profiles);
  const manifests = file?.manifests ?? [];
  const spec: ClusterSpec = {
    name: config.metadata?.name ?? defaults.name ?? DEFAULT_CLUSTER_NAME,
    region: config.metadata?.region ?? defaults.region ?? DEFAULT_REGION,
    version: config.metadata?.version ?? DEFAULT_VERSION,
    tags: config.metadata?.tags ?? {},
    ...networkSpec(config),
    ...accessSpec(config),
    fargateProfiles: [...added, ...profiles],
    addons: addonSpecs(config),
    provisioner: {
      namespace: PROVISIONER_NAMESPACE,
      replicas: 2,
      defaultInstanceProfile: config.karpenter?.defaultInstanceProfile,
    },
    pools: manifests.filter(({ object }) => POOL_KINDS.has(object.kind)),
    workloads: manifests.filter(({ object }) => !POOL_KINDS.has(object.kind)),
  };
  return { spec, notices: [...emptyNotice(file), ...notices] };
}

function emptyNotice(file: ClusterFile | undefined): readonly SpecNotice[] {
  return file !== undefined && file.config === undefined && file.manifests.length === 0
    ? [{ message: `${file.file} holds no ClusterConfig and no manifest: building the default cluster` }]
    : [];
}

function networkSpec(
  config: ClusterConfig,
): Pick<ClusterSpec, "vpcCidr" | "natGateway" | "availabilityZones" | "serviceIpv4Cidr"> {
  return {
    vpcCidr: config.vpc?.cidr ?? DEFAULT_VPC_CIDR,
    natGateway: config.vpc?.nat?.gateway ?? "Single",
    availabilityZones: config.availabilityZones ?? [],
    serviceIpv4Cidr: config.kubernetesNetworkConfig?.serviceIPv4CIDR ?? DEFAULT_SERVICE_CIDR,
  };
}

type AccessFields =
  | "endpointPublicAccess"
  | "endpointPrivateAccess"
  | "publicAccessCidrs"
  | "authenticationMode"
  | "creatorIsAdmin"
  | "accessEntries"
  | "clusterRoleArn"
  | "fargatePodExecutionRoleArn";

function accessSpec(config: ClusterConfig): Pick<ClusterSpec, AccessFields> {
  return {
    endpointPublicAccess: config.vpc?.clusterEndpoints?.publicAccess ?? true,
    // Fargate and EC2 nodes then reach the API server inside the VPC, whatever publicAccessCIDRs says.
    endpointPrivateAccess: config.vpc?.clusterEndpoints?.privateAccess ?? true,
    publicAccessCidrs: config.vpc?.publicAccessCIDRs ?? [],
    authenticationMode: config.accessConfig?.authenticationMode ?? "API_AND_CONFIG_MAP",
    creatorIsAdmin: config.accessConfig?.bootstrapClusterCreatorAdminPermissions ?? true,
    accessEntries: config.accessConfig?.accessEntries ?? [],
    clusterRoleArn: config.iam?.serviceRoleARN,
    fargatePodExecutionRoleArn: config.iam?.fargatePodExecutionRoleARN,
  };
}

const DEFAULT_PROFILES: readonly FargateProfileSpec[] = ["kube-system", PROVISIONER_NAMESPACE].map((namespace) => ({
  name: namespace,
  podExecutionRoleArn: undefined,
  selectors: [{ namespace }],
  subnets: [],
  tags: {},
}));

function profileSpec(profile: NonNullable<ClusterConfig["fargateProfiles"]>[number]): FargateProfileSpec {
  return {
    name: profile.name ?? "",
    podExecutionRoleArn: profile.podExecutionRoleARN,
    selectors: (profile.selectors ?? []).map(({ namespace = "", labels }) => ({
      namespace,
      ...(labels === undefined ? {} : { labels }),
    })),
    subnets: profile.subnets ?? [],
    tags: profile.tags ?? {},
  };
}

/** Labels of the pods that must never depend on a node the provisioner launches. */
const SYSTEM_PODS = [
  {
    namespace: "kube-system",
    labels: { "k8s-app": "kube-dns", "eks.amazonaws.com/component": "coredns" },
    selector: { "k8s-app": "kube-dns" },
  },
  { namespace: PROVISIONER_NAMESPACE, labels: { "app.kubernetes.io/name": "karpenter" }, selector: undefined },
] as const;

function systemProfile(profiles: readonly FargateProfileSpec[]): {
  readonly added: readonly FargateProfileSpec[];
  readonly notices: readonly SpecNotice[];
} {
  const homeless = SYSTEM_PODS.filter(
    (pods) => !profiles.some(({ selectors }) => selectors.some((selector) => selects(selector, pods))),
  );
  if (homeless.length === 0) return { added: [], notices: [] };
  const selectors = homeless.map(({ namespace, selector }) =>
    selector === undefined ? { namespace } : { namespace, labels: { ...selector } },
  );
  const names = homeless.map(({ namespace }) => namespace).join(" and ");
  return {
    added: [{ name: SYSTEM_PROFILE_NAME, podExecutionRoleArn: undefined, selectors, subnets: [], tags: {} }],
    notices: [
      {
        message: `no Fargate profile of the file selects the system pods of ${names}: adding profile ${SYSTEM_PROFILE_NAME} for them`,
      },
    ],
  };
}

function selects(
  selector: FargateProfileSpec["selectors"][number],
  pods: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
): boolean {
  const wild = (pattern: string, text: string): boolean =>
    new RegExp(
      `^${pattern
        .replace(/[.+^${}()|[\]\\]/g, "\\$&")
        .replaceAll("*", ".*")
        .replaceAll("?", ".")}$`,
    ).test(text);
  if (!wild(selector.namespace, pods.namespace)) return false;
  return Object.entries(selector.labels ?? {}).every(([key, value]) =>
    Object.entries(pods.labels).some(([podKey, podValue]) => wild(key, podKey) && wild(value, podValue)),
  );
}

function addonSpecs(config: ClusterConfig): ClusterSpec["addons"] {
  const listed = (config.addons ?? []).map((addon) => ({ ...addon, name: addon.name ?? "" }));
  const defaults =
    config.addonsConfig?.disableDefaultAddons === true
      ? []
      : DEFAULT_ADDONS.filter((name) => !listed.some((addon) => addon.name === name)).map((name) => ({ name }));
  return [...defaults, ...listed];
}

const NAME = /^[A-Za-z0-9][-A-Za-z0-9_]{0,99}$/;
const CIDR = /^\d{1,3}(\.\d{1,3}){3}\/(1[6-9]|2[0-4])$/;
const VERSION = /^1\.(2[89]|3\d)$/;

function checkConfig(config: ClusterConfig, file: string): readonly FileProblem[] {
  const problems: FileProblem[] = [];
  const refuse = (path: string, message: string): void => void problems.push({ file, path, message });
  const { name, version } = config.metadata ?? {};
  if (name !== undefined && !NAME.test(name))
    refuse(
      "metadata.name",
      `${JSON.stringify(name)} must start with a letter or digit and hold only letters, digits, - and _ (at most 100)`,
    );
  if (version !== undefined && !VERSION.test(version))
    refuse(
      "metadata.version",
      `${JSON.stringify(version)} is not a Kubernetes minor version such as "${DEFAULT_VERSION}"`,
    );
  const cidr = config.vpc?.cidr;
  if (cidr !== undefined && !CIDR.test(cidr))
    refuse("vpc.cidr", `${JSON.stringify(cidr)} is not an IPv4 block between /16 and /24, such as "192.168.0.0/16"`);
  checkProfiles(config, refuse);
  (config.addons ?? []).forEach((addon, index) => {
    if (addon.name === undefined) refuse(`addons[${index}].name`, "required");
  });
  (config.accessConfig?.accessEntries ?? []).forEach((entry, index) => {
    if (entry.principalARN === undefined) refuse(`accessConfig.accessEntries[${index}].principalARN`, "required");
  });
  return problems;
}

function checkProfiles(config: ClusterConfig, refuse: (path: string, message: string) => void): void {
  const seen = new Set<string>();
  (config.fargateProfiles ?? []).forEach((profile, index) => {
    const path = `fargateProfiles[${index}]`;
    if (profile.name === undefined) refuse(`${path}.name`, "required: give the profile a name");
    else if (profile.name.startsWith("eks-"))
      refuse(`${path}.name`, 'must not start with "eks-": that prefix belongs to EKS');
    else if (seen.has(profile.name))
      refuse(`${path}.name`, `${JSON.stringify(profile.name)} is used twice: profile names are unique in a cluster`);
    seen.add(profile.name ?? "");
    if ((profile.selectors ?? []).length === 0)
      refuse(`${path}.selectors`, "required: a profile without selectors matches no pod; add at least one namespace");
    if ((profile.selectors ?? []).length > 5)
      refuse(`${path}.selectors`, "at most 5 selectors per profile; use wildcards (* and ?) or a second profile");
    (profile.selectors ?? []).forEach((selector, position) => {
      if (selector.namespace === undefined) refuse(`${path}.selectors[${position}].namespace`, "required");
      if (Object.keys(selector.labels ?? {}).length > 5)
        refuse(`${path}.selectors[${position}].labels`, "at most 5 labels per selector");
    });
  });
}
