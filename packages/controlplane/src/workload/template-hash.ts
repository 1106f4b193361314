/** Digits of a hash in the alphabet of generated names: character code modulo its length, as apimachinery SafeEncodeString. */
const NAME_ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

/**
 * A stable short hash of any JSON value for names and labels: equal values (key order and absent fields aside) have equal hashes.
 * `collisionCount` gives another hash for the same value. The digits differ from upstream's, whose hash depends on Go's struct layout.
 */
export function templateHash(value: unknown, collisionCount = 0): string {
  const text = canonicalJson(value) + (collisionCount === 0 ? "" : `#${collisionCount}`);
  return [...String(fnv1a(text))].map((digit) => NAME_ALPHABET[digit.charCodeAt(0) % NAME_ALPHABET.length]).join("");
}

/** JSON with sorted keys; null and undefined fields are left out, because the API does not tell them from absent ones. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const fields = Object.entries(value)
    .filter(([, child]) => child !== undefined && child !== null)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([key, child]) => `${JSON.stringify(key)}:${canonicalJson(child)}`);
  return `{${fields.join(",")}}`;
}

/** True if the values are equal as the API sees them. */
export function semanticallyEqual(left: unknown, right: unknown): boolean {
  return left === right || canonicalJson(left) === canonicalJson(right);
}

/** FNV-1a, 32 bits. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
