/** Bytes that are not a protobuf message. Caller: answer 400. */
export class BrokenMessageError extends Error {
  override readonly name = "BrokenMessageError";
}

export type WireType = "varint" | "fixed64" | "bytes" | "fixed32";
const WIRE_TYPES: readonly (WireType | undefined)[] = ["varint", "fixed64", "bytes", undefined, undefined, "fixed32"];

/** A varint of 64 bits has at most ten bytes. */
const VARINT_BYTES_MAX = 10;
/** Seven groups of seven bits are exact in a double; longer ones (negatives) go through BigInt. */
const EXACT_GROUPS = 7;

const UTF_8 = new TextDecoder();

/** Reads one message from start to end. All lengths are checked against the bytes there are. */
export class MessageReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#position >= this.#bytes.length;
  }

  /** Field number and wire type of the next value. */
  tag(): readonly [fieldNumber: number, wireType: WireType] {
    const tag = this.#unsigned();
    const wireType = WIRE_TYPES[tag % 8];
    const fieldNumber = Math.floor(tag / 8);
    if (wireType === undefined || fieldNumber === 0) throw new BrokenMessageError(`illegal tag ${tag}`);
    return [fieldNumber, wireType];
  }

  /** A signed integer of 64 bits; int32 is written sign-extended and reads the same. */
  integer(): number {
    const start = this.#position;
    let value = 0;
    for (let group = 0; group < EXACT_GROUPS; group += 1) {
      const byte = this.#byte();
      value += (byte & 0x7f) * 2 ** (7 * group);
      if (byte < 0x80) return value;
    }
    return this.#longInteger(start);
  }

  #longInteger(start: number): number {
    this.#position = start;
    let value = 0n;
    for (let group = 0; group < VARINT_BYTES_MAX; group += 1) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * group);
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new BrokenMessageError("a varint is longer than ten bytes");
  }

  #unsigned(): number {
    const value = this.integer();
    if (value < 0) throw new BrokenMessageError("a length or tag is out of range");
    return value;
  }

  double(): number {
    const end = this.#advance(8);
    return new DataView(this.#bytes.buffer, this.#bytes.byteOffset + end - 8, 8).getFloat64(0, true);
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const length = this.#unsigned();
    const end = this.#advance(length);
    return this.#bytes.subarray(end - length, end);
  }

  text(): string {
    return UTF_8.decode(this.bytes());
  }

  skip(wireType: WireType): void {
    switch (wireType) {
      case "varint":
        this.integer();
        break;
      case "fixed64":
        this.#advance(8);
        break;
      case "fixed32":
        this.#advance(4);
        break;
      case "bytes":
        this.bytes();
        break;
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw new BrokenMessageError("unexpected EOF");
    this.#position += 1;
    return byte;
  }

  #advance(count: number): number {
    const end = this.#position + count;
    if (end > this.#bytes.length) throw new BrokenMessageError("unexpected EOF");
    this.#position = end;
    return end;
  }
}
