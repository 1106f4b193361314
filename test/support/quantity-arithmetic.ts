const SUFFIX = new Map<string, bigint>([
  ["", 10n ** 9n],
  ["n", 1n],
  ["u", 10n ** 3n],
  ["m", 10n ** 6n],
  ["k", 10n ** 12n],
  ["M", 10n ** 15n],
  ["G", 10n ** 18n],
  ["T", 10n ** 21n],
  ["P", 10n ** 24n],
  ["E", 10n ** 27n],
  ...["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].map((name, index): [string, bigint] => [
    name,
    10n ** 9n * 1024n ** BigInt(index + 1),
  ]),
]);

/** A Kubernetes quantity in billionths, exact. Throws for text that is none. */
export function nanosOf(quantity: string | number): bigint {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/.exec(String(quantity));
  const [, sign, whole = "", fraction = "", exponent, suffix = ""] = match ?? [];
  if (match === null || whole + fraction === "") throw new Error(`${quantity} is no quantity`);
  const digits = BigInt(whole + fraction);
  const unit = exponent === undefined ? (SUFFIX.get(suffix) ?? 0n) : 10n ** BigInt(9 + Number(exponent));
  const amount = (digits * unit) / 10n ** BigInt(fraction.length);
  return sign === "-" ? -amount : amount;
}

/** Billionths by resource name. */
export type Amounts = ReadonlyMap<string, bigint>;

export type QuantityList = Readonly<Record<string, string | number>>;

export function amountsOf(list: QuantityList | undefined): Amounts {
  return new Map(Object.entries(list ?? {}).map(([name, quantity]) => [name, nanosOf(quantity)]));
}

export function sumOf(lists: Iterable<Amounts>): Amounts {
  const sum = new Map<string, bigint>();
  for (const list of lists) for (const [name, amount] of list) sum.set(name, (sum.get(name) ?? 0n) + amount);
  return sum;
}

export function largestOf(lists: Iterable<Amounts>): Amounts {
  const largest = new Map<string, bigint>();
  for (const list of lists)
    for (const [name, amount] of list) if (amount > (largest.get(name) ?? 0n)) largest.set(name, amount);
  return largest;
}

/** Names of the resources of which the two have different amounts; a missing one is 0. */
export function differences(a: Amounts, b: Amounts): readonly string[] {
  return [...new Set([...a.keys(), ...b.keys()])].filter((name) => (a.get(name) ?? 0n) !== (b.get(name) ?? 0n));
}
