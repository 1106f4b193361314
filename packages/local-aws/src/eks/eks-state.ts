import type { ClusterEndpoint } from "../contract.ts";
import type { Collection } from "../state/collection.ts";
import type { EksDependencies } from "./contract.ts";
import { clusterNotFound } from "./eks-errors.ts";
import type { AccessEntryRecord, AddonRecord, ClusterRecord, FargateProfileRecord, UpdateRecord } from "./records.ts";

/** Tables of local EKS and the running side of its clusters. */
export class EksState {
  readonly dependencies: EksDependencies;
  readonly clusters: Collection<ClusterRecord>;
  readonly profiles: Collection<FargateProfileRecord>;
  readonly addons: Collection<AddonRecord>;
  readonly accessEntries: Collection<AccessEntryRecord>;
  readonly updates: Collection<UpdateRecord>;
  /** Of clusters whose Kubernetes side answers in this process. */
  readonly endpoints: Map<string, ClusterEndpoint> = new Map();

  constructor(dependencies: EksDependencies) {
    const { state } = dependencies;
    this.dependencies = dependencies;
    this.clusters = state.collection("eks/cluster");
    this.profiles = state.collection("eks/fargateprofile");
    this.addons = state.collection("eks/addon");
    this.accessEntries = state.collection("eks/accessentry");
    this.updates = state.collection("eks/update");
  }

  /** Throws ResourceNotFoundException. */
  cluster(name: string | undefined): ClusterRecord {
    const record = this.clusters.get(name ?? "");
    if (record === undefined) throw clusterNotFound(name ?? "");
    return record;
  }

  profilesOf(clusterName: string): readonly FargateProfileRecord[] {
    return this.profiles
      .filter((profile) => profile.clusterName === clusterName)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** `arn:aws:eks:<region>:<account>:<resource>` */
  arn(resource: string): string {
    const { region, accountId } = this.dependencies;
    return `arn:aws:eks:${region}:${accountId}:${resource}`;
  }

  now(): string {
    return this.dependencies.clock.now().toISOString();
  }
}

/** Key of something that belongs to a cluster. */
export const keyOf = (clusterName: string, name: string): string => `${clusterName}/${name}`;
