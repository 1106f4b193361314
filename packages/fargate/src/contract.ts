import type { Pod } from "@nodeless/api";

/** A Fargate profile as matching needs it. */
export interface FargateProfile {
  readonly name: string;
  readonly status: "CREATING" | "ACTIVE" | "DELETING" | "CREATE_FAILED" | "DELETE_FAILED";
  readonly podExecutionRoleArn: string;
  readonly subnetIds: readonly string[];
  readonly selectors: readonly { readonly namespace: string; readonly labels?: Readonly<Record<string, string>> }[];
}

/** What the EKS control plane knows of AWS; the composition root implements it over the local AWS state. */
export interface FargateBackend {
  /** Profiles of this cluster, any status. */
  profiles(): readonly FargateProfile[];
  /**
   * Allocates an elastic network interface for one pod in one of the profile's subnets, in `zone` when given.
   * A string result is a refusal: the documented event text.
   */
  allocateMicroVm(profile: FargateProfile, pod: Pod, zone: string | undefined): MicroVmAddress | string;
  releaseMicroVm(ip: string): void;
  /** After a restart: marks an address as taken again. */
  adoptMicroVm(ip: string): void;
}

export interface MicroVmAddress {
  readonly ip: string;
  readonly zone: string;
}

/** How long Fargate takes, in milliseconds (realistic: 30,000–60,000 until the node registers). */
export interface FargateTimings {
  readonly microVmBootMs: number;
  readonly retryMs: number;
}
