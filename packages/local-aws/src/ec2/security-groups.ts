import type {
  CreateSecurityGroupCommandInput,
  CreateSecurityGroupCommandOutput,
  DeleteSecurityGroupCommandInput,
  DescribeSecurityGroupsCommandInput,
  DescribeSecurityGroupsCommandOutput,
  SecurityGroup,
} from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Answer } from "../wire/handlers.ts";
import { cutPage, type Ec2Core, existing, newId, type Operations } from "./ec2-core.ts";
import { invalidParameter, notFound, required } from "./ec2-error.ts";
import { applyFilters, type FilterTable } from "./filters.ts";
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from "./records.ts";
import { specifiedTags } from "./resource-tags.ts";
import { permissionsView } from "./security-group-permissions.ts";

export const SECURITY_GROUP_OPERATIONS: Operations = {
  CreateSecurityGroup: createSecurityGroup,
  DescribeSecurityGroups: describeSecurityGroups,
  DeleteSecurityGroup: deleteSecurityGroup,
};

const GROUP_NAME = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{1,255}$/;

/** The group of a VPC that instances get when they name none: everything out, and everything in from itself. */
export function createDefaultSecurityGroup(core: Ec2Core, vpcId: string): SecurityGroupRecord {
  const group = addSecurityGroup(core, { name: "default", description: "default VPC security group", vpcId });
  return allowFromItself(core, group);
}

/** Adds the rule that lets members of the group reach each other. */
export function allowFromItself(core: Ec2Core, group: SecurityGroupRecord): SecurityGroupRecord {
  const rule = { ...allTraffic(core), egress: false, peer: { kind: "group", value: group.id } } as const;
  return core.securityGroups.put(group.id, { ...group, rules: [...group.rules, rule] });
}

/** Makes a group with the rule AWS gives every new group: everything out. */
export function addSecurityGroup(
  core: Ec2Core,
  group: { readonly name: string; readonly description: string; readonly vpcId: string },
): SecurityGroupRecord {
  const id = newId(core, "securityGroup");
  const out = { ...allTraffic(core), egress: true, peer: { kind: "ipv4", value: "0.0.0.0/0" } } as const;
  return core.securityGroups.put(id, { id, ...group, rules: [out] });
}

function allTraffic(core: Ec2Core): Omit<SecurityGroupRuleRecord, "egress" | "peer"> {
  const id = newId(core, "securityGroupRule");
  return { id, protocol: "-1", fromPort: undefined, toPort: undefined, description: undefined };
}

function createSecurityGroup(
  core: Ec2Core,
  input: CreateSecurityGroupCommandInput,
): Answer<CreateSecurityGroupCommandOutput> {
  const name = required(input.GroupName, "GroupName");
  const description = required(input.Description, "GroupDescription");
  const vpcId = input.VpcId ?? core.vpcs.find((vpc) => vpc.isDefault)?.id;
  if (vpcId === undefined) throw new AwsError("VPCIdNotSpecified", "No default VPC for this user");
  existing(core.vpcs, "vpc", vpcId);
  if (name.startsWith("sg-") || !GROUP_NAME.test(name))
    throw invalidParameter(`Value (${name}) for parameter GroupName is invalid.`);
  if (name === "default")
    throw new AwsError("InvalidGroup.Reserved", "Cannot use reserved security group name: default");
  if (core.securityGroups.find((group) => group.vpcId === vpcId && group.name === name) !== undefined)
    throw new AwsError("InvalidGroup.Duplicate", `The security group '${name}' already exists for VPC '${vpcId}'`);
  const tags = specifiedTags(input.TagSpecifications, "security-group");
  const { id } = addSecurityGroup(core, { name, description, vpcId });
  core.tags.put({ id, type: "security-group" }, tags);
  return { GroupId: id, Tags: core.tags.list(id), SecurityGroupArn: groupArn(core, id) };
}

function groupArn(core: Ec2Core, id: string): string {
  return `arn:aws:ec2:${core.region}:${core.accountId}:security-group/${id}`;
}

type RuleTest = (rule: SecurityGroupRuleRecord) => string | undefined;

const ruleFilter =
  (egress: boolean, read: RuleTest) =>
  (group: SecurityGroupRecord): (string | undefined)[] =>
    group.rules.filter((rule) => rule.egress === egress).map(read);

const peerOf =
  (kind: SecurityGroupRuleRecord["peer"]["kind"]): RuleTest =>
  ({ peer }) =>
    peer.kind === kind ? peer.value : undefined;

const RULE_FILTERS: Readonly<Record<string, RuleTest>> = {
  cidr: peerOf("ipv4"),
  "ipv6-cidr": peerOf("ipv6"),
  "group-id": peerOf("group"),
  "prefix-list-id": peerOf("prefix-list"),
  protocol: (rule) => rule.protocol,
  "from-port": (rule) => rule.fromPort?.toString(),
  "to-port": (rule) => rule.toPort?.toString(),
};

const FILTERS = (core: Ec2Core): FilterTable<SecurityGroupRecord> => ({
  names: {
    "group-id": (group) => group.id,
    "group-name": (group) => group.name,
    "vpc-id": (group) => group.vpcId,
    description: (group) => group.description,
    "owner-id": () => core.accountId,
    ...Object.fromEntries(
      Object.entries(RULE_FILTERS).flatMap(([name, read]) => [
        [`ip-permission.${name}`, ruleFilter(false, read)],
        [`egress.ip-permission.${name}`, ruleFilter(true, read)],
      ]),
    ),
  },
  tagsOf: (group) => core.tags.of(group.id),
});

function describeSecurityGroups(
  core: Ec2Core,
  input: DescribeSecurityGroupsCommandInput,
): Answer<DescribeSecurityGroupsCommandOutput> {
  const { GroupIds: ids = [], GroupNames: names = [] } = input;
  for (const id of ids) existing(core.securityGroups, "securityGroup", id);
  for (const name of names)
    if (core.securityGroups.find((group) => group.name === name) === undefined) throw notFound("securityGroup", name);
  const wanted = core.securityGroups.filter(
    (group) => (ids.length === 0 || ids.includes(group.id)) && (names.length === 0 || names.includes(group.name)),
  );
  const matching = applyFilters(wanted, input.Filters, FILTERS(core));
  const page = cutPage(matching, { key: (group) => group.id, request: input });
  return { SecurityGroups: page.items.map((group) => groupView(core, group)), NextToken: page.nextToken };
}

function groupView(core: Ec2Core, group: SecurityGroupRecord): SecurityGroup {
  return {
    GroupId: group.id,
    GroupName: group.name,
    Description: group.description,
    VpcId: group.vpcId,
    OwnerId: core.accountId,
    SecurityGroupArn: groupArn(core, group.id),
    IpPermissions: permissionsView(core, group, false),
    IpPermissionsEgress: permissionsView(core, group, true),
    Tags: core.tags.list(group.id),
  };
}

/** Interfaces that use the group and rules of other groups that name it hold it. */
function deleteSecurityGroup(core: Ec2Core, input: DeleteSecurityGroupCommandInput): object {
  const byName =
    input.GroupName === undefined ? undefined : core.securityGroups.find((g) => g.name === input.GroupName);
  const group = existing(
    core.securityGroups,
    "securityGroup",
    required(input.GroupId ?? byName?.id ?? input.GroupName, "groupId"),
  );
  if (group.name === "default")
    throw new AwsError(
      "CannotDelete",
      `the specified group: "${group.id}" name: "default" cannot be deleted by a user`,
    );
  const user =
    core.launchedInstances.find(
      ({ state, securityGroupIds }) => state !== "terminated" && securityGroupIds.includes(group.id),
    ) ??
    core.securityGroups.find(
      (other) =>
        other.id !== group.id && other.rules.some(({ peer }) => peer.kind === "group" && peer.value === group.id),
    );
  if (user !== undefined) throw new AwsError("DependencyViolation", `resource ${group.id} has a dependent object`);
  removeSecurityGroup(core, group.id);
  return { GroupId: group.id, Return: true };
}

/** Removes the group and its rules' tags, whatever refers to it. */
export function removeSecurityGroup(core: Ec2Core, groupId: string): void {
  const group = core.securityGroups.get(groupId);
  if (group === undefined) return;
  for (const rule of group.rules) core.tags.drop(rule.id);
  core.securityGroups.delete(groupId);
  core.tags.drop(groupId);
}

/** Rules that name the group, removed from all others: what EKS does when it deletes a cluster's group. */
export function removeRulesNaming(core: Ec2Core, groupId: string): void {
  const names = ({ peer }: SecurityGroupRuleRecord): boolean => peer.kind === "group" && peer.value === groupId;
  for (const group of core.securityGroups.filter((candidate) => candidate.rules.some(names)))
    core.securityGroups.put(group.id, { ...group, rules: group.rules.filter((rule) => !names(rule)) });
}
