/**
 * Cuts a VPC block into `count` equal subnets, first ones first: 192.168.0.0/16 and 6 → 192.168.0.0/19, 192.168.32.0/19, …
 * Source: eksctl's rule of eight (sixteen above eight) equal parts. Throws when the block is too small for 16 addresses each.
 */
export function subnetCidrs(vpcCidr: string, count: number): readonly string[] {
  const [address = "", prefixText = ""] = vpcCidr.split("/");
  const prefix = Number(prefixText);
  const extraBits = count <= 8 ? 3 : Math.ceil(Math.log2(count));
  const subnetPrefix = prefix + extraBits;
  if (subnetPrefix > 28)
    throw new Error(
      `vpc.cidr: ${vpcCidr} is too small for ${count} subnets of at least 16 addresses; use a /${28 - extraBits} or larger`,
    );
  const base = toNumber(address);
  const size = 2 ** (32 - subnetPrefix);
  return Array.from({ length: count }, (_, index) => `${toAddress(base + index * size)}/${subnetPrefix}`);
}

function toNumber(address: string): number {
  return address.split(".").reduce((value, part) => value * 256 + Number(part), 0);
}

function toAddress(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
