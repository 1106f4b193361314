import { boolean, listOf, object, oneOf, type Reader, refused, string, stringMap } from "./schema.ts";

type Tags = Readonly<Record<string, string>>;

export interface FargateSelectorConfig {
  readonly namespace?: string;
  readonly labels?: Tags;
}

export interface FargateProfileConfig {
  readonly name?: string;
  readonly podExecutionRoleARN?: string;
  readonly selectors?: readonly FargateSelectorConfig[];
  readonly subnets?: readonly string[];
  readonly tags?: Tags;
}

export interface AddonConfig {
  readonly name?: string;
  readonly version?: string;
  readonly configurationValues?: string;
  readonly resolveConflicts?: "none" | "overwrite" | "preserve";
  readonly serviceAccountRoleARN?: string;
  readonly tags?: Tags;
}

export interface AccessEntryConfig {
  readonly principalARN?: string;
  readonly type?: "STANDARD" | "EC2_LINUX" | "EC2_WINDOWS" | "FARGATE_LINUX";
  readonly kubernetesGroups?: readonly string[];
  readonly kubernetesUsername?: string;
  readonly accessPolicies?: readonly {
    readonly policyARN?: string;
    readonly accessScope?: { readonly type?: "cluster" | "namespace"; readonly namespaces?: readonly string[] };
  }[];
}

/** A ClusterConfig as written: every field optional. */
export interface ClusterConfig {
  readonly metadata?: {
    readonly name?: string;
    readonly region?: string;
    readonly version?: string;
    readonly tags?: Tags;
    readonly annotations?: Tags;
  };
  readonly kubernetesNetworkConfig?: { readonly serviceIPv4CIDR?: string; readonly ipFamily?: "IPv4" | "ipv4" };
  readonly iam?: {
    readonly withOIDC?: boolean;
    readonly serviceRoleARN?: string;
    readonly fargatePodExecutionRoleARN?: string;
    readonly vpcResourceControllerPolicy?: boolean;
  };
  readonly vpc?: {
    readonly cidr?: string;
    readonly nat?: { readonly gateway?: "Single" | "HighlyAvailable" | "Disable" };
    readonly clusterEndpoints?: { readonly publicAccess?: boolean; readonly privateAccess?: boolean };
    readonly publicAccessCIDRs?: readonly string[];
  };
  readonly availabilityZones?: readonly string[];
  readonly fargateProfiles?: readonly FargateProfileConfig[];
  readonly addons?: readonly AddonConfig[];
  readonly addonsConfig?: { readonly disableDefaultAddons?: boolean };
  readonly accessConfig?: {
    readonly authenticationMode?: "API" | "API_AND_CONFIG_MAP";
    readonly bootstrapClusterCreatorAdminPermissions?: boolean;
    readonly accessEntries?: readonly AccessEntryConfig[];
  };
  readonly karpenter?: {
    readonly version?: string;
    readonly createServiceAccount?: boolean;
    readonly defaultInstanceProfile?: string;
    readonly withSpotInterruptionQueue?: boolean;
  };
}

const NO_NODE_GROUPS =
  "nodeless has no node groups: remove this field; pods that no Fargate profile selects get nodes from the NodePool";
const LATER = "not supported by nodeless yet: remove this field";

const selector = object({ namespace: string, labels: stringMap });

const fargateProfile = object(
  {
    name: string,
    podExecutionRoleARN: string,
    selectors: listOf(selector),
    subnets: listOf(string),
    tags: stringMap,
    status: string,
  },
  // Posts write the AWS CLI's spelling; eksctl itself refuses it.
  { podExecutionRoleArn: "podExecutionRoleARN" },
);

const addon = object({
  name: string,
  version: string,
  configurationValues: string,
  resolveConflicts: oneOf("none", "overwrite", "preserve"),
  serviceAccountRoleARN: string,
  tags: stringMap,
});

const accessEntry = object({
  principalARN: string,
  type: oneOf("STANDARD", "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX"),
  kubernetesGroups: listOf(string),
  kubernetesUsername: string,
  accessPolicies: listOf(
    object({
      policyARN: string,
      accessScope: object({ type: oneOf("cluster", "namespace"), namespaces: listOf(string) }),
    }),
  ),
});

const vpc = object({
  cidr: string,
  nat: object({ gateway: oneOf("Single", "HighlyAvailable", "Disable") }),
  clusterEndpoints: object({ publicAccess: boolean, privateAccess: boolean }),
  publicAccessCIDRs: listOf(string),
  id: refused(`existing VPCs are ${LATER}`),
  subnets: refused(`existing subnets are ${LATER}`),
});

const iam = object({
  withOIDC: boolean,
  serviceRoleARN: string,
  fargatePodExecutionRoleARN: string,
  vpcResourceControllerPolicy: boolean,
  serviceAccounts: refused(LATER),
  podIdentityAssociations: refused(LATER),
});

const SHAPE = {
  apiVersion: oneOf("eksctl.io/v1alpha5"),
  kind: oneOf("ClusterConfig"),
  metadata: object({ name: string, region: string, version: string, tags: stringMap, annotations: stringMap }),
  kubernetesNetworkConfig: object({ serviceIPv4CIDR: string, ipFamily: oneOf("IPv4", "ipv4") }),
  iam,
  vpc,
  availabilityZones: listOf(string),
  fargateProfiles: listOf(fargateProfile),
  addons: listOf(addon),
  addonsConfig: object({ disableDefaultAddons: boolean }),
  accessConfig: object({
    authenticationMode: oneOf("API", "API_AND_CONFIG_MAP"),
    bootstrapClusterCreatorAdminPermissions: boolean,
    accessEntries: listOf(accessEntry),
  }),
  karpenter: object({
    version: string,
    createServiceAccount: boolean,
    defaultInstanceProfile: string,
    withSpotInterruptionQueue: boolean,
  }),
  nodeGroups: refused(NO_NODE_GROUPS),
  managedNodeGroups: refused(NO_NODE_GROUPS),
  autoModeConfig: refused("EKS Auto Mode and nodeless do the same work: remove this field"),
  cloudWatch: refused(LATER),
  secretsEncryption: refused(LATER),
  privateCluster: refused(LATER),
  identityProviders: refused(LATER),
  iamIdentityMappings: refused(LATER),
} satisfies Record<string, Reader<unknown>>;

/** Reads an eksctl ClusterConfig (`eksctl.io/v1alpha5`), the subset of eks-bootstrap §2 that nodeless acts on. */
export const readClusterConfig: Reader<ClusterConfig> = object(SHAPE);
