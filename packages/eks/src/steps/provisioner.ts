import { AddRoleToInstanceProfileCommand, CreateInstanceProfileCommand } from "@aws-sdk/client-iam";
import { CreateQueueCommand } from "@aws-sdk/client-sqs";
import { controllerPolicy } from "../provisioner/controller-policy.ts";
import { provisionerApiManifests, provisionerManifests } from "../provisioner/manifests.ts";
import { applyAll } from "./apply-all.ts";
import { ensureRole, roleName } from "./iam-role.ts";
import { CLUSTER_TAG, fact, type Step, type StepContext, unlessNamed } from "./step.ts";

/** Interruption messages are worthless after five minutes. */
const QUEUE_RETENTION_SECONDS = "300";

/** Role, queue and (for the old API) instance profile of the provisioner in AWS. */
export const provisionerIdentityStep: Step = {
  id: "provisioner-identity",
  title: "provisioner role and queue",
  async run(context) {
    const { spec, facts, aws } = context;
    const issuer = fact(context, "oidcIssuer").replace(/^https:\/\//, "");
    const partition = fact(context, "partition");
    const accountId = fact(context, "accountId");
    const role = await ensureRole(context, {
      name: roleName("KarpenterControllerRole", spec.name),
      description: "Role of the provisioner (made by nodeless)",
      trust: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Federated: `arn:${partition}:iam::${accountId}:oidc-provider/${issuer}` },
            Action: "sts:AssumeRoleWithWebIdentity",
            Condition: {
              StringEquals: {
                [`${issuer}:aud`]: "sts.amazonaws.com",
                [`${issuer}:sub`]: `system:serviceaccount:${spec.provisioner.namespace}:karpenter`,
              },
            },
          },
        ],
      },
      managedPolicies: [],
      inlinePolicies: {
        controller: controllerPolicy({
          partition,
          region: spec.region,
          accountId,
          clusterName: spec.name,
          nodeRoleArn: fact(context, "nodeRoleArn"),
        }),
      },
    });
    facts.controllerRoleArn = role.arn;
    await aws.sqs.send(
      new CreateQueueCommand({
        QueueName: spec.name,
        Attributes: { MessageRetentionPeriod: QUEUE_RETENTION_SECONDS },
        tags: { [CLUSTER_TAG]: spec.name },
      }),
    );
    if (usesOldApi(context)) await ensureInstanceProfile(context);
    return { change: role.created ? "created" : "unchanged", detail: role.arn };
  },
};

/** The kinds of the provisioner's API: pools may be made before anybody works on them. */
export const provisionerApiStep: Step = {
  id: "provisioner-api",
  title: "provisioner's API",
  async run(context) {
    const objects = provisionerApiManifests();
    const { change } = await applyAll(context, objects);
    return { change, detail: `${objects.length} CustomResourceDefinitions` };
  },
};

/** The provisioner itself: service account, roles and the `karpenter` Deployment. */
export const provisionerStep: Step = {
  id: "provisioner",
  title: "provisioner",
  async run(context) {
    const { spec } = context;
    const environment = {
      SYSTEM_NAMESPACE: spec.provisioner.namespace,
      CLUSTER_NAME: spec.name,
      CLUSTER_ENDPOINT: fact(context, "endpoint"),
      INTERRUPTION_QUEUE: spec.name,
      DEFAULT_INSTANCE_PROFILE: defaultInstanceProfile(context),
      ...context.provisionerEnvironment,
    };
    const { namespace, replicas } = spec.provisioner;
    const objects = provisionerManifests({
      namespace,
      replicas,
      image: context.provisionerImage,
      controllerRoleArn: fact(context, "controllerRoleArn"),
      environment,
    });
    const { change } = await applyAll(context, objects);
    return { change, detail: `Deployment ${namespace}/karpenter, ${replicas} replicas` };
  },
};

function usesOldApi({ spec }: StepContext): boolean {
  return (
    spec.provisioner.defaultInstanceProfile !== undefined ||
    spec.pools.some(({ object }) => object.kind === "AWSNodeTemplate" || object.kind === "Provisioner")
  );
}

function defaultInstanceProfile({ spec }: StepContext): string {
  return spec.provisioner.defaultInstanceProfile ?? `KarpenterNodeInstanceProfile-${spec.name}`;
}

async function ensureInstanceProfile(context: StepContext): Promise<void> {
  const { iam } = context.aws;
  const InstanceProfileName = defaultInstanceProfile(context);
  const ignore = async (): Promise<void> => {};
  await unlessNamed(
    ["EntityAlreadyExistsException", "EntityAlreadyExists"],
    async () => void (await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName }))),
    ignore,
  );
  // A profile holds one role: LimitExceeded means that it has it already.
  await unlessNamed(
    ["LimitExceededException", "LimitExceeded"],
    async () =>
      void (await iam.send(
        new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName: fact(context, "nodeRoleName") }),
      )),
    ignore,
  );
}
