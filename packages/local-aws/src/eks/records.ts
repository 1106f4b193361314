/** A problem EKS reports about a resource. */
export interface HealthIssue {
  readonly code: string;
  readonly message: string;
  readonly resourceIds: readonly string[];
}

type Tags = Readonly<Record<string, string>>;

export interface ClusterRecord {
  readonly name: string;
  readonly arn: string;
  readonly version: string;
  readonly roleArn: string;
  readonly status: "CREATING" | "ACTIVE" | "DELETING" | "FAILED" | "UPDATING";
  /** ISO time. */
  readonly createdAt: string;
  readonly vpcId: string;
  readonly subnetIds: readonly string[];
  readonly securityGroupIds: readonly string[];
  readonly clusterSecurityGroupId: string;
  readonly endpointPublicAccess: boolean;
  readonly endpointPrivateAccess: boolean;
  readonly publicAccessCidrs: readonly string[];
  readonly serviceIpv4Cidr: string;
  readonly oidcIssuer: string;
  readonly authenticationMode: "API" | "API_AND_CONFIG_MAP" | "CONFIG_MAP";
  /** ARN with administrator's rights from the start, if asked for. */
  readonly creatorArn: string | undefined;
  readonly supportType: "STANDARD" | "EXTENDED";
  readonly deletionProtection: boolean;
  /** Control plane logs that are switched on. */
  readonly enabledLogs?: readonly string[];
  readonly health: readonly HealthIssue[];
  readonly tags: Tags;
}

/** A change of a cluster that takes its time. */
export interface UpdateRecord {
  readonly id: string;
  readonly clusterName: string;
  readonly type: string;
  readonly status: "InProgress" | "Successful";
  readonly createdAt: string;
  readonly params: readonly { readonly type: string; readonly value: string }[];
  /** What the cluster becomes when the update is done. */
  readonly fields: Partial<ClusterRecord>;
}

export interface FargateProfileRecord {
  readonly name: string;
  readonly clusterName: string;
  readonly arn: string;
  readonly status: "CREATING" | "ACTIVE" | "DELETING" | "CREATE_FAILED" | "DELETE_FAILED";
  readonly createdAt: string;
  readonly podExecutionRoleArn: string;
  readonly subnetIds: readonly string[];
  readonly selectors: readonly { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }[];
  readonly health: readonly HealthIssue[];
  readonly tags: Tags;
}

export interface AddonRecord {
  readonly name: string;
  readonly clusterName: string;
  readonly arn: string;
  readonly version: string;
  readonly createdAt: string;
  readonly modifiedAt: string;
  /** As given; parsed when it is installed. */
  readonly configurationValues: string | undefined;
  readonly serviceAccountRoleArn: string | undefined;
  /** False until its manifests were applied: a restart tries again. */
  readonly installed: boolean;
  readonly failure: string | undefined;
  readonly deleting: boolean;
  readonly tags: Tags;
}

export interface AccessEntryRecord {
  readonly clusterName: string;
  readonly principalArn: string;
  readonly arn: string;
  readonly type: string;
  readonly username: string;
  readonly groups: readonly string[];
  readonly createdAt: string;
  readonly modifiedAt: string;
  readonly policies: readonly {
    readonly policyArn: string;
    readonly scopeType: "cluster" | "namespace";
    readonly namespaces: readonly string[];
    readonly associatedAt: string;
  }[];
  readonly tags: Tags;
}
