import type { Random } from "@nodeless/environment";

/** An EC2-style id: `vpc-` and 17 hexadecimal digits, the first of them 0 as on AWS. */
export function resourceId(random: Random, prefix: string): string {
  return `${prefix}-0${Buffer.from(random.bytes(8)).toString("hex")}`;
}

const UPPER_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** An IAM-style unique id: a prefix such as `AROA` and 17 characters of base 32. */
export function uniqueId(random: Random, prefix: string): string {
  return prefix + Array.from({ length: 17 }, () => UPPER_ALPHABET[random.integer(UPPER_ALPHABET.length)]).join("");
}
