import type {
  AuthorizeSecurityGroupEgressCommandInput,
  AuthorizeSecurityGroupIngressCommandInput,
  AuthorizeSecurityGroupIngressCommandOutput,
  DescribeSecurityGroupRulesCommandInput,
  DescribeSecurityGroupRulesCommandOutput,
  RevokeSecurityGroupEgressCommandInput,
  RevokeSecurityGroupIngressCommandInput,
  RevokeSecurityGroupIngressCommandOutput,
  SecurityGroupRule,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { describePage, type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { notFound, required } from "./ec2-error.ts";
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";
import { parsePermissions, permissionKey } from "./security-group-permissions.ts";

export const SECURITY_GROUP_RULE_OPERATIONS: Operations = {
  AuthorizeSecurityGroupIngress: (core, input: AuthorizeSecurityGroupIngressCommandInput) =>
    authorize(core, input, false),
  AuthorizeSecurityGroupEgress: (core, input: AuthorizeSecurityGroupEgressCommandInput) => authorize(core, input, true),
  RevokeSecurityGroupIngress: (core, input: RevokeSecurityGroupIngressCommandInput) => revoke(core, input, false),
  RevokeSecurityGroupEgress: (core, input: RevokeSecurityGroupEgressCommandInput) => revoke(core, input, true),
  DescribeSecurityGroupRules: describeSecurityGroupRules,
};

/** Rules per direction and group; AWS's default quota. */
const RULES_MAX = 60;

function groupOf(
  core: Ec2Core,
  input: { readonly GroupId?: string | undefined; readonly GroupName?: string | undefined },
): SecurityGroupRecord {
  if (input.GroupId !== undefined) return existing(core.securityGroups, "securityGroup", input.GroupId);
  const name = required(input.GroupName, "groupId");
  const defaultVpc = core.vpcs.find((vpc) => vpc.isDefault)?.id;
  const group = core.securityGroups.find((candidate) => candidate.name === name && candidate.vpcId === defaultVpc);
  if (group === undefined) throw notFound("securityGroup", name);
  return group;
}

function authorize(
  core: Ec2Core,
  input: AuthorizeSecurityGroupIngressCommandInput | AuthorizeSecurityGroupEgressCommandInput,
  egress: boolean,
): Answer<AuthorizeSecurityGroupIngressCommandOutput> {
  const group = groupOf(core, input);
  const permissions = parsePermissions(core, group, input);
  const tags = specifiedTags(input.TagSpecifications, "security-group-rule");
  const known = new Set(group.rules.filter((rule) => rule.egress === egress).map(permissionKey));
  for (const permission of permissions) {
    const key = permissionKey(permission);
    const { peer, protocol, fromPort, toPort } = permission;
    if (known.has(key))
      throw new AwsError(
        "InvalidPermission.Duplicate",
        `the specified rule "peer: ${peer.value}, ${protocol.toUpperCase()}, from port: ${fromPort ?? "ALL"}, to port: ${toPort ?? "ALL"}, ALLOW" already exists`,
      );
    known.add(key);
  }
  if (known.size > RULES_MAX)
    throw new AwsError(
      "RulesPerSecurityGroupLimitExceeded",
      "The maximum number of rules per security group has been reached.",
    );
  const added = permissions.map((permission) => ({ ...permission, id: newId(core, "securityGroupRule"), egress }));
  for (const { id } of added) core.tags.put({ id, type: "security-group-rule" }, tags);
  core.securityGroups.put(group.id, { ...group, rules: [...group.rules, ...added] });
  return { Return: true, SecurityGroupRules: added.map((rule) => ruleView(core, group, rule)) };
}

/** By rule ids or by permissions. A VPC group answers InvalidPermission.NotFound for a permission it does not hold. */
function revoke(
  core: Ec2Core,
  input: RevokeSecurityGroupIngressCommandInput | RevokeSecurityGroupEgressCommandInput,
  egress: boolean,
): Answer<RevokeSecurityGroupIngressCommandOutput> {
  const group = groupOf(core, input);
  const inDirection = group.rules.filter((rule) => rule.egress === egress);
  const ids = input.SecurityGroupRuleIds ?? [];
  for (const id of ids) if (!inDirection.some((rule) => rule.id === id)) throw notFound("securityGroupRule", id);
  const removed = new Set(ids);
  if (ids.length === 0)
    for (const permission of parsePermissions(core, group, input)) {
      const rule = inDirection.find((candidate) => permissionKey(candidate) === permissionKey(permission));
      if (rule === undefined)
        throw new AwsError("InvalidPermission.NotFound", "The specified rule does not exist in this security group.");
      removed.add(rule.id);
    }
  for (const id of removed) core.tags.drop(id);
  core.securityGroups.put(group.id, { ...group, rules: group.rules.filter((rule) => !removed.has(rule.id)) });
  return { Return: true };
}

interface RuleOfGroup {
  readonly id: string;
  readonly group: SecurityGroupRecord;
  readonly rule: SecurityGroupRuleRecord;
}

function describeSecurityGroupRules(
  core: Ec2Core,
  input: DescribeSecurityGroupRulesCommandInput,
): Answer<DescribeSecurityGroupRulesCommandOutput> {
  const items: RuleOfGroup[] = [...core.securityGroups.values()].flatMap((group) =>
    group.rules.map((rule) => ({ id: rule.id, group, rule })),
  );
  const page = describePage({
    items,
    kind: "securityGroupRule",
    ids: input.SecurityGroupRuleIds,
    request: input,
    filters: {
      names: {
        "group-id": ({ group }) => group.id,
        "security-group-rule-id": ({ id }) => id,
      },
      tagsOf: ({ id }) => core.tags.of(id),
    },
  });
  return {
    SecurityGroupRules: page.items.map(({ group, rule }) => ruleView(core, group, rule)),
    NextToken: page.nextToken,
  };
}

function ruleView(core: Ec2Core, group: SecurityGroupRecord, rule: SecurityGroupRuleRecord): SecurityGroupRule {
  const { peer } = rule;
  return {
    SecurityGroupRuleId: rule.id,
    GroupId: group.id,
    GroupOwnerId: core.accountId,
    IsEgress: rule.egress,
    IpProtocol: rule.protocol,
    FromPort: rule.fromPort ?? -1,
    ToPort: rule.toPort ?? -1,
    ...(peer.kind === "ipv4" && { CidrIpv4: peer.value }),
    ...(peer.kind === "ipv6" && { CidrIpv6: peer.value }),
    ...(peer.kind === "prefix-list" && { PrefixListId: peer.value }),
    ...(peer.kind === "group" && { ReferencedGroupInfo: { GroupId: peer.value, UserId: core.accountId } }),
    Description: rule.description,
    Tags: core.tags.list(rule.id),
  };
}
