import type { FieldError } from "./kind.ts";

/**
 * Collects violated rules with the texts of the real server, since clients print them verbatim.
 * Source: k8s.io/apimachinery pkg/util/validation/field/errors.go.
 */
export class FieldErrors {
  readonly #errors: FieldError[] = [];

  get all(): readonly FieldError[] {
    return this.#errors;
  }

  required(field: string, detail = ""): void {
    this.#add(field, "FieldValueRequired", withDetail("Required value", detail));
  }

  invalid(field: string, value: unknown, detail: string): void {
    this.#add(field, "FieldValueInvalid", withDetail(`Invalid value: ${valueText(value)}`, detail));
  }

  typeInvalid(field: string, value: unknown, detail: string): void {
    this.#add(field, "FieldValueTypeInvalid", withDetail(`Invalid value: ${valueText(value)}`, detail));
  }

  notSupported(field: string, value: unknown, supported: readonly unknown[]): void {
    const values = supported.map((one) => (typeof one === "string" ? JSON.stringify(one) : valueText(one))).join(", ");
    this.#add(field, "FieldValueNotSupported", `Unsupported value: ${valueText(value)}: supported values: ${values}`);
  }

  forbidden(field: string, detail: string): void {
    this.#add(field, "FieldValueForbidden", withDetail("Forbidden", detail));
  }

  duplicate(field: string, value: unknown): void {
    this.#add(field, "FieldValueDuplicate", `Duplicate value: ${valueText(value)}`);
  }

  notFound(field: string, value: unknown): void {
    this.#add(field, "FieldValueNotFound", `Not found: ${valueText(value)}`);
  }

  tooLong(field: string, bytesMax: number): void {
    this.#add(field, "FieldValueTooLong", `Too long: may not be more than ${bytesMax} bytes`);
  }

  tooMany(field: string, count: number, itemsMax: number): void {
    this.#add(field, "FieldValueInvalid", `Too many: ${count}: must have at most ${itemsMax} items`);
  }

  /** An error whose reason and text come from elsewhere. */
  add(error: FieldError): void {
    this.#errors.push(error);
  }

  /** One error per text, e.g. from a name rule. */
  invalidAll(field: string, value: unknown, details: readonly string[]): void {
    for (const detail of details) this.invalid(field, value, detail);
  }

  /** Refuses a value that is set and not one of the supported ones; an empty one is required. */
  oneOf(field: string, value: string | undefined, supported: readonly string[]): void {
    if (value === undefined || value === "") this.required(field);
    else if (!supported.includes(value)) this.notSupported(field, value, supported);
  }

  /** Refuses a negative number; unset passes. */
  nonNegative(field: string, value: number | undefined): void {
    if (value !== undefined && value < 0) this.invalid(field, value, "must be greater than or equal to 0");
  }

  #add(field: string, reason: FieldError["reason"], message: string): void {
    this.#errors.push({ field, reason, message });
  }
}

const withDetail = (text: string, detail: string): string => (detail === "" ? text : `${text}: ${detail}`);

/** Strings are quoted, everything else stands as JSON. */
function valueText(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
