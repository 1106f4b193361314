import { CreateTagsCommand } from "@aws-sdk/client-ec2";
import { type Cluster, CreateClusterCommand, DescribeClusterCommand } from "@aws-sdk/client-eks";
import { CLUSTER_TAG, errorName, fact, poll, type Step, type StepContext, unlessNamed } from "./step.ts";

/** EKS needs 8–12 minutes; a cluster that is still CREATING after this is worth a human's look. */
const CLUSTER_TIMEOUT_MS = 30 * 60_000;
/** A new role is not visible to EKS at once. */
const ROLE_PROPAGATION_MS = 60_000;

/** The EKS cluster itself: created, or taken up when it carries our tag; then waited for. */
export const controlPlaneStep: Step = {
  id: "control-plane",
  title: "EKS cluster",
  async run(context) {
    const { spec } = context;
    const existing = await describe(context);
    if (existing === undefined) await create(context);
    else if (existing.tags?.[CLUSTER_TAG] !== spec.name) {
      throw new Error(
        `a cluster named ${spec.name} exists in ${spec.region} and was not made by nodeless: choose another metadata.name`,
      );
    } else if (existing.version !== undefined && existing.version !== spec.version) {
      throw new Error(
        `cluster ${spec.name} runs Kubernetes ${existing.version}, the file asks for ${spec.version}: upgrades are not made here; set metadata.version: "${existing.version}"`,
      );
    }
    const cluster = await waitUntilActive(context);
    remember(context, cluster);
    await discoverable(context, fact(context, "clusterSecurityGroupId"));
    return {
      change: existing === undefined ? "created" : "unchanged",
      detail: `${spec.name} ${spec.version} at ${cluster.endpoint ?? ""}`,
    };
  },
};

async function describe({ aws, spec }: StepContext): Promise<Cluster | undefined> {
  return unlessNamed(
    ["ResourceNotFoundException"],
    async () => (await aws.eks.send(new DescribeClusterCommand({ name: spec.name }))).cluster,
    async () => undefined,
  );
}

async function create(context: StepContext): Promise<void> {
  const { aws, spec } = context;
  const subnetIds = [...fact(context, "publicSubnetIds"), ...fact(context, "privateSubnetIds")];
  const command = new CreateClusterCommand({
    name: spec.name,
    version: spec.version,
    roleArn: fact(context, "clusterRoleArn"),
    resourcesVpcConfig: {
      subnetIds,
      endpointPublicAccess: spec.endpointPublicAccess,
      endpointPrivateAccess: spec.endpointPrivateAccess,
      ...(spec.publicAccessCidrs.length > 0 ? { publicAccessCidrs: [...spec.publicAccessCidrs] } : {}),
    },
    accessConfig: {
      authenticationMode: spec.authenticationMode,
      bootstrapClusterCreatorAdminPermissions: spec.creatorIsAdmin,
    },
    // No add-on pod exists before its Fargate profile does: that removes the whole restart problem.
    bootstrapSelfManagedAddons: false,
    kubernetesNetworkConfig: { serviceIpv4Cidr: spec.serviceIpv4Cidr },
    tags: { ...spec.tags, [CLUSTER_TAG]: spec.name },
  });
  await poll(
    context,
    ROLE_PROPAGATION_MS,
    async () => {
      try {
        await aws.eks.send(command);
        return true;
      } catch (error) {
        if (errorName(error) === "InvalidParameterException" && /role/i.test((error as Error).message))
          return undefined;
        throw error;
      }
    },
    () =>
      `EKS does not accept role ${fact(context, "clusterRoleArn")}: check that it exists and trusts eks.amazonaws.com`,
  );
}

async function waitUntilActive(context: StepContext): Promise<Cluster> {
  return poll(
    context,
    CLUSTER_TIMEOUT_MS,
    async () => {
      const cluster = await describe(context);
      if (cluster?.status === "FAILED") {
        const issues = (cluster.health?.issues ?? []).map(({ code, message }) => `${code}: ${message}`).join("; ");
        throw new Error(
          `cluster ${context.spec.name} is FAILED${issues === "" ? "" : ` (${issues})`}: delete it and run the command again`,
        );
      }
      return cluster?.status === "ACTIVE" || cluster?.status === "UPDATING" ? cluster : undefined;
    },
    () => `cluster ${context.spec.name} is not ACTIVE after 30 minutes; run the command again to go on waiting`,
  );
}

function remember({ facts, spec, connect }: StepContext, cluster: Cluster): void {
  const endpoint = cluster.endpoint ?? "";
  const certificateAuthorityPem = Buffer.from(cluster.certificateAuthority?.data ?? "", "base64").toString();
  facts.clusterArn = cluster.arn ?? "";
  facts.endpoint = endpoint;
  facts.certificateAuthorityPem = certificateAuthorityPem;
  facts.oidcIssuer = cluster.identity?.oidc?.issuer ?? "";
  facts.clusterSecurityGroupId = cluster.resourcesVpcConfig?.clusterSecurityGroupId ?? "";
  facts.kubernetes = connect({ name: spec.name, region: spec.region, endpoint, certificateAuthorityPem });
}

/** Nodes carry the cluster's own security group, so that pods on Fargate and on EC2 reach each other. */
async function discoverable({ aws, spec }: StepContext, groupId: string): Promise<void> {
  await aws.ec2.send(
    new CreateTagsCommand({ Resources: [groupId], Tags: [{ Key: "karpenter.sh/discovery", Value: spec.name }] }),
  );
}
