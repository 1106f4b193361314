import { ensureRole, roleName, serviceTrust } from "./iam-role.ts";
import { type Facts, fact, type Step, type StepContext } from "./step.ts";

/** The roles that exist before the cluster: EKS's own, Fargate pod execution, and the nodes'. */
export const rolesStep: Step = {
  id: "roles",
  title: "IAM roles",
  async run(context) {
    const { spec, facts } = context;
    const created: string[] = [];
    const ensure = async (
      key: keyof Facts & ("clusterRoleArn" | "fargateRoleArn" | "nodeRoleArn"),
      given: string | undefined,
      wish: Parameters<typeof ensureRole>[1],
    ): Promise<void> => {
      if (given !== undefined) {
        facts[key] = given;
        return;
      }
      const role = await ensureRole(context, wish);
      facts[key] = role.arn;
      if (role.created) created.push(wish.name);
    };
    await ensure("clusterRoleArn", spec.clusterRoleArn, clusterRole(context));
    await ensure("fargateRoleArn", spec.fargatePodExecutionRoleArn, fargateRole(context));
    const node = nodeRole(context);
    facts.nodeRoleName = node.name;
    await ensure("nodeRoleArn", undefined, node);
    return {
      change: created.length > 0 ? "created" : "unchanged",
      detail: created.length > 0 ? created.join(", ") : "all present",
    };
  },
};

function clusterRole({ spec }: StepContext): Parameters<typeof ensureRole>[1] {
  return {
    name: roleName("nodeless-cluster", spec.name),
    description: "EKS cluster role (made by nodeless)",
    trust: {
      Version: "2012-10-17",
      Statement: [
        { Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: ["sts:AssumeRole", "sts:TagSession"] },
      ],
    },
    managedPolicies: ["AmazonEKSClusterPolicy", "AmazonEKSVPCResourceController"],
  };
}

function fargateRole(context: StepContext): Parameters<typeof ensureRole>[1] {
  const { spec } = context;
  const source = `arn:${fact(context, "partition")}:eks:${spec.region}:${fact(context, "accountId")}:fargateprofile/${spec.name}/*`;
  return {
    name: fargateRoleName(spec.name),
    description: "EKS Fargate pod execution role (made by nodeless)",
    // Without the condition any account's Fargate could be made to use the role (confused deputy).
    trust: serviceTrust("eks-fargate-pods.amazonaws.com", { ArnLike: { "aws:SourceArn": source } }),
    managedPolicies: ["AmazonEKSFargatePodExecutionRolePolicy"],
  };
}

function nodeRole({ spec }: StepContext): Parameters<typeof ensureRole>[1] {
  return {
    name: roleName("KarpenterNodeRole", spec.name),
    description: "Role of the nodes that the provisioner launches (made by nodeless)",
    trust: serviceTrust("ec2.amazonaws.com"),
    managedPolicies: [
      "AmazonEKSWorkerNodePolicy",
      "AmazonEKS_CNI_Policy",
      "AmazonEC2ContainerRegistryPullOnly",
      "AmazonSSMManagedInstanceCore",
    ],
  };
}

/** The execution role made with a cluster. */
export function fargateRoleName(clusterName: string): string {
  return roleName("nodeless-fargate", clusterName);
}
