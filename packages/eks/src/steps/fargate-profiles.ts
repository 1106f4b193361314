import { ensureFargateProfile } from "../fargate-profiles.ts";
import type { FargateProfileSpec } from "../spec/cluster-spec.ts";
import { fact, type Step } from "./step.ts";

/** One step per profile, in order: EKS creates them one at a time. */
export function fargateProfileStep(profile: FargateProfileSpec): Step {
  return {
    id: `fargate-profile/${profile.name}`,
    title: `Fargate profile ${profile.name}`,
    async run(context) {
      const { aws, clock, signal, pollMs, spec } = context;
      const change = await ensureFargateProfile(
        { eks: aws.eks, clusterName: spec.name, clock, signal, pollMs },
        profile,
        fact(context, "fargateRoleArn"),
      );
      const selectors = profile.selectors.map(({ namespace, labels }) =>
        [namespace, ...Object.entries(labels ?? {}).map(([key, value]) => `${key}=${value}`)].join(" "),
      );
      return { change, detail: selectors.join(", ") };
    },
  };
}
