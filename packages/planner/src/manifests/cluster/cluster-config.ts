import { clusterSpec, InvalidClusterFileError, parseClusterFile } from "@nodeless/eks/spec";
import type { FargateProfile } from "@nodeless/fargate";
import type { InputNotice } from "../../contract.ts";
import { placeOf, reporter } from "../documents/parsed-document.ts";
import type { ObjectSet } from "../expansion/object-set.ts";
import type { ProblemList } from "../problem.ts";
import { parsePath } from "../schema/check-document.ts";

/** What a ClusterConfig says, or what the default cluster is. */
export interface ClusterFacts {
  readonly fargateProfiles: readonly FargateProfile[];
  /** Undefined when no ClusterConfig names one. */
  readonly region: string | undefined;
  /** Empty when no ClusterConfig names any. */
  readonly availabilityZones: readonly string[];
  /** What Provisioners without a template's profile launch with. */
  readonly defaultInstanceProfile: string | undefined;
  /** Names of the EKS add-ons: the default ones, unless the ClusterConfig says otherwise. */
  readonly addons: readonly string[];
  readonly notices: readonly InputNotice[];
}

/** The cluster of the input, completed exactly as `nodeless up` does. A second ClusterConfig is a problem. */
export function clusterFacts(objects: ObjectSet, problems: ProblemList): ClusterFacts {
  const [config, second] = objects.of("ClusterConfig");
  if (config === undefined) return factsOf(undefined);
  if (second !== undefined)
    reporter(second.document, problems)(
      [],
      `a second ClusterConfig, after ${placeOf(config.document)}: one plan is for one cluster, give the files of one`,
    );
  const { document } = config;
  try {
    const file = parseClusterFile(document.paddedText(), document.at.file);
    return factsOf(file, document.at);
  } catch (error) {
    if (!(error instanceof InvalidClusterFileError)) throw error;
    for (const problem of error.problems)
      problems.add({ ...problem, line: problem.line ?? document.lineOf(parsePath(problem.path)) });
    return factsOf(undefined);
  }
}

function factsOf(file: ReturnType<typeof parseClusterFile> | undefined, at?: InputNotice["at"]): ClusterFacts {
  const { spec, notices } = clusterSpec(file, {});
  return {
    fargateProfiles: spec.fargateProfiles.map(
      ({ name, selectors, subnets, podExecutionRoleArn }): FargateProfile => ({
        name,
        status: "ACTIVE",
        podExecutionRoleArn: podExecutionRoleArn ?? "",
        subnetIds: subnets,
        selectors,
      }),
    ),
    region: file?.config?.metadata?.region,
    availabilityZones: spec.availabilityZones,
    addons: spec.addons.map(({ name }) => name),
    defaultInstanceProfile: file?.config?.karpenter?.defaultInstanceProfile,
    notices: notices.map(({ message }) => ({ subject: undefined, at, message })),
  };
}
