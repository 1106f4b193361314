import { createHash } from "node:crypto";
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { CLUSTER_TAG, type StepContext, unlessNamed } from "./step.ts";

/** A role as the spec wants it. */
export interface RoleWish {
  /** At most 64 characters after shortening; see {@link roleName}. */
  readonly name: string;
  readonly description: string;
  readonly trust: object;
  readonly managedPolicies: readonly string[];
  readonly inlinePolicies?: Readonly<Record<string, object>>;
}

const ROLE_NAME_CHARACTERS_MAX = 64;

/** `prefix-cluster`; long cluster names are cut and made unique by a hash. */
export function roleName(prefix: string, clusterName: string): string {
  const name = `${prefix}-${clusterName}`;
  if (name.length <= ROLE_NAME_CHARACTERS_MAX) return name;
  const hash = createHash("sha256").update(clusterName).digest("hex").slice(0, 8);
  return `${name.slice(0, ROLE_NAME_CHARACTERS_MAX - 9)}-${hash}`;
}

/** Trust policy for a service principal, with optional conditions. */
export function serviceTrust(service: string, condition?: object): object {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Service: service },
        Action: "sts:AssumeRole",
        ...(condition === undefined ? {} : { Condition: condition }),
      },
    ],
  };
}

/** Creates the role or corrects its trust policy; attaching and putting policies are idempotent by themselves. */
export async function ensureRole(
  context: StepContext,
  wish: RoleWish,
): Promise<{ readonly arn: string; readonly created: boolean }> {
  const { iam } = context.aws;
  const found = await unlessNamed(
    ["NoSuchEntityException", "NoSuchEntity"],
    async () => (await iam.send(new GetRoleCommand({ RoleName: wish.name }))).Role,
    async () => undefined,
  );
  const role = found ?? (await createRole(context, wish));
  if (found !== undefined && !sameDocument(found.AssumeRolePolicyDocument, wish.trust)) {
    await iam.send(
      new UpdateAssumeRolePolicyCommand({ RoleName: wish.name, PolicyDocument: JSON.stringify(wish.trust) }),
    );
  }
  for (const policy of wish.managedPolicies) {
    await iam.send(
      new AttachRolePolicyCommand({
        RoleName: wish.name,
        PolicyArn: `arn:${context.facts.partition ?? "aws"}:iam::aws:policy/${policy}`,
      }),
    );
  }
  for (const [name, document] of Object.entries(wish.inlinePolicies ?? {})) {
    await iam.send(
      new PutRolePolicyCommand({ RoleName: wish.name, PolicyName: name, PolicyDocument: JSON.stringify(document) }),
    );
  }
  return { arn: role?.Arn ?? "", created: found === undefined };
}

async function createRole(
  context: StepContext,
  { name, description, trust }: RoleWish,
): Promise<{ readonly Arn: string | undefined } | undefined> {
  const { spec, aws } = context;
  const tags = Object.entries({ ...spec.tags, [CLUSTER_TAG]: spec.name }).map(([Key, Value]) => ({ Key, Value }));
  const answer = await aws.iam.send(
    new CreateRoleCommand({
      RoleName: name,
      Description: description,
      AssumeRolePolicyDocument: JSON.stringify(trust),
      Tags: tags,
    }),
  );
  return answer.Role === undefined ? undefined : { Arn: answer.Role.Arn };
}

function sameDocument(encoded: string | undefined, wish: object): boolean {
  try {
    return JSON.stringify(JSON.parse(decodeURIComponent(encoded ?? ""))) === JSON.stringify(wish);
  } catch {
    return false;
  }
}
