import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateOpenIDConnectProviderCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  DeleteInstanceProfileCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetInstanceProfileCommand,
  GetOpenIDConnectProviderCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  ListPoliciesCommand,
  ListRolesCommand,
  PutRolePolicyCommand,
  paginateListRoles,
  RemoveRoleFromInstanceProfileCommand,
  TagRoleCommand,
  UntagRoleCommand,
  UpdateAssumeRolePolicyCommand,
} from "@aws-sdk/client-iam";
import { matches, type TrustRequest, trustAllows } from "../src/iam/trust-policy.ts";
import { createRole, refusal, startCloud, trust } from "./cloud-world.ts";

const EC2_TRUST = trust({ Service: "ec2.amazonaws.com" });
const READ = JSON.stringify({
  Version: "2012-10-17",
  Statement: { Effect: "Allow", Action: "ec2:Describe*", Resource: "*" },
});
const CNI = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy";

test("a role keeps its trust policy (URL-encoded on the wire), tags and id, also after a restart", async () => {
  await using world = await startCloud();
  const input = {
    RoleName: "r",
    Path: "/team/",
    AssumeRolePolicyDocument: EC2_TRUST,
    Tags: [{ Key: "a", Value: "1" }],
  };
  const { Role: created } = await world.iam.send(new CreateRoleCommand(input));
  assert.equal(created?.Arn, "arn:aws:iam::000000000000:role/team/r");
  assert.match(created?.RoleId ?? "", /^AROA[A-Z2-7]{17}$/);
  await world.iam.send(new TagRoleCommand({ RoleName: "r", Tags: [{ Key: "b", Value: "2" }] }));
  await world.iam.send(new UntagRoleCommand({ RoleName: "r", TagKeys: ["a"] }));
  const newTrust = trust({ Service: ["ec2.amazonaws.com", "eks.amazonaws.com"] });
  await world.iam.send(new UpdateAssumeRolePolicyCommand({ RoleName: "r", PolicyDocument: newTrust }));
  await using again = await world.restart();
  const { Role } = await again.iam.send(new GetRoleCommand({ RoleName: "r" }));
  assert.equal(Role?.RoleId, created?.RoleId);
  assert.deepEqual(Role?.CreateDate, created?.CreateDate);
  assert.deepEqual(Role?.Tags, [{ Key: "b", Value: "2" }]);
  assert.notEqual(Role?.AssumeRolePolicyDocument, newTrust);
  assert.equal(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ""), newTrust);
  assert.equal(again.aws.roleTrusts(Role?.Arn ?? "", "eks.amazonaws.com"), true);
  assert.equal(again.aws.roleTrusts(Role?.Arn ?? "", "eks-fargate-pods.amazonaws.com"), false);
  assert.equal(again.aws.roleTrusts("arn:aws:iam::000000000000:role/r", "ec2.amazonaws.com"), false);
});

test("CreateRole refuses what IAM refuses", async () => {
  await using world = await startCloud();
  await createRole(world, "r", EC2_TRUST);
  const statement = { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: "sts:AssumeRole" };
  const policy = (change: object): string =>
    JSON.stringify({ Version: "2012-10-17", Statement: [{ ...statement, ...change }] });
  for (const [rule, RoleName, AssumeRolePolicyDocument, want] of [
    ["same name", "r", EC2_TRUST, "EntityAlreadyExistsException: Role with name r already exists."],
    ["same name in other case", "R", EC2_TRUST, "EntityAlreadyExistsException: Role with name R already exists."],
    ["name length", "x".repeat(65), EC2_TRUST, "ValidationError: 1 validation error detected"],
    ["name characters", "a b", EC2_TRUST, "ValidationError: The specified value for roleName is invalid"],
    ["not JSON", "s", "{", "MalformedPolicyDocumentException: This policy contains invalid Json"],
    [
      "no principal",
      "s",
      policy({ Principal: undefined }),
      "MalformedPolicyDocumentException: Missing required field Principal",
    ],
    ["a resource", "s", policy({ Resource: "*" }), "MalformedPolicyDocumentException: Has prohibited field Resource"],
    [
      "other action",
      "s",
      policy({ Action: "ec2:RunInstances" }),
      "MalformedPolicyDocumentException: AssumeRole policy may only specify STS AssumeRole actions.",
    ],
    [
      "bare action",
      "s",
      policy({ Action: "AssumeRole" }),
      "MalformedPolicyDocumentException: Actions/Conditions must be prefaced by a vendor",
    ],
    [
      "wrong service",
      "s",
      policy({ Principal: { Service: "ec2" } }),
      'MalformedPolicyDocumentException: Invalid principal in policy: "SERVICE":"ec2"',
    ],
    ["wrong effect", "s", policy({ Effect: "Maybe" }), "MalformedPolicyDocumentException: Syntax errors in policy."],
  ] as const)
    assert.ok(
      (await refusal(world.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument })))).startsWith(want),
      rule,
    );
  assert.equal(
    await refusal(world.iam.send(new GetRoleCommand({ RoleName: "gone" }))),
    "NoSuchEntityException: The role with name gone cannot be found.",
  );
});

test("a role goes only when nothing hangs on it", async () => {
  await using world = await startCloud();
  const { iam } = world;
  await createRole(world, "r", EC2_TRUST);
  const remove = new DeleteRoleCommand({ RoleName: "r" });
  const profile = { InstanceProfileName: "p", RoleName: "r" };
  await iam.send(new CreateInstanceProfileCommand(profile));
  await iam.send(new AddRoleToInstanceProfileCommand(profile));
  await iam.send(new AttachRolePolicyCommand({ RoleName: "r", PolicyArn: CNI }));
  await iam.send(new PutRolePolicyCommand({ RoleName: "r", PolicyName: "in", PolicyDocument: READ }));
  assert.match(
    await refusal(iam.send(remove)),
    /^DeleteConflictException: .*must remove roles from instance profile first/,
  );
  assert.match(await refusal(iam.send(new DeleteInstanceProfileCommand(profile))), /^DeleteConflictException/);
  assert.match(await refusal(iam.send(new AddRoleToInstanceProfileCommand(profile))), /^LimitExceededException/);
  const { InstanceProfile } = await iam.send(new GetInstanceProfileCommand(profile));
  assert.equal(InstanceProfile?.Roles?.[0]?.Arn, "arn:aws:iam::000000000000:role/r");
  await iam.send(new RemoveRoleFromInstanceProfileCommand(profile));
  assert.match(await refusal(iam.send(remove)), /must detach all policies first/);
  await iam.send(new DetachRolePolicyCommand({ RoleName: "r", PolicyArn: CNI }));
  assert.match(await refusal(iam.send(remove)), /must delete policies first/);
  const { PolicyDocument } = await iam.send(new GetRolePolicyCommand({ RoleName: "r", PolicyName: "in" }));
  assert.equal(decodeURIComponent(PolicyDocument ?? ""), READ);
  await iam.send(new DeleteRolePolicyCommand({ RoleName: "r", PolicyName: "in" }));
  await iam.send(remove);
  assert.match(await refusal(iam.send(remove)), /^NoSuchEntityException/);
});

test("managed policies: AWS's own exist and do not change, ours have versions", async () => {
  await using world = await startCloud();
  const { iam } = world;
  const { Policies = [] } = await iam.send(new ListPoliciesCommand({ Scope: "AWS" }));
  const arns = Policies.map(({ Arn }) => Arn);
  for (const name of [
    "AmazonEKSClusterPolicy",
    "AmazonEKSVPCResourceController",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonSSMManagedInstanceCore",
    "AmazonEKSFargatePodExecutionRolePolicy",
  ])
    assert.ok(arns.includes(`arn:aws:iam::aws:policy/${name}`), name);
  assert.match(await refusal(iam.send(new DeletePolicyCommand({ PolicyArn: CNI }))), /^AccessDenied/);
  const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: "p", PolicyDocument: READ }));
  const PolicyArn = Policy?.Arn;
  assert.equal(PolicyArn, "arn:aws:iam::000000000000:policy/p");
  const other = READ.replace("Describe*", "Get*");
  await iam.send(new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: other, SetAsDefault: true }));
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId: "v2" }));
  assert.deepEqual([PolicyVersion?.IsDefaultVersion, decodeURIComponent(PolicyVersion?.Document ?? "")], [true, other]);
  assert.match(
    await refusal(iam.send(new DeletePolicyCommand({ PolicyArn }))),
    /^DeleteConflictException: This policy has more than one version/,
  );
  assert.match(
    await refusal(iam.send(new CreatePolicyCommand({ PolicyName: "p", PolicyDocument: READ }))),
    /^EntityAlreadyExistsException: A policy called p already exists/,
  );
  const large = JSON.stringify({
    Version: "2012-10-17",
    Statement: { Effect: "Allow", Action: "ec2:*", Resource: "x".repeat(6144) },
  });
  assert.match(
    await refusal(iam.send(new CreatePolicyCommand({ PolicyName: "q", PolicyDocument: large }))),
    /^LimitExceededException/,
  );
  await createRole(world, "r", EC2_TRUST);
  assert.match(
    await refusal(iam.send(new AttachRolePolicyCommand({ RoleName: "r", PolicyArn: "arn:aws:iam::aws:policy/Nope" }))),
    /^NoSuchEntityException: Policy arn:aws:iam::aws:policy\/Nope does not exist or is not attachable\./,
  );
});

test("OIDC providers have the issuer's ARN; service-linked roles exist once and are AWS's", async () => {
  await using world = await startCloud();
  const { iam } = world;
  const Url = "https://oidc.eks.ap-northeast-2.amazonaws.com/id/ABC";
  const provider = { Url, ClientIDList: ["sts.amazonaws.com"], ThumbprintList: ["0".repeat(40)] };
  const { OpenIDConnectProviderArn } = await iam.send(new CreateOpenIDConnectProviderCommand(provider));
  assert.equal(
    OpenIDConnectProviderArn,
    "arn:aws:iam::000000000000:oidc-provider/oidc.eks.ap-northeast-2.amazonaws.com/id/ABC",
  );
  const found = await iam.send(new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn }));
  assert.deepEqual([found.Url, found.ClientIDList], [Url.slice(8), ["sts.amazonaws.com"]]);
  assert.match(
    await refusal(iam.send(new CreateOpenIDConnectProviderCommand(provider))),
    /^EntityAlreadyExistsException/,
  );
  const spot = new CreateServiceLinkedRoleCommand({ AWSServiceName: "spot.amazonaws.com" });
  await iam.send(spot);
  assert.equal(
    await refusal(iam.send(spot)),
    "InvalidInputException: Service role name AWSServiceRoleForEC2Spot has been taken in this account, please try a different suffix.",
  );
  assert.match(
    await refusal(iam.send(new DeleteRoleCommand({ RoleName: "AWSServiceRoleForEC2Spot" }))),
    /^UnmodifiableEntityException/,
  );
});

test("listings come in pages; a marker of another listing is refused", async () => {
  await using world = await startCloud();
  for (const name of ["c", "a", "b", "e", "d"]) await createRole(world, name, EC2_TRUST);
  const names: string[] = [];
  for await (const page of paginateListRoles({ client: world.iam, pageSize: 2 }, {}))
    names.push((page.Roles ?? []).map(({ RoleName }) => RoleName).join(""));
  assert.deepEqual(names, ["ab", "cd", "e"]);
  const { Marker } = await world.iam.send(new ListRolesCommand({ MaxItems: 2 }));
  assert.match(
    await refusal(world.iam.send(new ListRolesCommand({ Marker, PathPrefix: "/x/" }))),
    /^ValidationError: Invalid Marker/,
  );
});

const WEB: TrustRequest = {
  action: "sts:AssumeRoleWithWebIdentity",
  principalKind: "Federated",
  principals: ["arn:aws:iam::1:oidc-provider/i"],
  context: new Map([["i:sub", "system:serviceaccount:karpenter:karpenter"]]),
};
for (const { rule, principal, condition, want } of [
  {
    rule: "the principal alone is enough without conditions",
    principal: "arn:aws:iam::1:oidc-provider/i",
    condition: undefined,
    want: true,
  },
  { rule: "another principal is not", principal: "arn:aws:iam::1:oidc-provider/j", condition: undefined, want: false },
  {
    rule: "StringEquals holds",
    principal: "*",
    condition: { StringEquals: { "i:sub": "system:serviceaccount:karpenter:karpenter" } },
    want: true,
  },
  {
    rule: "StringEquals fails",
    principal: "*",
    condition: { StringEquals: { "i:sub": "system:serviceaccount:default:karpenter" } },
    want: false,
  },
  {
    rule: "StringLike with a wildcard",
    principal: "*",
    condition: { StringLike: { "i:sub": "system:serviceaccount:karpenter:*" } },
    want: true,
  },
  {
    rule: "condition keys ignore case",
    principal: "*",
    condition: { StringLike: { "I:SUB": "system:*" } },
    want: true,
  },
  { rule: "a key that is not there fails", principal: "*", condition: { StringEquals: { "i:aud": "x" } }, want: false },
  { rule: "IfExists lets it pass", principal: "*", condition: { StringEqualsIfExists: { "i:aud": "x" } }, want: true },
  {
    rule: "all conditions must hold",
    principal: "*",
    condition: { StringLike: { "i:sub": "*" }, StringEquals: { "i:aud": "x" } },
    want: false,
  },
  { rule: "an operator we do not know fails", principal: "*", condition: { Bool: { "i:sub": "true" } }, want: false },
])
  test(`trust: ${rule}`, () => {
    const policy = trust({ Federated: principal }, condition === undefined ? {} : { Condition: condition });
    assert.equal(trustAllows(policy, WEB), want);
    const {
      Statement: [allow],
    } = JSON.parse(policy) as { readonly Statement: readonly object[] };
    const denied = JSON.stringify({ Statement: [allow, { ...allow, Effect: "Deny", Condition: undefined }] });
    assert.equal(trustAllows(denied, { ...WEB, principals: [principal] }), false, "a denial wins");
  });

test("wildcards match as IAM's do, and a hostile pattern does not stall", () => {
  for (const [pattern, text, want] of [
    ["*", "", true],
    ["a*c", "abbbc", true],
    ["a*c", "abbbd", false],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["arn:aws:eks:*:1:fargateprofile/c/*", "arn:aws:eks:r:1:fargateprofile/c/fp/id", true],
    [`${"*a".repeat(200)}b`, "a".repeat(2000), false],
  ] as const)
    assert.equal(matches(pattern, text), want, pattern.slice(0, 40));
});
