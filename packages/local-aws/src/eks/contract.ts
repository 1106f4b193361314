import type { Clock, Logger, Random } from "@nodeless/environment";
import type { AwsTimings, ClusterEndpoint, ClusterHost } from "../contract.ts";
import type { Ec2Service } from "../ec2/contract.ts";
import type { LocalState } from "../state/local-state.ts";
import type { HandlerMap } from "../wire/handlers.ts";
import type { FargateProfileRecord } from "./records.ts";

/** Everything local EKS needs. */
export interface EksDependencies {
  readonly state: LocalState;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly timings: AwsTimings;
  readonly region: string;
  readonly accountId: string;
  readonly clusters: ClusterHost;
  /** True if the role exists and its trust policy allows the service. */
  readonly roleTrusts: (roleArn: string, servicePrincipal: string) => boolean;
  readonly ec2: Pick<
    Ec2Service,
    "subnet" | "subnetIsPublic" | "createClusterSecurityGroup" | "deleteClusterSecurityGroup"
  >;
}

/** Local EKS: its operations, and what the rest of the local cloud asks of it in process. */
export interface EksService {
  readonly handlers: HandlerMap;
  /** Profiles of a cluster by name, any status. */
  fargateProfiles(clusterName: string): readonly FargateProfileRecord[];
  /** The running Kubernetes side of a cluster, e.g. for its token keys. */
  endpointOf(clusterName: string): ClusterEndpoint | undefined;
  /** The running cluster with this OIDC issuer. */
  endpointOfIssuer(issuer: string): ClusterEndpoint | undefined;
  /** Who an IAM principal is in a cluster, by its access entries; undefined: nobody. */
  userOf(
    clusterName: string,
    principalArn: string,
  ): { readonly username: string; readonly groups: readonly string[] } | undefined;
  /** Starts the clusters that existed when the process ended. Timers of LocalState are armed afterwards. */
  resume(): Promise<void>;
}
