/**
 * Kubernetes quantities (`100m`, `1.5Gi`, `2e3`).
 * Source: the grammar in k8s.io/apimachinery pkg/api/resource/quantity.go (release 1.36).
 */

type Format = "decimal" | "binary" | "exponent";

interface ParsedQuantity {
  /** The value times 10^9 (nano is the finest precision Kubernetes keeps). */
  readonly nano: bigint;
  readonly format: Format;
}

/** The text is not a quantity. Caller: show the message with the path of the field. */
export class InvalidQuantityError extends Error {
  override readonly name = "InvalidQuantityError";
  readonly text: string;

  constructor(text: string) {
    super(
      `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$': ${JSON.stringify(text)}`,
    );
    this.text = text;
  }
}

const GRAMMAR = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d{1,2})|([numkMGTPE]|[KMGTPE]i)?)$/;
const NANO = 1_000_000_000n;
const DECIMAL_EXPONENT: ReadonlyMap<string, number> = new Map([
  ["n", -9],
  ["u", -6],
  ["m", -3],
  ["", 0],
  ["k", 3],
  ["M", 6],
  ["G", 9],
  ["T", 12],
  ["P", 15],
  ["E", 18],
]);
const BINARY_POWER: ReadonlyMap<string, number> = new Map([
  ["Ki", 1],
  ["Mi", 2],
  ["Gi", 3],
  ["Ti", 4],
  ["Pi", 5],
  ["Ei", 6],
]);
/** Longer texts are refused: no real quantity needs them and parsing stays bounded. */
const TEXT_CHARACTERS_MAX = 64;

function parse(text: string): ParsedQuantity {
  const match = text.length <= TEXT_CHARACTERS_MAX ? GRAMMAR.exec(text) : null;
  if (match === null) throw new InvalidQuantityError(text);
  const [, sign = "", digits = "0", exponent, suffix = ""] = match;
  const binaryPower = BINARY_POWER.get(suffix);
  const [whole = "0", fraction = ""] = digits.split(".");
  const scaled = BigInt(`${whole === "" ? "0" : whole}${fraction}`);
  const multiplier = binaryPower === undefined ? 1n : 1024n ** BigInt(binaryPower);
  const power =
    (exponent === undefined
      ? (DECIMAL_EXPONENT.get(binaryPower === undefined ? suffix : "") ?? 0)
      : Number(exponent.slice(1))) -
    fraction.length +
    9;
  // Like upstream, anything finer than nano is rounded up, away from zero.
  const magnitude =
    power >= 0 ? scaled * multiplier * 10n ** BigInt(power) : ceilDivide(scaled * multiplier, 10n ** BigInt(-power));
  return {
    nano: sign === "-" ? -magnitude : magnitude,
    format: binaryPower !== undefined ? "binary" : exponent !== undefined ? "exponent" : "decimal",
  };
}

const ceilDivide = (value: bigint, divisor: bigint): bigint => (value + divisor - 1n) / divisor;

const cache = new Map<string, ParsedQuantity>();
/** Clusters use few distinct quantities; the bound only guards against hostile input. */
const CACHE_ENTRIES_MAX = 10_000;

function parsed(quantity: string | number): ParsedQuantity {
  const text = typeof quantity === "number" ? String(quantity) : quantity;
  const known = cache.get(text);
  if (known !== undefined) return known;
  const value = parse(text);
  if (cache.size >= CACHE_ENTRIES_MAX) cache.clear();
  cache.set(text, value);
  return value;
}

/** True if the text is a quantity. */
export function isQuantity(text: string): boolean {
  try {
    parsed(text);
    return true;
  } catch {
    return false;
  }
}

/** Whole milli-units, rounded up: `parseMilli("0.25") === 250`. For cpu these are millicores. Throws InvalidQuantityError. */
export function parseMilli(quantity: string | number): number {
  return Number(ceilTo(parsed(quantity).nano, 1_000_000n));
}

/** Whole units, rounded up: bytes for memory, a count for pods. Throws InvalidQuantityError. */
export function parseUnits(quantity: string | number): number {
  return Number(ceilTo(parsed(quantity).nano, NANO));
}

function ceilTo(nano: bigint, unit: bigint): bigint {
  return nano >= 0n ? ceilDivide(nano, unit) : -(-nano / unit);
}

/** Negative, zero or positive as a is less than, equal to or more than b. Throws InvalidQuantityError. */
export function compareQuantities(a: string | number, b: string | number): number {
  const difference = parsed(a).nano - parsed(b).nano;
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

/** Canonical text as the API server prints it: `1000m` → `1`, `1024Mi` → `1Gi`, `0.5Gi` → `512Mi`. Throws InvalidQuantityError. */
export function canonicalQuantity(quantity: string | number): string {
  return format(parsed(quantity));
}

/** `250` → `250m`, `2000` → `2`. */
export function formatMilli(milli: number): string {
  return format({ nano: BigInt(Math.round(milli)) * 1_000_000n, format: "decimal" });
}

/** Bytes with a binary suffix where it divides: `268435456` → `256Mi`. */
export function formatBytes(bytes: number): string {
  return format({ nano: BigInt(Math.round(bytes)) * NANO, format: "binary" });
}

function format({ nano, format: style }: ParsedQuantity): string {
  if (nano === 0n) return "0";
  const sign = nano < 0n ? "-" : "";
  const magnitude = nano < 0n ? -nano : nano;
  // Binary suffixes only exist for whole numbers of at least 1024 units; upstream falls back to decimal below that.
  if (style === "binary" && magnitude % NANO === 0n && magnitude / NANO >= 1024n)
    return sign + formatBinary(magnitude / NANO);
  return sign + formatDecimal(magnitude, style === "exponent");
}

function formatBinary(units: bigint): string {
  let power = 0;
  let rest = units;
  while (power < 6 && rest % 1024n === 0n) {
    rest /= 1024n;
    power += 1;
  }
  return `${rest}${["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"][power]}`;
}

function formatDecimal(magnitude: bigint, exponent: boolean): string {
  let power = -9;
  let rest = magnitude;
  while (power < 18 && rest % 1000n === 0n) {
    rest /= 1000n;
    power += 3;
  }
  if (exponent) return power === 0 ? `${rest}` : `${rest}e${power}`;
  const suffix = [...DECIMAL_EXPONENT].find(([, value]) => value === power)?.[0] ?? "";
  return `${rest}${suffix}`;
}
