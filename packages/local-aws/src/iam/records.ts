export interface TagRecord {
  readonly Key: string;
  readonly Value: string;
}

/** Dates are ISO text. */
export interface RoleRecord {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly createdAt: string;
  /** JSON text as the caller gave it. */
  readonly trustPolicy: string;
  readonly description: string | null;
  readonly maxSessionSeconds: number;
  readonly tags: readonly TagRecord[];
  /** [name, JSON text] */
  readonly inlinePolicies: readonly (readonly [string, string])[];
  readonly attachedPolicyArns: readonly string[];
  readonly permissionsBoundary: string | null;
}

export interface InstanceProfileRecord {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly createdAt: string;
  readonly roleName: string | null;
  readonly tags: readonly TagRecord[];
}

export interface PolicyVersionRecord {
  /** `v1`, `v2`, … */
  readonly id: string;
  readonly document: string;
  readonly createdAt: string;
}

export interface PolicyRecord {
  readonly name: string;
  readonly path: string;
  readonly id: string;
  readonly arn: string;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly description: string | null;
  readonly tags: readonly TagRecord[];
  readonly versions: readonly PolicyVersionRecord[];
  readonly defaultVersionId: string;
  /** Number of the next version; numbers are never used twice. */
  readonly nextVersion: number;
}

export interface OidcProviderRecord {
  readonly arn: string;
  /** Issuer without `https://`. */
  readonly url: string;
  readonly clientIds: readonly string[];
  readonly thumbprints: readonly string[];
  readonly createdAt: string;
  readonly tags: readonly TagRecord[];
}
