/**
 * A refusal as AWS words it. `code` is the wire code (`InvalidSubnetID.NotFound`) or, for services with modelled errors, the shape name
 * (`ResourceNotFoundException`); the server maps shape names to wire codes and takes the HTTP status from the model. `statusCode`
 * (default: the model's, else 400) overrides it. `details` are further members of the modelled error shape.
 */
export class AwsError extends Error {
  override readonly name = "AwsError";
  readonly code: string;
  readonly statusCode: number | undefined;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, statusCode?: number, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.code = code;
    this.statusCode = statusCode;
    this.details = details;
  }
}
