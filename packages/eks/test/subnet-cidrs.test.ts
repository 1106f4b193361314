import assert from "node:assert/strict";
import { test } from "node:test";
import { subnetCidrs } from "../src/steps/subnet-cidrs.ts";

for (const { rule, cidr, count, want } of [
  {
    rule: "six of a /16 are /19, publics first",
    cidr: "192.168.0.0/16",
    count: 6,
    want: [
      "192.168.0.0/19",
      "192.168.32.0/19",
      "192.168.64.0/19",
      "192.168.96.0/19",
      "192.168.128.0/19",
      "192.168.160.0/19",
    ],
  },
  { rule: "two of a /24 are /27", cidr: "10.1.2.0/24", count: 2, want: ["10.1.2.0/27", "10.1.2.32/27"] },
]) {
  test(rule, () => assert.deepEqual(subnetCidrs(cidr, count), want));
}

test("a block that leaves fewer than 16 addresses a subnet is refused with the size that would do", () => {
  assert.throws(
    () => subnetCidrs("10.0.0.0/26", 6),
    /vpc\.cidr: 10\.0\.0\.0\/26 is too small for 6 subnets of at least 16 addresses; use a \/25 or larger/,
  );
});
