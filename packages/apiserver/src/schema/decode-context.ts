/** A body that does not fit its type. Caller: answer 400 with the kind and version in front of the message. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** Deeper objects are refused: real ones stay below 100 levels (CRD schemas), and the decoder recurses. */
const DEPTH_MAX = 500;

/** Where the decoder stands, and what it found. One per body. */
export class DecodeContext {
  readonly unknownFields: string[] = [];
  readonly #path: (string | number)[] = [];
  readonly #structs: string[] = [];

  /** Enters a field, map key (string) or list item (number). */
  push(segment: string | number): void {
    if (this.#path.length >= DEPTH_MAX) throw new DecodeError("exceeded max depth");
    this.#path.push(segment);
  }

  pop(): void {
    this.#path.pop();
  }

  enterStruct(name: string): void {
    this.#structs.push(name);
  }

  leaveStruct(): void {
    this.#structs.pop();
  }

  /** `spec.containers[0].imagee` */
  unknownField(name: string): void {
    let text = "";
    for (const segment of this.#path)
      text += typeof segment === "number" ? `[${segment}]` : text === "" ? segment : `.${segment}`;
    this.unknownFields.push(text === "" ? name : `${text}.${name}`);
  }

  /**
   * Fails as Go's decoder does: the innermost struct, then the fields from the root without list indexes.
   * Source: sigs.k8s.io/json internal/golang/encoding/json, UnmarshalTypeError.
   */
  typeError(value: string, goType: string): never {
    const path = this.#path.filter((segment) => typeof segment === "string").join(".");
    const struct = this.#structs.at(-1);
    throw new DecodeError(
      path === "" || struct === undefined
        ? `json: cannot unmarshal ${value} into Go value of type ${goType}`
        : `json: cannot unmarshal ${value} into Go struct field ${struct}.${path} of type ${goType}`,
    );
  }

  fail(message: string): never {
    throw new DecodeError(message);
  }
}

/** Go's word for the kind of a JSON value. */
export function goValueName(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (value === null) return "null";
  return typeof value === "boolean" ? "bool" : typeof value;
}
