import type { IpPermission, UserIdGroupPair } from "@aws-sdk/client-ec2";
import { AwsError } from "../wire/aws-error.ts";
import type { Ec2Core } from "./ec2-core.ts";
import { invalidParameter, missingParameter, notFound } from "./ec2-error.ts";
import { formatIpv4Block, parseIpv4Block } from "./ipv4-blocks.ts";
import type { SecurityGroupRecord, SecurityGroupRuleRecord } from "./records.ts";

/** A rule before it has an id. */
export type Permission = Omit<SecurityGroupRuleRecord, "id" | "egress">;

/** The older members of an authorize or revoke request, which stand for one permission. */
export interface PlainPermission {
  readonly IpProtocol?: string | undefined;
  readonly FromPort?: number | undefined;
  readonly ToPort?: number | undefined;
  readonly CidrIp?: string | undefined;
  readonly SourceSecurityGroupName?: string | undefined;
}

/** One permission per peer, as EC2 keeps them. Throws what EC2 answers for malformed ones. */
export function parsePermissions(
  core: Ec2Core,
  group: SecurityGroupRecord,
  request: PlainPermission & { readonly IpPermissions?: readonly IpPermission[] | undefined },
): Permission[] {
  const permissions = request.IpPermissions ?? [plainPermission(request)];
  if (permissions.length === 0) throw missingParameter("ipPermissions");
  return permissions.flatMap((permission) => {
    const base = protocolAndPorts(permission);
    const peers = peersOf(core, group, permission);
    if (peers.length === 0)
      throw new AwsError("MissingParameter", "The request must contain at least one source or destination");
    return peers.map(({ peer, description }) => ({ ...base, peer, description }));
  });
}

function plainPermission(request: PlainPermission): IpPermission {
  const { IpProtocol, FromPort, ToPort, CidrIp, SourceSecurityGroupName } = request;
  if (IpProtocol === undefined && CidrIp === undefined && SourceSecurityGroupName === undefined)
    throw missingParameter("ipPermissions");
  return {
    IpProtocol,
    FromPort,
    ToPort,
    ...(CidrIp !== undefined && { IpRanges: [{ CidrIp }] }),
    ...(SourceSecurityGroupName !== undefined && { UserIdGroupPairs: [{ GroupName: SourceSecurityGroupName }] }),
  };
}

const PROTOCOL_NAMES: ReadonlyMap<string, string> = new Map([
  ["6", "tcp"],
  ["17", "udp"],
  ["1", "icmp"],
  ["58", "icmpv6"],
  ["all", "-1"],
]);

function protocolAndPorts(permission: IpPermission): Pick<Permission, "protocol" | "fromPort" | "toPort"> {
  const given = (permission.IpProtocol ?? "-1").toLowerCase();
  const protocol = PROTOCOL_NAMES.get(given) ?? given;
  if (!/^(-1|tcp|udp|icmp|icmpv6|\d{1,3})$/.test(protocol))
    throw invalidParameter(`Invalid value '${given}' for IP protocol. Unknown protocol.`);
  if (protocol === "-1") return { protocol, fromPort: undefined, toPort: undefined };
  const { FromPort: fromPort, ToPort: toPort } = permission;
  if (protocol === "tcp" || protocol === "udp") {
    if (fromPort === undefined || toPort === undefined)
      throw invalidParameter(`Invalid value 'Must specify both from and to ports with TCP/UDP.' for portRange.`);
    if (fromPort < 0 || toPort > 65_535 || fromPort > toPort)
      throw invalidParameter(`Invalid value '${fromPort}-${toPort}' for portRange.`);
  }
  return { protocol, fromPort, toPort };
}

interface DescribedPeer {
  readonly peer: Permission["peer"];
  readonly description: string | undefined;
}

function peersOf(core: Ec2Core, group: SecurityGroupRecord, permission: IpPermission): DescribedPeer[] {
  return [
    ...(permission.IpRanges ?? []).map(({ CidrIp = "", Description }) => ({
      peer: { kind: "ipv4" as const, value: ipv4Peer(CidrIp) },
      description: Description,
    })),
    ...(permission.Ipv6Ranges ?? []).map(({ CidrIpv6 = "", Description }) => ({
      peer: { kind: "ipv6" as const, value: CidrIpv6 },
      description: Description,
    })),
    ...(permission.PrefixListIds ?? []).map(({ PrefixListId = "", Description }) => ({
      peer: { kind: "prefix-list" as const, value: PrefixListId },
      description: Description,
    })),
    ...(permission.UserIdGroupPairs ?? []).map((pair) => ({
      peer: { kind: "group" as const, value: groupPeer(core, group, pair) },
      description: pair.Description,
    })),
  ];
}

function ipv4Peer(cidr: string): string {
  const block = parseIpv4Block(cidr);
  if (block === undefined) throw invalidParameter(`CIDR block ${cidr} is malformed`);
  return formatIpv4Block(block);
}

function groupPeer(core: Ec2Core, group: SecurityGroupRecord, pair: UserIdGroupPair): string {
  const { GroupId: id, GroupName: name } = pair;
  if (id !== undefined) {
    if (!core.securityGroups.has(id)) throw notFound("securityGroup", id);
    return id;
  }
  const named = core.securityGroups.find((other) => other.vpcId === group.vpcId && other.name === name);
  if (named === undefined) throw notFound("securityGroup", name ?? "");
  return named.id;
}

/** Two rules are the same if everything but id and description is. */
export function permissionKey(permission: Omit<Permission, "description">): string {
  const { protocol, fromPort, toPort, peer } = permission;
  return [protocol, fromPort ?? "", toPort ?? "", peer.kind, peer.value].join("|");
}

/** Rules as DescribeSecurityGroups shows them: grouped by protocol and ports. */
export function permissionsView(core: Ec2Core, group: SecurityGroupRecord, egress: boolean): IpPermission[] {
  const byPorts = new Map<string, SecurityGroupRuleRecord[]>();
  for (const rule of group.rules.filter((candidate) => candidate.egress === egress)) {
    const key = [rule.protocol, rule.fromPort, rule.toPort].join("|");
    byPorts.set(key, [...(byPorts.get(key) ?? []), rule]);
  }
  return [...byPorts.values()].map((rules) => permissionView(core, rules));
}

function permissionView(core: Ec2Core, rules: readonly SecurityGroupRuleRecord[]): IpPermission {
  const of = (kind: Permission["peer"]["kind"]): readonly SecurityGroupRuleRecord[] =>
    rules.filter((rule) => rule.peer.kind === kind);
  const [first] = rules;
  return {
    IpProtocol: first?.protocol,
    FromPort: first?.fromPort,
    ToPort: first?.toPort,
    IpRanges: of("ipv4").map((rule) => ({ CidrIp: rule.peer.value, Description: rule.description })),
    Ipv6Ranges: of("ipv6").map((rule) => ({ CidrIpv6: rule.peer.value, Description: rule.description })),
    PrefixListIds: of("prefix-list").map((rule) => ({ PrefixListId: rule.peer.value, Description: rule.description })),
    UserIdGroupPairs: of("group").map((rule) => ({
      GroupId: rule.peer.value,
      UserId: core.accountId,
      Description: rule.description,
    })),
  };
}
