import { zonesOf } from "@nodeless/catalog";
import { type Ec2Core, newId } from "./ec2-core.ts";
import { formatIpv4, parseIpv4 } from "./ipv4-blocks.ts";
import { addSubnet } from "./subnets.ts";
import { addVpc } from "./vpcs.ts";

const DEFAULT_CIDR = "172.31.0.0/16";
const SUBNET_SIZE = 4096; // /20, as in every account

/**
 * Gives a new account what every AWS account starts with: a default VPC with an internet gateway, a route to it in the main table, and a
 * public subnet per zone. Done once: an account whose default VPC was deleted stays without.
 */
export function createDefaultVpcOnce(core: Ec2Core): void {
  const account = core.state.collection<{ readonly defaultVpcMade: true }>("ec2/account");
  if (account.has(core.accountId)) return;
  account.put(core.accountId, { defaultVpcMade: true });
  const vpc = addVpc(core, { cidr: DEFAULT_CIDR, isDefault: true });
  const gatewayId = newId(core, "internetGateway");
  core.internetGateways.put(gatewayId, { id: gatewayId, vpcId: vpc.id });
  const main = core.routeTables.find((table) => table.vpcId === vpc.id);
  if (main !== undefined) {
    const out = { destination: "0.0.0.0/0", target: { kind: "gateway", id: gatewayId } } as const;
    core.routeTables.put(main.id, { ...main, routes: [...main.routes, out] });
  }
  const first = parseIpv4("172.31.0.0") ?? 0;
  for (const [index, zone] of zonesOf(core.region).entries())
    addSubnet(core, { vpcId: vpc.id, cidr: `${formatIpv4(first + index * SUBNET_SIZE)}/20`, zone, isDefault: true });
}
