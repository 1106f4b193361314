import { absentKindHandlers } from "./absent-kinds.ts";
import { accessEntryHandlers, userOf } from "./access-entries.ts";
import { addonHandlers, resumeAddons } from "./addons.ts";
import { clusterHandlers, resumeClusters } from "./clusters.ts";
import type { EksDependencies, EksService } from "./contract.ts";
import { EksState } from "./eks-state.ts";
import { fargateProfileHandlers } from "./fargate-profiles.ts";
import { tagHandlers } from "./tags.ts";
import { updateHandlers } from "./updates.ts";

/** Local EKS. Clusters come to life through `ClusterHost`. */
export function createEks(dependencies: EksDependencies): EksService {
  const eks = new EksState(dependencies);
  return {
    handlers: {
      ...clusterHandlers(eks),
      ...fargateProfileHandlers(eks),
      ...addonHandlers(eks),
      ...accessEntryHandlers(eks),
      ...tagHandlers(eks),
      ...updateHandlers(eks),
      ...absentKindHandlers(eks),
    },
    fargateProfiles: (clusterName) => eks.profilesOf(clusterName),
    endpointOf: (clusterName) => eks.endpoints.get(clusterName),
    endpointOfIssuer(issuer) {
      const cluster = eks.clusters.find(({ oidcIssuer }) => oidcIssuer === issuer);
      return cluster === undefined ? undefined : eks.endpoints.get(cluster.name);
    },
    userOf: (clusterName, principalArn) => userOf(eks, clusterName, principalArn),
    async resume() {
      await resumeClusters(eks);
      resumeAddons(eks);
    },
  };
}
