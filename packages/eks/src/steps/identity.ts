import { GetCallerIdentityCommand } from "@aws-sdk/client-sts";
import type { Step } from "./step.ts";

/** Learns the account, so that ARNs can be written. */
export const identityStep: Step = {
  id: "identity",
  title: "AWS account",
  async run({ aws, facts, spec }) {
    const identity = await aws.sts.send(new GetCallerIdentityCommand({}));
    facts.accountId = identity.Account ?? "";
    facts.partition = (identity.Arn ?? "arn:aws:").split(":")[1] ?? "aws";
    return { change: "unchanged", detail: `${facts.accountId} in ${spec.region}` };
  },
};
