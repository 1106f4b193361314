/** Who calls, and where. */
export interface CallContext {
  readonly accountId: string;
  readonly region: string;
  /** `arn:aws:iam::<account>:user/nodeless` or an assumed-role ARN; `anonymous` for AssumeRoleWithWebIdentity. */
  readonly callerArn: string;
  readonly requestId: string;
  /** Host header of the request, checked to be a plain `name[:port]`: for URLs that go back to the caller. */
  readonly host: string;
}

/** An operation's result in SDK types: what the command's output holds besides `$metadata`. */
export type Answer<Output> = Omit<Output, "$metadata">;

/**
 * One operation in SDK types, e.g. `Handler<DescribeVpcsCommandInput, DescribeVpcsCommandOutput>`. Refuses by throwing AwsError. State
 * it has put into collections is durable before the caller sees the answer. Several changes made without an await between them become
 * durable together or not at all.
 */
export type Handler<Input, Output> = (input: Input, context: CallContext) => Answer<Output> | Promise<Answer<Output>>;

/**
 * Any handler: `Handler<I, O>` is assignable for all I and O. The server has parsed the input with the operation's own schema, which is
 * what the SDK's input type is generated from.
 */
export type OperationHandler = (input: never, context: CallContext) => object | Promise<object>;

/** Operation name (`DescribeVpcs`) → handler. Operations that are absent answer 501 and name themselves. */
export type HandlerMap = Readonly<Record<string, OperationHandler>>;
