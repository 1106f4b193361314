import { CreateOpenIDConnectProviderCommand, ListOpenIDConnectProvidersCommand } from "@aws-sdk/client-iam";
import { CLUSTER_TAG, fact, type Step, type StepOutcome, unlessNamed } from "./step.ts";

/** The IAM OIDC provider of the cluster's issuer: the provisioner on Fargate has no other way to AWS credentials (IRSA). */
export const oidcProviderStep: Step = {
  id: "oidc",
  title: "IAM OIDC provider",
  async run(context) {
    const { aws, spec } = context;
    const issuer = fact(context, "oidcIssuer");
    const suffix = `oidc-provider/${issuer.replace(/^https:\/\//, "")}`;
    const present = await aws.iam.send(new ListOpenIDConnectProvidersCommand({}));
    if ((present.OpenIDConnectProviderList ?? []).some(({ Arn }) => Arn?.endsWith(suffix)))
      return { change: "unchanged", detail: issuer };
    return unlessNamed<StepOutcome>(
      ["EntityAlreadyExistsException", "EntityAlreadyExists"],
      async () => {
        await aws.iam.send(
          new CreateOpenIDConnectProviderCommand({
            Url: issuer,
            ClientIDList: ["sts.amazonaws.com"],
            Tags: [{ Key: CLUSTER_TAG, Value: spec.name }],
          }),
        );
        return { change: "created", detail: issuer };
      },
      async () => ({ change: "unchanged", detail: issuer }),
    );
  },
};
